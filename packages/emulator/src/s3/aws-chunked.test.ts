import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ChunkedDecoder } from "./aws-chunked.ts";

interface Frame {
  readonly chunks: readonly Uint8Array[];
  readonly isSigned: boolean;
  readonly trailers: readonly (readonly [string, string])[];
}

/** A body as a client frames it. */
function framed({ chunks, isSigned, trailers }: Frame): Buffer {
  const signature = isSigned ? `;chunk-signature=${"0".repeat(64)}` : "";
  const parts = [...chunks.filter((chunk) => chunk.length > 0), new Uint8Array()].map((chunk) =>
    Buffer.concat([
      Buffer.from(`${chunk.length.toString(16)}${signature}\r\n`),
      chunk,
      Buffer.from(chunk.length > 0 ? "\r\n" : ""),
    ]),
  );
  const end = trailers.map(([name, value]) => `${name}:${value}\r\n`).join("");
  return Buffer.concat([...parts, Buffer.from(`${end}\r\n`)]);
}

function decoded(pieces: readonly Uint8Array[]) {
  const decoder = new ChunkedDecoder();
  const data = pieces.flatMap((piece) => decoder.push(piece));
  decoder.end();
  return { data: Buffer.concat(data), trailers: [...decoder.trailers] };
}

const frame = fc.record({
  chunks: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
  isSigned: fc.boolean(),
  trailers: fc.constantFrom<Frame["trailers"]>([], [["x-amz-checksum-crc32", "AAAAAA=="]]),
});

describe("ChunkedDecoder", () => {
  test("for every body and every way to cut it, gives the data and the trailers", () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
    fc.assert(
      fc.property(frame, cuts, (one, places) => {
        const body = framed(one);
        const ends = places
          .map((place) => Math.floor(place * body.length))
          .toSorted((a, b) => a - b);
        const pieces = [...ends, body.length].map((end, index) =>
          body.subarray(ends[index - 1] ?? 0, end),
        );
        expect(decoded(pieces)).toEqual({
          data: Buffer.concat(one.chunks),
          trailers: one.trailers.map((trailer) => [...trailer]),
        });
      }),
      { numRuns: 300 },
    );
  });

  test("takes a body byte by byte", () => {
    const body = framed({
      chunks: [Buffer.from("hello "), Buffer.from("world")],
      isSigned: true,
      trailers: [["X-Amz-Trailer", " value "]],
    });
    expect(decoded([...body].map((byte) => Uint8Array.of(byte)))).toEqual({
      data: Buffer.from("hello world"),
      trailers: [["x-amz-trailer", "value"]],
    });
  });

  test("for every body that is cut off before its last chunk, says that it is not whole", () => {
    fc.assert(
      fc.property(frame, fc.nat(), (one, seed) => {
        const body = framed({ ...one, trailers: [] });
        const lastChunk = body.length - (one.isSigned ? "0;chunk-signature=".length + 64 + 4 : 5);
        const cut = seed % (lastChunk + 1);
        expect(() => decoded([body.subarray(0, cut)])).toThrow(
          expect.objectContaining({ code: "IncompleteBody" }),
        );
      }),
    );
  });

  test.each([
    ["a size that is no number", "zz\r\n"],
    ["a size that is too large", "fffffffffffff\r\n"],
    ["data behind the end of a chunk", "1\r\nab\r\n"],
    ["a line without end", "1".repeat(3000)],
  ])("refuses %s", (_what, body) => {
    expect(() => new ChunkedDecoder().push(Buffer.from(body))).toThrow(
      expect.objectContaining({ code: "IncompleteBody" }),
    );
  });

  test("refuses a trailer that is none", () => {
    expect(() => new ChunkedDecoder().push(Buffer.from("0\r\nnothing\r\n"))).toThrow(
      expect.objectContaining({ code: "MalformedTrailerError" }),
    );
  });
});
