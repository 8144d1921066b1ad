import type { Fault } from "./contract.ts";
import {
  FAULT_ACTIONS,
  FAULT_KINDS,
  FAULT_NAMES,
  type FaultAction,
  type FaultParameter,
  type FaultSelector,
  faultOf,
} from "./fault-kind.ts";

/** What is to go wrong, where, how often: the argument of `emulator.fail` and the body of POST /_pilotlight/faults. */
export interface FaultRequest {
  readonly fault: Fault["kind"] | FaultAction;
  /** Only this function, queue, container or hop; without one, all of them. */
  readonly function?: string;
  readonly queue?: string;
  readonly container?: string;
  readonly hop?: string;
  /**
   * How many times.
   * @default 1
   */
  readonly count?: number | "unlimited";
  /**
   * Chance that each occasion is struck, above 0 and at most 1.
   * @default 1
   */
  readonly probability?: number;
  /** Real milliseconds, for init-slow and slow-network. */
  readonly delayMs?: number;
  /** For crash. */
  readonly exitCode?: number;
}

/** A request that was checked, every default filled in. */
export interface FaultOrder {
  readonly fault: Fault;
  readonly selector: FaultSelector;
  /** What the selector must be, `undefined` for all. */
  readonly name: string | undefined;
  readonly count: number;
  readonly probability: number;
}

/** A request as an order or as something to do at once, or in a sentence what is wrong with it. */
export type FaultReading =
  | {
      readonly kind: "action";
      readonly action: FaultAction;
      readonly functionName: string | undefined;
    }
  | { readonly kind: "order"; readonly order: FaultOrder }
  | { readonly kind: "refused"; readonly reason: string };

const HOPS: readonly string[] = ["http-api", "aws-endpoint"];
const ACTION_NAMES = Object.keys(FAULT_ACTIONS) as readonly FaultAction[];
const COUNT_MAX = 1_000_000;

/** Checks a request, which may come from anywhere. */
export function readFaultRequest(value: unknown): FaultReading {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refused(`a fault is a JSON object such as {"fault": "crash"}; got ${shown(value)}`);
  }
  const members = value as Readonly<Record<string, unknown>>;
  const action = ACTION_NAMES.find((known) => known === members["fault"]);
  if (action !== undefined) return readAction(action, members);
  const name = FAULT_NAMES.find((known) => known === members["fault"]);
  if (name === undefined) {
    return refused(
      `"fault" must be one of ${[...FAULT_NAMES, ...ACTION_NAMES].join(", ")}; got ${shown(members["fault"])}`,
    );
  }
  const { selector, parameter } = FAULT_KINDS[name];
  const accepted = [
    "fault",
    selector,
    "count",
    "probability",
    ...(parameter ? [parameter.name] : []),
  ];
  const wrong =
    unknownMember(members, { name, accepted }) ??
    wrongSelection(members[selector], selector) ??
    wrongCount(members["count"]) ??
    wrongProbability(members["probability"]) ??
    wrongParameter(members, parameter);
  if (wrong !== undefined) return refused(wrong);
  const { count = 1, probability = 1 } = members as Partial<FaultRequest>;
  const given =
    parameter === undefined ? undefined : (members[parameter.name] as number | undefined);
  return {
    kind: "order",
    order: {
      fault: faultOf(name, given ?? parameter?.default ?? 0),
      selector,
      name: members[selector] as string | undefined,
      count: count === "unlimited" ? Number.POSITIVE_INFINITY : count,
      probability,
    },
  };
}

function readAction(action: FaultAction, members: Readonly<Record<string, unknown>>): FaultReading {
  const wrong =
    unknownMember(members, { name: action, accepted: ["fault", "function"] }) ??
    wrongSelection(members["function"], "function");
  if (wrong !== undefined) return refused(wrong);
  return { kind: "action", action, functionName: members["function"] as string | undefined };
}

function refused(reason: string): FaultReading {
  return { kind: "refused", reason };
}

function unknownMember(
  members: Readonly<Record<string, unknown>>,
  { name, accepted }: { name: string; accepted: readonly string[] },
): string | undefined {
  const unknown = Object.keys(members).find((member) => !accepted.includes(member));
  if (unknown === undefined) return undefined;
  return `the fault "${name}" does not take "${unknown}"; it takes ${accepted.join(", ")}`;
}

function wrongSelection(value: unknown, selector: FaultSelector): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "") {
    return `"${selector}" must be a name; got ${shown(value)}`;
  }
  if (selector !== "hop" || HOPS.includes(value)) return undefined;
  return `"hop" must be one of ${HOPS.join(", ")}; got ${shown(value)}`;
}

function wrongCount(value: unknown): string | undefined {
  if (value === undefined || value === "unlimited") return undefined;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= COUNT_MAX) return undefined;
  return `"count" must be an integer from 1 to ${COUNT_MAX}, or "unlimited"; got ${shown(value)}`;
}

function wrongProbability(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && value > 0 && value <= 1) return undefined;
  return `"probability" must be a number above 0, at most 1; got ${shown(value)}`;
}

function wrongParameter(
  members: Readonly<Record<string, unknown>>,
  parameter: FaultParameter | undefined,
): string | undefined {
  if (parameter === undefined) return undefined;
  const { name, min, max } = parameter;
  const value = members[name];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return undefined;
  return `"${name}" must be an integer from ${min} to ${max}; got ${shown(value)}`;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value).slice(0, 100);
}
