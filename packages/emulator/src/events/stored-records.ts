import { isMembers, type Members } from "../scheduler/constraints.ts";
import type { BusRecord, RuleRecord } from "./rule-record.ts";

/** Reads a bus of the state file. @throws Error, where the value is none. */
export function readBus(value: unknown): BusRecord {
  const bus = structure(value, "an event bus");
  checkTypes(bus, { name: "string", createdMs: "number" });
  return { ...(bus as unknown as BusRecord), tags: listOf(bus, "tags") as BusRecord["tags"] };
}

/** Reads a rule of the state file. @throws Error, where the value is none. */
export function readRule(value: unknown): RuleRecord {
  const rule = structure(value, "a rule");
  checkTypes(rule, {
    name: "string",
    busName: "string",
    state: "string",
    scheduledSinceMs: "number",
  });
  for (const target of listOf(rule, "targets")) {
    checkTypes(structure(target, "a target"), { Id: "string", Arn: "string" });
  }
  return { ...(rule as unknown as RuleRecord), tags: listOf(rule, "tags") as RuleRecord["tags"] };
}

function structure(value: unknown, what: string): Members {
  if (!isMembers(value)) throw new Error(`${what} is an object; got ${JSON.stringify(value)}`);
  return value;
}

function checkTypes(members: Members, types: Readonly<Record<string, string>>): void {
  for (const [name, type] of Object.entries(types)) {
    const value = members[name];
    if (typeof value !== type)
      throw new Error(`${name} is a ${type}; got ${JSON.stringify(value)}`);
  }
}

function listOf(members: Members, name: string): readonly unknown[] {
  const value = members[name] ?? [];
  if (!Array.isArray(value)) throw new Error(`${name} is a list; got ${JSON.stringify(value)}`);
  return value as readonly unknown[];
}
