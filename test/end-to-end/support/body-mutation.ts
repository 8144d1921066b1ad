import { deflateSync, gzipSync } from "node:zlib";

import type { Random } from "@pilotlight/core";

import type { HttpQuestion } from "./http.ts";

/** A request with a body and headers. */
export interface WireRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const MUTATIONS_MAX = 4;
const PIECE_BYTES_MAX = 64;

/** Texts that parsers have stumbled over. */
const TOKENS = [
  "NaN",
  "-Infinity",
  "1e999",
  "-0",
  "-1",
  "1e9",
  "9007199254740993",
  "18446744073709551616",
  "null",
  "true",
  "[]",
  "{}",
  "[".repeat(5000),
  '{"a":'.repeat(2000),
  '"',
  "\\u0000",
  "\\ud800",
  '"__proto__":{},',
  '"parameters":{"binary_data_size":4294967295},',
  '"parameters":{"shared_memory_region":"a"},',
  '"shape":[1000000000,1000000000],',
  '"shape":[-1,0],',
  '"datatype":"BYTES",',
  '"inputs":[],',
  "\uFEFF",
] as const;

/** Header values that are legal HTTP and no sense here; an absent value takes the header away. */
const HEADERS: readonly (readonly [string, readonly (string | undefined)[]])[] = [
  ["content-type", [undefined, "application/json", "text/html", "application/octet-stream", "💥"]],
  ["content-encoding", [undefined, "gzip", "deflate", "br", "gzip, gzip", "identity"]],
  [
    "inference-header-content-length",
    [undefined, "0", "1", "-1", "1e3", "99999999999999999999", "NaN", "64", " 10 "],
  ],
  ["x-latency-budget-ms", [undefined, "0", "-5", "soon", "1", "1e400"]],
  ["accept", ["text/html", "*/*"]],
  ["accept-encoding", ["gzip", "identity;q=0"]],
];

/** Changes a request in one to four ways, none of which breaks HTTP itself. */
export function mutatedRequest(original: WireRequest, random: Random): WireRequest {
  let { headers, body } = original;
  const count = 1 + below(MUTATIONS_MAX, random);
  for (let index = 0; index < count; index += 1) {
    if (random.next() < 0.25) headers = mutatedHeaders(headers, random);
    else body = mutatedBytes(body, random);
  }
  if (random.next() < 0.1) return compressed({ ...original, headers, body }, random);
  return { ...original, headers, body };
}

/** What is sent: the length follows the mutated body. */
export function questionOf({ headers, body }: WireRequest): HttpQuestion {
  return { method: "POST", headers, body };
}

type ByteMutation = (body: Uint8Array, random: Random) => Uint8Array;

const BYTE_MUTATIONS: readonly ByteMutation[] = [
  // Flips a bit.
  (body, random) => {
    const copy = Buffer.from(body);
    const at = below(copy.length, random);
    if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << below(8, random));
    return copy;
  },
  // Sets a byte.
  (body, random) => {
    const copy = Buffer.from(body);
    if (copy.length > 0) copy[below(copy.length, random)] = below(256, random);
    return copy;
  },
  // Cuts the end off.
  (body, random) => body.subarray(0, below(body.length + 1, random)),
  // Cuts the beginning off.
  (body, random) => body.subarray(below(body.length + 1, random)),
  // Takes a piece out.
  (body, random) => {
    const [start, end] = piece(body, random);
    return Buffer.concat([body.subarray(0, start), body.subarray(end)]);
  },
  // Repeats a piece.
  (body, random) => {
    const [start, end] = piece(body, random);
    return Buffer.concat([body.subarray(0, end), body.subarray(start)]);
  },
  // Inserts bytes of chance.
  (body, random) => {
    const bytes = Array.from({ length: below(PIECE_BYTES_MAX, random) }, () => below(256, random));
    return inserted(body, Buffer.from(bytes), random);
  },
  // Inserts a text.
  (body, random) => inserted(body, Buffer.from(picked(TOKENS, random)), random),
  // Puts a text in the place of a number.
  (body, random) => {
    const numbers = [
      ...Buffer.from(body)
        .toString("latin1")
        .matchAll(/-?\d+(?:\.\d+)?/g),
    ];
    const number = numbers[below(numbers.length, random)];
    if (number === undefined) return body;
    const end = number.index + number[0].length;
    const token = Buffer.from(picked(TOKENS, random));
    return Buffer.concat([body.subarray(0, number.index), token, body.subarray(end)]);
  },
];

function mutatedBytes(body: Uint8Array, random: Random): Uint8Array {
  return picked(BYTE_MUTATIONS, random)(body, random);
}

function mutatedHeaders(
  headers: Readonly<Record<string, string>>,
  random: Random,
): Readonly<Record<string, string>> {
  const [name, values] = picked(HEADERS, random);
  const value = picked(values, random);
  const { [name]: _taken, ...rest } = headers;
  return value === undefined ? rest : { ...rest, [name]: Buffer.from(value).toString("latin1") };
}

function compressed(request: WireRequest, random: Random): WireRequest {
  const [encoding, compress] = picked(
    [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
    ] as const,
    random,
  );
  const headers = { ...request.headers, "content-encoding": encoding };
  const body = compress(request.body);
  return { ...request, headers, body: random.next() < 0.5 ? body : mutatedBytes(body, random) };
}

function inserted(body: Uint8Array, bytes: Uint8Array, random: Random): Uint8Array {
  const at = below(body.length + 1, random);
  return Buffer.concat([body.subarray(0, at), bytes, body.subarray(at)]);
}

function piece(body: Uint8Array, random: Random): readonly [number, number] {
  const start = below(body.length + 1, random);
  return [start, Math.min(body.length, start + below(PIECE_BYTES_MAX, random))];
}

function picked<Value>(values: readonly Value[], random: Random): Value {
  const value = values[below(values.length, random)];
  if (value === undefined && values.length === 0) throw new Error("there is nothing to pick from");
  return value as Value;
}

function below(limit: number, random: Random): number {
  return Math.floor(random.next() * limit);
}
