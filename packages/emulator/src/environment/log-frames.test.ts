import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { LogFrames } from "./log-frames.ts";

const TEXT_KIND = 0xa55a0003;
const MARK_KIND = 0x504c4d4b;

function frame(kind: number, message: string): Buffer {
  const body = Buffer.from(message, "utf8");
  const header = Buffer.alloc(16);
  header.writeUInt32BE(kind, 0);
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

/** Feeds `bytes` in pieces that end at `cuts`, and gives back what came out, a mark as null. */
function read(bytes: Buffer, { cuts = [] as number[], messageBytesMax = 1000 } = {}) {
  const seen: (string | null)[] = [];
  const frames = new LogFrames(
    { onMessage: (text) => seen.push(text), onMark: () => seen.push(null) },
    { messageBytesMax },
  );
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    frames.push(bytes.subarray(from, cut));
    from = cut;
  }
  return seen;
}

describe("LogFrames", () => {
  test("for every sequence of messages and marks, cut anywhere, they come out as they went in", () => {
    const message = fc.option(fc.string({ unit: "grapheme", maxLength: 40 }), { nil: null });
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat()), (messages, cutSeeds) => {
        const bytes = Buffer.concat(
          messages.map((text) =>
            text === null ? frame(MARK_KIND, "") : frame(TEXT_KIND, `${text}\n`),
          ),
        );
        const cuts = cutSeeds.map((seed) => seed % (bytes.length + 1));
        expect(read(bytes, { cuts })).toEqual(messages);
      }),
    );
  });

  test("keeps a message of several lines in one piece", () => {
    expect(read(frame(TEXT_KIND, "one\ntwo\n"))).toEqual(["one\ntwo"]);
  });

  test("for every limit, a longer message loses its end and the next one is whole", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.nat(220)),
        (messageBytesMax, cuts) => {
          const bytes = Buffer.concat([frame(TEXT_KIND, "a".repeat(200)), frame(TEXT_KIND, "b")]);
          const capped = cuts.filter((cut) => cut <= bytes.length);
          const seen = read(bytes, { cuts: capped, messageBytesMax });
          expect(seen).toEqual(["a".repeat(messageBytesMax), "b"]);
        },
      ),
    );
  });
});
