import { invalidEvent, invalidRegistration } from "./extension-reply.ts";
import type { Reply } from "./reply.ts";

/** What an extension can be told of. */
export type ExtensionEventKind = "INVOKE" | "SHUTDOWN";

/** The events that a call of register asks for, or why the call is refused. */
export type Registration =
  | { readonly kind: "read"; readonly events: readonly ExtensionEventKind[] }
  | { readonly kind: "refused"; readonly reply: Reply };

/** Reads the body of a call of register; an internal extension has no SHUTDOWN. */
export function readRegistration(
  body: Buffer,
  { isExternal }: { isExternal: boolean },
): Registration {
  const members = readMembers(body);
  if (typeof members === "string") return { kind: "refused", reply: invalidRegistration(members) };
  const events: ExtensionEventKind[] = [];
  for (const event of members.events) {
    if (event !== "INVOKE" && (event !== "SHUTDOWN" || !isExternal)) {
      return { kind: "refused", reply: invalidEvent(event, { isExternal }) };
    }
    events.push(event);
  }
  return { kind: "read", events: [...new Set(events)] };
}

/** The members, or what is wrong with them. */
function readMembers(body: Buffer): { events: readonly string[] } | string {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (value === null) return { events: [] };
  if (typeof value !== "object" || Array.isArray(value)) return "an object is expected";
  const { events = [], configurationKeys } = value as {
    events?: unknown;
    configurationKeys?: unknown;
  };
  if (Array.isArray(configurationKeys) && configurationKeys.length > 0) {
    return "configurationKeys are deprecated; use environment variables instead";
  }
  const list: unknown = events ?? [];
  const isList = Array.isArray(list) && list.every((event) => typeof event === "string");
  return isList ? { events: list } : "events must be a list of strings";
}
