import type { MessageAttribute } from "./contract.ts";
import { missingParameter, SqsError } from "./sqs-error.ts";

/** The members of a request, read by their types. */
export class Input {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members;
  }

  /** @throws SqsError when it is absent; an empty text counts as absent. */
  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined || value === "") throw missingParameter(name);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.#members[name];
    if (value === undefined || value === null) return undefined;
    return asText(value);
  }

  integer(name: string): number {
    const value = this.optionalInteger(name);
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  optionalInteger(name: string): number | undefined {
    const value = this.#members[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && Number.isFinite(value)) return Math.trunc(value);
    throw unreadable(`${kindOf(value)} can not be converted to an Integer`);
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map(asText);
  }

  /** Empty where it is absent. */
  textMap(name: string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#map(name).map(([key, value]) => [key, asText(value)]));
  }

  attributes(name: string): Readonly<Record<string, MessageAttribute>> {
    return Object.fromEntries(this.#map(name).map(([key, value]) => [key, attributeOf(value)]));
  }

  structures(name: string): readonly Input[] {
    return this.#list(name).map((value) => new Input(asObject(value)));
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#members[name] ?? [];
    if (!Array.isArray(value)) throw unreadable(`${kindOf(value)} can not be converted to a List`);
    return value as readonly unknown[];
  }

  #map(name: string): [string, unknown][] {
    return Object.entries(asObject(this.#members[name] ?? {}));
  }
}

/** 400 for a request that is not what the protocol reads. */
export function unreadable(message: string): SqsError {
  return new SqsError("SerializationException", message);
}

function attributeOf(value: unknown): MessageAttribute {
  const attribute = new Input(asObject(value));
  const dataType = attribute.optionalText("DataType") ?? "";
  const base64 = attribute.optionalText("BinaryValue");
  const stringValue = attribute.optionalText("StringValue");
  if (base64 !== undefined) return { dataType, binaryValue: Buffer.from(base64, "base64") };
  return stringValue === undefined ? { dataType } : { dataType, stringValue };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw unreadable(`${kindOf(value)} can not be converted to a Map`);
}

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  throw unreadable(`${kindOf(value)} can not be converted to a String`);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "START_ARRAY";
  if (typeof value === "object") return "START_OBJECT";
  if (typeof value === "number") return "NUMBER_VALUE";
  return typeof value === "string" ? "STRING_VALUE" : "BOOLEAN_VALUE";
}
