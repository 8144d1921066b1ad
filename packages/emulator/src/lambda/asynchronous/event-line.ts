import { isUtf8 } from "node:buffer";

import type {
  ConcludingAnswer,
  EventConclusion,
  EventReport,
  KeptEvent,
  OfferedEvent,
  ReportTarget,
} from "./event.ts";

/** One line of the journal of events: an event as it stood, or what has happened to one since. */
export type EventLine =
  | { readonly kind: "kept"; readonly kept: KeptEvent }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly failures: number;
      readonly ageMs: number;
      readonly delayMs: number;
    }
  | {
      readonly kind: "left";
      readonly id: number;
      readonly failures: number;
      readonly ageMs: number;
      readonly delayMs: number;
      /** Those that have not got their record yet; none where there is no record. */
      readonly targets: readonly ReportTarget[];
    }
  | { readonly kind: "concluded"; readonly id: number; readonly report: EventReport }
  | { readonly kind: "ended"; readonly id: number };

const CONDITIONS = [
  "Success",
  "RetriesExhausted",
  "EventAgeExceeded",
  "ZeroReservedConcurrency",
] as const;
const TARGET_KINDS = ["destination", "dead_letter_queue"] as const;

/** The line as it is written: the payload as text where it is text. */
export function writtenLine(line: EventLine): unknown {
  if (line.kind !== "kept") return line;
  const { event, ...kept } = line.kept;
  const { payload, ...offered } = event;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const written = isUtf8(bytes)
    ? { payload: bytes.toString("utf8") }
    : { payloadBase64: bytes.toString("base64") };
  return { kind: "kept", kept: { ...kept, event: { ...offered, ...written } } };
}

/** Reads what {@link writtenLine} has written. @throws Error that says which member is wrong. */
export function readLine(value: unknown): EventLine {
  const line = new Members(value, "line");
  const kind = line.oneOf("kind", ["kept", "failed", "left", "concluded", "ended"] as const);
  if (kind === "kept") return { kind, kept: readKept(line.members("kept")) };
  const id = line.number("id");
  if (kind === "ended") return { kind, id };
  if (kind === "concluded") return { kind, id, report: readReport(line.members("report")) };
  const failures = line.number("failures");
  const ageMs = line.number("ageMs");
  const delayMs = line.number("delayMs");
  if (kind === "failed") return { kind, id, failures, ageMs, delayMs };
  return { kind, id, failures, ageMs, delayMs, targets: line.list("targets").map(readTarget) };
}

function readKept(kept: Members): KeptEvent {
  return {
    id: kept.number("id"),
    event: readEvent(kept.members("event")),
    ageMs: kept.number("ageMs"),
    failures: kept.number("failures"),
    delayMs: kept.number("delayMs"),
    report: kept.has("report") ? readReport(kept.members("report")) : undefined,
  };
}

function readEvent(event: Members): OfferedEvent {
  const reference = event.members("reference");
  return {
    requestId: event.string("requestId"),
    reference: {
      name: reference.string("name"),
      qualifier: reference.optionalString("qualifier"),
    },
    payload: event.has("payloadBase64")
      ? Buffer.from(event.string("payloadBase64"), "base64")
      : Buffer.from(event.string("payload")),
    contentType: event.optionalString("contentType"),
    traceId: event.string("traceId"),
  };
}

function readReport(report: Members): EventReport {
  return {
    conclusion: readConclusion(report.members("conclusion")),
    targets: report.list("targets").map(readTarget),
  };
}

function readConclusion(conclusion: Members): EventConclusion {
  return {
    condition: conclusion.oneOf("condition", CONDITIONS),
    invokeCount: conclusion.number("invokeCount"),
    epochMs: conclusion.number("epochMs"),
    answer: conclusion.has("answer") ? readAnswer(conclusion.members("answer")) : undefined,
    statusCode: conclusion.number("statusCode"),
    error: conclusion.optionalString("error"),
  };
}

function readAnswer(answer: Members): ConcludingAnswer {
  return {
    payload: answer.string("payload"),
    version: answer.string("version"),
    isFunctionError: answer.boolean("isFunctionError"),
  };
}

function readTarget(target: Members): ReportTarget {
  return { kind: target.oneOf("kind", TARGET_KINDS), arn: target.string("arn") };
}

/** The members of a JSON object, read with their types. */
class Members {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Error(`${place} must be an object`);
    }
    this.#members = value as Readonly<Record<string, unknown>>;
    this.#place = place;
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined;
  }

  members(name: string): Members {
    return new Members(this.#members[name], name);
  }

  list(name: string): Members[] {
    const value = this.#members[name];
    if (!Array.isArray(value)) throw this.#wrong(name, "a list");
    return value.map((item: unknown) => new Members(item, name));
  }

  string(name: string): string {
    const value = this.#members[name];
    if (typeof value !== "string") throw this.#wrong(name, "a string");
    return value;
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  number(name: string): number {
    const value = this.#members[name];
    if (typeof value !== "number" || value < 0) throw this.#wrong(name, "a number from 0 up");
    return value;
  }

  boolean(name: string): boolean {
    const value = this.#members[name];
    if (typeof value !== "boolean") throw this.#wrong(name, "true or false");
    return value;
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value {
    const found = values.find((value) => value === this.#members[name]);
    if (found === undefined) throw this.#wrong(name, `one of ${values.join(", ")}`);
    return found;
  }

  #wrong(name: string, accepted: string): Error {
    const got = JSON.stringify(this.#members[name]) ?? "nothing";
    return new Error(`${this.#place}.${name} must be ${accepted}; got ${got.slice(0, 80)}`);
  }
}
