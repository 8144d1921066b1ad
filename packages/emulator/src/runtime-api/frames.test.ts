import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { FRAME, type Frame, frame, FrameReader } from "./frames.cjs";

const BODY_BYTES_MAX = 20;

const CONTENT = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  head: fc.string({ unit: "grapheme", maxLength: 6 }),
  body: fc.uint8Array({ maxLength: BODY_BYTES_MAX + 5 }),
});

/** Reads the bytes in pieces that end at these places. */
function readInPieces(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((read) => frames.push(read), { bodyBytesMax: BODY_BYTES_MAX });
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    reader.push(bytes.subarray(from, cut));
    from = cut;
  }
  return frames;
}

function expected({ kind, head, body }: { kind: number; head: string; body: Uint8Array }): Frame {
  return { kind, head, body: body.length > BODY_BYTES_MAX ? undefined : Buffer.from(body) };
}

describe("FrameReader", () => {
  test("for every sequence of frames, a cut at any byte changes nothing", () => {
    fc.assert(
      fc.property(fc.array(CONTENT, { maxLength: 3 }), (contents) => {
        const bytes = Buffer.concat(contents.map(({ kind, ...content }) => frame(kind, content)));
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          expect(readInPieces(bytes, [cut])).toEqual(contents.map(expected));
        }
      }),
    );
  });

  test("for every sequence of frames, any number of cuts changes nothing", () => {
    const cuts = fc.array(fc.nat());
    fc.assert(
      fc.property(fc.array(CONTENT), cuts, (contents, places) => {
        const bytes = Buffer.concat(contents.map(({ kind, ...content }) => frame(kind, content)));
        const cutsInside = places.map((place) => place % (bytes.length + 1));
        expect(readInPieces(bytes, cutsInside)).toEqual(contents.map(expected));
        const everywhere = Array.from(bytes, (_byte, at) => at);
        expect(readInPieces(bytes, everywhere)).toEqual(contents.map(expected));
      }),
    );
  });

  test("reads a text body as UTF-8 and a frame of its kind alone", () => {
    const bytes = Buffer.concat([
      frame(FRAME.response, { head: "r-1", body: "ä€😀" }),
      frame(FRAME.next),
    ]);
    expect(readInPieces(bytes, [])).toEqual([
      { kind: FRAME.response, head: "r-1", body: Buffer.from("ä€😀") },
      { kind: FRAME.next, head: "", body: Buffer.alloc(0) },
    ]);
  });

  test("gathers a large body from many chunks", () => {
    const body = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_value, at) => at % 251));
    const bytes = frame(FRAME.event, { body });
    const frames: Frame[] = [];
    const reader = new FrameReader((read) => frames.push(read), { bodyBytesMax: body.length });
    for (let at = 0; at < bytes.length; at += 65_536) reader.push(bytes.subarray(at, at + 65_536));
    expect(frames).toHaveLength(1);
    expect(frames[0]?.body?.equals(body)).toBe(true);
  });
});
