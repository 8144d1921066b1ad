import type { MessageAttribute } from "./contract.ts";
import type { Remembered } from "./deduplication.ts";
import type { Message, QueuedMessage } from "./message.ts";
import type { QueueRecord } from "./queue-record.ts";

/** One line of a queue's journal; `atMs` is the service time at which it was written. */
export type QueueEntry = { readonly atMs: number } & (
  | {
      /** The queue was made, or its attributes or tags have changed. */
      readonly kind: "queue";
      readonly record: QueueRecord;
      /** Messages that it has had. */
      readonly lastOrder: number;
    }
  | {
      readonly kind: "added";
      readonly queued: QueuedMessage;
      readonly remembered?: Remembered | undefined;
    }
  | { readonly kind: "remembered"; readonly remembered: Remembered }
  | { readonly kind: "received"; readonly ids: readonly string[]; readonly visibleAtMs: number }
  | { readonly kind: "hidden"; readonly id: string; readonly visibleAtMs: number }
  | { readonly kind: "removed"; readonly ids: readonly string[] }
  | { readonly kind: "purged" }
);

/** Binary values are base64 in a JSON file. */
interface WireAttribute {
  readonly type: string;
  readonly text?: string | undefined;
  readonly base64?: string | undefined;
}

/** The entry as a JSON value. */
export function wireEntry(entry: QueueEntry): unknown {
  if (entry.kind !== "added") return entry;
  const { message } = entry.queued;
  const attributes = Object.fromEntries(
    Object.entries(message.attributes).map(([name, attribute]) => [name, wireAttribute(attribute)]),
  );
  return { ...entry, queued: { ...entry.queued, message: { ...message, attributes } } };
}

/** Reads what {@link wireEntry} has made. @throws TypeError that says which member is not what it must be. */
export function readEntry(value: unknown): QueueEntry {
  const entry = record(value, "the entry");
  const atMs = number(entry["atMs"], "atMs");
  switch (entry["kind"]) {
    case "queue":
      return {
        kind: "queue",
        atMs,
        record: readRecord(entry["record"]),
        lastOrder: number(entry["lastOrder"], "lastOrder"),
      };
    case "added": {
      const queued = readQueued(entry["queued"]);
      const { remembered } = entry;
      if (remembered === undefined) return { kind: "added", atMs, queued };
      return { kind: "added", atMs, queued, remembered: readRemembered(remembered) };
    }
    case "remembered":
      return { kind: "remembered", atMs, remembered: readRemembered(entry["remembered"]) };
    case "received":
      return {
        kind: "received",
        atMs,
        ids: texts(entry["ids"], "ids"),
        visibleAtMs: number(entry["visibleAtMs"], "visibleAtMs"),
      };
    case "hidden":
      return {
        kind: "hidden",
        atMs,
        id: text(entry["id"], "id"),
        visibleAtMs: number(entry["visibleAtMs"], "visibleAtMs"),
      };
    case "removed":
      return { kind: "removed", atMs, ids: texts(entry["ids"], "ids") };
    case "purged":
      return { kind: "purged", atMs };
    default:
      throw new TypeError(
        `kind is ${JSON.stringify(entry["kind"])}, which no entry of a queue has`,
      );
  }
}

function readRecord(value: unknown): QueueRecord {
  const { name, createdMs, modifiedMs, attributes, tags } = record(value, "record");
  return {
    name: text(name, "record.name"),
    createdMs: number(createdMs, "record.createdMs"),
    modifiedMs: number(modifiedMs, "record.modifiedMs"),
    attributes: textMap(attributes, "record.attributes"),
    tags: textMap(tags, "record.tags"),
  };
}

function readQueued(value: unknown): QueuedMessage {
  const queued = record(value, "queued");
  return {
    message: readMessage(queued["message"]),
    order: number(queued["order"], "order"),
    receiveCount: number(queued["receiveCount"], "receiveCount"),
    carriedReceiveCount: optional(queued["carriedReceiveCount"], "carriedReceiveCount", number),
    firstReceivedMs: optional(queued["firstReceivedMs"], "firstReceivedMs", number),
    lastReceivedMs: optional(queued["lastReceivedMs"], "lastReceivedMs", number),
    visibleAtMs: number(queued["visibleAtMs"], "visibleAtMs"),
    isInFlight: queued["isInFlight"] === true,
  };
}

function readMessage(value: unknown): Message {
  const message = record(value, "message");
  const attributes = Object.entries(record(message["attributes"], "attributes"));
  return {
    id: text(message["id"], "message.id"),
    body: text(message["body"], "message.body"),
    attributes: Object.fromEntries(
      attributes.map(([name, attribute]) => [name, readAttribute(attribute)]),
    ),
    traceHeader: optional(message["traceHeader"], "traceHeader", text),
    sentMs: number(message["sentMs"], "sentMs"),
    enqueuedMs: number(message["enqueuedMs"], "enqueuedMs"),
    groupId: optional(message["groupId"], "groupId", text),
    deduplicationId: optional(message["deduplicationId"], "deduplicationId", text),
    sequenceNumber: optional(message["sequenceNumber"], "sequenceNumber", text),
    deadLetterSourceArn: optional(message["deadLetterSourceArn"], "deadLetterSourceArn", text),
  };
}

function wireAttribute({ dataType, stringValue, binaryValue }: MessageAttribute): WireAttribute {
  if (binaryValue === undefined) return { type: dataType, text: stringValue };
  return { type: dataType, base64: Buffer.from(binaryValue).toString("base64") };
}

function readAttribute(value: unknown): MessageAttribute {
  const attribute = record(value, "attribute");
  const dataType = text(attribute["type"], "attribute.type");
  if (attribute["base64"] !== undefined) {
    const binaryValue = Buffer.from(text(attribute["base64"], "attribute.base64"), "base64");
    return { dataType, binaryValue };
  }
  return { dataType, stringValue: text(attribute["text"], "attribute.text") };
}

function readRemembered(value: unknown): Remembered {
  const { key, messageId, sequenceNumber, expiresMs } = record(value, "remembered");
  return {
    key: text(key, "remembered.key"),
    messageId: text(messageId, "remembered.messageId"),
    sequenceNumber: text(sequenceNumber, "remembered.sequenceNumber"),
    expiresMs: number(expiresMs, "remembered.expiresMs"),
  };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new TypeError(`${what} must be an object`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${what} must be a text`);
}

function number(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError(`${what} must be a number`);
}

function texts(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`${what} must be a list`);
  return value.map((item: unknown) => text(item, what));
}

function textMap(value: unknown, what: string): Readonly<Record<string, string>> {
  const members = Object.entries(record(value, what));
  return Object.fromEntries(members.map(([key, member]) => [key, text(member, what)]));
}

function optional<Value>(
  value: unknown,
  what: string,
  read: (value: unknown, what: string) => Value,
): Value | undefined {
  return value === undefined ? undefined : read(value, what);
}
