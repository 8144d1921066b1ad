import { invariant } from "@pilotlight/core";

import type { CaseValue } from "./case-file.ts";

/** Values by the names that a case gives them: `function`, `v1.Version`. */
export type Names = Readonly<Record<string, unknown>>;

const NAME = /\{([^{}]*)\}/g;

/**
 * The value that a case writes down with constructors: `{"$repeat": ["a", 3]}` is `"aaa"`. Names in
 * braces are replaced where they are known, and left as they are elsewhere: braces stand in JSON
 * texts too.
 *
 * @returns A string or a Buffer for a constructor, otherwise the value with its members constructed.
 */
export function constructed(value: CaseValue, names: Names = {}): unknown {
  if (typeof value === "string") return withNames(value, names);
  if (Array.isArray(value)) return value.map((item: CaseValue) => constructed(item, names));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value as Readonly<Record<string, CaseValue>>);
  const [only, ...others] = members;
  const make = only === undefined || others.length > 0 ? undefined : CONSTRUCTORS[only[0]];
  if (only !== undefined && make !== undefined) return make(only[1], names);
  return Object.fromEntries(members.map(([key, member]) => [key, constructed(member, names)]));
}

/** Whether the value is a constructor, so that it stands for other bytes than its own JSON. */
export function isConstructor(value: CaseValue): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && CONSTRUCTORS[keys[0] ?? ""] !== undefined;
}

type Constructor = (argument: CaseValue, names: Names) => string | Buffer;

const CONSTRUCTORS: Readonly<Record<string, Constructor>> = {
  $repeat: (argument) => {
    const [text, count] = argument as [string, number];
    return text.repeat(count);
  },
  $bytes_hex: (argument) => Buffer.from(argument as string, "hex"),
  $json: (argument, names) => JSON.stringify(constructed(argument, names)),
  $base64_json: (argument, names) => {
    return Buffer.from(JSON.stringify(constructed(argument, names))).toString("base64");
  },
  $concat: (argument, names) => {
    return Buffer.concat(
      (argument as CaseValue[]).map((part) => bytesOf(constructed(part, names))),
    );
  },
};

/** The bytes of a text, or of a value as JSON. */
export function bytesOf(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

/** A text that is one name stands for the value itself, of whatever type. */
function withNames(text: string, names: Names): unknown {
  const [whole, name] = /^\{([^{}]*)\}$/.exec(text) ?? [];
  if (whole !== undefined && name !== undefined && Object.hasOwn(names, name)) return names[name];
  return text.replaceAll(NAME, (braced, inner: string) => {
    if (!Object.hasOwn(names, inner)) return braced;
    const value = names[inner];
    invariant(typeof value === "string", `the name ${inner} stands in a text, so it must be one`);
    return value;
  });
}
