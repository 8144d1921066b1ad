import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { FRAME, type Frame, frame, FrameReader } from "./frames.cjs";

const BODY_BYTES_MAX = 20;

const KINDS = [FRAME.next, FRAME.response, FRAME.event];

const CONTENT = fc.record({
  kind: fc.constantFrom(...KINDS),
  head: fc.string({ unit: "grapheme", maxLength: 6 }),
  body: fc.uint8Array({ maxLength: BODY_BYTES_MAX + 5 }),
});

function makeReader(frames: Frame[], bodyBytesMax = BODY_BYTES_MAX): FrameReader {
  return new FrameReader((read) => frames.push(read), { kinds: KINDS, bodyBytesMax });
}

/** What stands before head and body, made by hand: it may claim anything. */
function prefix({ kind = FRAME.next as number, headBytes = 0, bodyBytes = 0 }): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = kind;
  bytes.writeUInt32BE(headBytes, 1);
  bytes.writeUInt32BE(bodyBytes, 5);
  return bytes;
}

/** Reads the bytes in pieces that end at these places. */
function readInPieces(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const frames: Frame[] = [];
  const reader = makeReader(frames);
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
    const reader = makeReader(frames, body.length);
    for (let at = 0; at < bytes.length; at += 65_536) reader.push(bytes.subarray(at, at + 65_536));
    expect(frames).toHaveLength(1);
    expect(frames[0]?.body?.equals(body)).toBe(true);
  });

  test("for every wrong kind or head, cut anywhere, it stops after the frames before", () => {
    const wrongKind = fc
      .integer({ min: 0, max: 255 })
      .filter((kind) => !KINDS.some((known) => known === kind))
      .map((kind) => ({ kind }));
    const wrongHead = fc
      .integer({ min: 65_537, max: 0xffff_ffff })
      .map((headBytes) => ({ headBytes }));
    fc.assert(
      fc.property(fc.oneof(wrongKind, wrongHead), fc.nat(18), (wrong, cut) => {
        const frames: Frame[] = [];
        const reader = makeReader(frames);
        const bytes = Buffer.concat([frame(FRAME.next), prefix(wrong)]);
        reader.push(bytes.subarray(0, cut));
        expect(reader.push(Buffer.concat([bytes.subarray(cut), frame(FRAME.next)]))).toBe(false);
        expect(reader.push(frame(FRAME.next))).toBe(false);
        expect(frames).toHaveLength(1);
      }),
    );
  });

  test("takes a head of 64 KB and makes no room for a body that it will not keep", () => {
    const frames: Frame[] = [];
    const reader = makeReader(frames);
    expect(reader.push(frame(FRAME.response, { head: "h".repeat(65_536) }))).toBe(true);
    expect(frames).toHaveLength(1);
    const before = process.memoryUsage().arrayBuffers;
    expect(reader.push(prefix({ kind: FRAME.response, bodyBytes: 0xffff_ffff }))).toBe(true);
    expect(reader.push(Buffer.alloc(100))).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
