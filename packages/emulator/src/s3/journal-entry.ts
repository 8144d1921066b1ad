import type { S3Entry } from "./records.ts";

/** Members that an entry of each type must have, each with the type of its value. */
const MEMBERS: Readonly<Record<S3Entry["type"], Readonly<Record<string, "string" | "object">>>> = {
  bucket: { bucket: "object" },
  "bucket-deleted": { name: "string" },
  notification: { name: "string", configuration: "object" },
  object: { name: "string", object: "object" },
  "object-deleted": { name: "string", key: "string" },
  upload: { name: "string", upload: "object" },
  part: { name: "string", uploadId: "string", part: "object" },
  "upload-ended": { name: "string", uploadId: "string" },
  notices: { notices: "object" },
  delivered: { id: "string" },
};

/** Members of those that are objects themselves, which the rest of S3 relies on. */
const INNER_MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bucket: { name: "string", createdMs: "number", location: "string" },
  configuration: { rules: "object", isEventBridgeOn: "boolean" },
  object: {
    key: "string",
    segments: "object",
    sizeBytes: "number",
    etag: "string",
    modifiedMs: "number",
    headers: "object",
    metadata: "object",
    tags: "object",
    storageClass: "string",
  },
  upload: {
    uploadId: "string",
    key: "string",
    startedMs: "number",
    headers: "object",
    metadata: "object",
    tags: "object",
    storageClass: "string",
  },
  part: { number: "number", segment: "object", etag: "string", modifiedMs: "number" },
};

/** Reads one entry of the journal. @throws Error that says what is missing in it. */
export function readEntry(value: unknown): S3Entry {
  const entry = membersOf(value, "an entry");
  const type = String(entry["type"]);
  const expected = Object.hasOwn(MEMBERS, type) ? MEMBERS[type as S3Entry["type"]] : undefined;
  if (expected === undefined) {
    throw new Error(
      `the type of an entry is ${type}; known are ${Object.keys(MEMBERS).join(", ")}`,
    );
  }
  check(entry, { expected, what: `an entry of the type ${type}` });
  for (const name of Object.keys(expected)) {
    const inner = INNER_MEMBERS[name];
    if (inner === undefined) continue;
    check(membersOf(entry[name], name), { expected: inner, what: name });
  }
  return value as S3Entry;
}

function check(
  members: Readonly<Record<string, unknown>>,
  { expected, what }: { expected: Readonly<Record<string, string>>; what: string },
): void {
  for (const [name, type] of Object.entries(expected)) {
    const member = members[name];
    if (typeof member === type && member !== null) continue;
    throw new Error(`${what} needs the member "${name}" of the type ${type}`);
  }
}

function membersOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new Error(`${what} is an object; got ${JSON.stringify(value)}`);
}
