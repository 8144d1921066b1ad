import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { PreludeReader, type PreludeReading } from "./http-prelude.ts";

/** Reads a stream that comes in the given parts, to the first answer that is final. */
function readParts(parts: readonly Uint8Array[]): { reading: PreludeReading; unread: Uint8Array } {
  const reader = new PreludeReader();
  for (const [index, part] of parts.entries()) {
    const reading = reader.read(part);
    if (reading.kind !== "incomplete") {
      return { reading, unread: Buffer.concat(parts.slice(index + 1)) };
    }
  }
  return { reading: { kind: "incomplete" }, unread: Buffer.alloc(0) };
}

describe("PreludeReader", () => {
  test("for every prelude and body, however they are cut, both are found again", () => {
    const prelude = fc.record({
      statusCode: fc.integer({ min: 200, max: 599 }),
      headers: fc.dictionary(fc.string(), fc.string()),
    });
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(prelude, fc.uint8Array({ maxLength: 50 }), cuts, (members, body, sizes) => {
        const bytes = Buffer.concat([Buffer.from(JSON.stringify(members)), Buffer.alloc(8), body]);
        const parts: Buffer[] = [];
        for (let start = 0, turn = 0; start < bytes.byteLength; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          parts.push(bytes.subarray(start, start + size));
          start += size;
        }
        const { reading, unread } = readParts(parts);
        expect(reading).toMatchObject({
          kind: "read",
          members: JSON.parse(JSON.stringify(members)),
        });
        const rest = reading.kind === "read" ? reading.rest : Buffer.alloc(0);
        // Zero bytes at the start of a body belong to it: the first eight end the prelude.
        expect(Buffer.concat([rest, unread]).equals(body)).toBe(true);
      }),
    );
  });

  test.each([
    ["no JSON", Buffer.concat([Buffer.from("{"), Buffer.alloc(8)])],
    ["no object", Buffer.concat([Buffer.from("[1]"), Buffer.alloc(8)])],
    ["no end within 16 KB", Buffer.alloc(16_400, 0x20)],
  ])("refuses a prelude that is %s", (_what, bytes) => {
    expect(readParts([bytes]).reading.kind).toBe("invalid");
  });

  test("waits for a prelude that is not whole", () => {
    expect(readParts([Buffer.from("{}"), Buffer.alloc(7)]).reading.kind).toBe("incomplete");
  });
});
