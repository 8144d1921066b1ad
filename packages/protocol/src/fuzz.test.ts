import { isPilotlightError } from "@pilotlight/core";
import { seededRandom } from "@pilotlight/core/testing";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import type { HttpMessage } from "./body.ts";
import type { ModelSignature, Tensor } from "./tensor.ts";

import { decodeInferRequest, encodeInferRequest } from "./index.ts";
import { REQUEST_LIMITS } from "./request-limits.ts";

const MUTATED_BODIES = 12_000;
const SEED = 20_261_124;
const STATUS_CODES = [400, 413, 415];

const tensors: readonly Tensor[] = [
  {
    name: "image",
    datatype: "FP32",
    shape: [2, 3],
    data: new Float32Array([0.5, -1, 2, 3e9, 0, 7]),
  },
  { name: "half", datatype: "FP16", shape: [2], data: new Uint16Array([0x3c00, 0xfbff]) },
  { name: "ids", datatype: "INT64", shape: [1, 2], data: new BigInt64Array([2n ** 63n - 1n, -5n]) },
  { name: "mask", datatype: "BOOL", shape: [2, 1], data: new Uint8Array([1, 0]) },
  { name: "text", datatype: "BYTES", shape: [2], data: ["żółć 😀", ""] },
  { name: "cache", datatype: "UINT8", shape: [1, 0, 4], data: new Uint8Array() },
];

const signature: ModelSignature = {
  inputs: tensors.map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: shape.map(() => -1),
  })),
  outputs: [{ name: "score", datatype: "FP32", shape: [-1] }],
};
const single: ModelSignature = {
  inputs: [{ name: "image", datatype: "FP32", shape: [-1, 3] }],
  outputs: signature.outputs,
};

interface Seed {
  readonly message: HttpMessage;
  readonly signature: ModelSignature;
}

function seeds(): readonly Seed[] {
  const json = encodeInferRequest({
    id: "1",
    inputs: tensors,
    outputs: ["score"],
    isBinary: false,
  });
  const binary = encodeInferRequest({ inputs: tensors, isBinary: true });
  const nested = JSON.stringify({
    inputs: [
      {
        name: "image",
        datatype: "FP32",
        shape: [2, 3],
        data: [
          [1, 2, 3],
          [4, 5.5, 6e-3],
        ],
      },
    ],
    outputs: [{ name: "score", parameters: { binary_data: true } }],
  });
  const raw = { body: Buffer.alloc(24, 7), headers: { "inference-header-content-length": "0" } };
  const compressed = [
    { encoding: "gzip", compress: gzipSync },
    { encoding: "deflate", compress: deflateSync },
    { encoding: "deflate", compress: deflateRawSync },
  ].map(({ encoding, compress }) => {
    const headers = { ...binary.headers, "content-encoding": encoding };
    return { message: { headers, body: compress(binary.body) }, signature };
  });
  return [
    { message: json, signature },
    { message: binary, signature },
    { message: { headers: {}, body: Buffer.from(nested) }, signature: single },
    { message: raw, signature: single },
    ...compressed,
  ];
}

type Mutation = (bytes: Buffer, below: (limit: number) => number) => Buffer;

const TOKENS = [
  "NaN",
  "-1",
  "1e999",
  "null",
  "[[[[",
  "]",
  "{",
  '"',
  "99999999999999999999",
  ',"data":[1]',
  "\\ud800",
];

const MUTATIONS: readonly Mutation[] = [
  function flipsABit(bytes, below) {
    const copy = Buffer.from(bytes);
    const index = below(bytes.length);
    copy[index] = (copy[index] ?? 0) ^ (1 << below(8));
    return copy;
  },
  function truncates(bytes, below) {
    return bytes.subarray(0, below(bytes.length));
  },
  function insertsBytes(bytes, below) {
    const at = below(bytes.length);
    const inserted = Buffer.from(Array.from({ length: 1 + below(4) }, () => below(256)));
    return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
  },
  function insertsAToken(bytes, below) {
    const at = below(bytes.length);
    const token = Buffer.from(TOKENS[below(TOKENS.length)] ?? "");
    return Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
  },
  function duplicatesASlice(bytes, below) {
    const from = below(bytes.length);
    const to = Math.min(bytes.length, from + 1 + below(64));
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function changesADigit(bytes, below) {
    const copy = Buffer.from(bytes);
    const start = below(bytes.length);
    const index = copy.findIndex((byte, position) => position >= start && byte >= 48 && byte <= 57);
    if (index >= 0) copy[index] = 48 + below(10);
    return copy;
  },
];

function mutatedHeaders(
  headers: HttpMessage["headers"],
  below: (limit: number) => number,
): Record<string, string> {
  const copy = { ...headers };
  const length = copy["inference-header-content-length"];
  const other = [String(Number(length) + below(9) - 4), "", "-1", "1e9", "0", "99999999999"];
  if (length !== undefined && below(4) === 0) {
    copy["inference-header-content-length"] = other[below(other.length)] ?? "";
  }
  if (below(20) === 0)
    copy["content-encoding"] = ["gzip", "deflate", "br", "gzip, gzip"][below(4)] ?? "";
  if (below(40) === 0) copy["content-type"] = ["text/html", "application/json"][below(2)] ?? "";
  return copy;
}

/** The status of a decoding: 200 where it gave tensors within the bounds. */
function statusOf(message: HttpMessage, model: ModelSignature): number {
  try {
    const { inputs } = decodeInferRequest(message, model);
    const elements = inputs.reduce((sum, { data }) => sum + data.length, 0);
    return elements <= REQUEST_LIMITS.elementsMax && inputs.length === model.inputs.length
      ? 200
      : 0;
  } catch (error) {
    if (!isPilotlightError(error)) throw error;
    return error.statusCode;
  }
}

describe("decodeInferRequest", () => {
  test(`answers or refuses ${MUTATED_BODIES} mutated bodies, and never fails otherwise (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const below = (limit: number): number => Math.floor(random.next() * limit);
    const bodies = seeds();
    const counts = new Map<number, number>();
    for (let run = 0; run < MUTATED_BODIES; run += 1) {
      const seed = bodies[run % bodies.length] as Seed;
      let body: Buffer = Buffer.from(seed.message.body);
      for (let step = 0; step <= below(3) && body.length > 0; step += 1) {
        body = (MUTATIONS[below(MUTATIONS.length)] as Mutation)(body, below);
      }
      const headers = mutatedHeaders(seed.message.headers, below);
      const status = statusOf({ body, headers }, seed.signature);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    const others = [...counts.keys()].filter(
      (status) => status !== 200 && !STATUS_CODES.includes(status),
    );
    expect(others).toEqual([]);
    // The mutations reach behind the first check: some bodies stay valid, most do not.
    expect(counts.get(200)).toBeGreaterThan(MUTATED_BODIES / 50);
    expect(counts.get(400)).toBeGreaterThan(MUTATED_BODIES / 4);
  }, 60_000);

  test("accepts every seed as it is", () => {
    for (const { message, signature: model } of seeds()) expect(statusOf(message, model)).toBe(200);
  });
});
