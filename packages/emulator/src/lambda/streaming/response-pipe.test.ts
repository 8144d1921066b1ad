import { setImmediate as turn } from "node:timers/promises";
import { buffer } from "node:stream/consumers";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ResponsePipe } from "./response-pipe.ts";

describe("ResponsePipe", () => {
  test("for every sequence of parts, the caller reads their bytes in their order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40_000 })), async (parts) => {
        const pipe = new ResponsePipe();
        const reading = buffer(pipe.body);
        for (const part of parts) await pipe.write(part);
        pipe.end();
        expect((await reading).equals(Buffer.concat(parts))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("holds the function back while the caller does not read", async () => {
    const pipe = new ResponsePipe();
    let isTaken = false;
    const writing = pipe.write(Buffer.alloc(1_000_000)).then(() => {
      isTaken = true;
    });
    await turn();
    expect(isTaken).toBe(false);
    pipe.body.resume();
    await writing;
  });

  test("lets a function that waits go on when its caller has gone", async () => {
    const pipe = new ResponsePipe();
    const writing = pipe.write(Buffer.alloc(1_000_000));
    pipe.body.destroy();
    await writing;
    await pipe.write(Buffer.alloc(1_000_000));
    pipe.end();
    expect(pipe.body.readableEnded).toBe(false);
  });

  test("throws away what is over the limit, and says so", async () => {
    const pipe = new ResponsePipe({ bytesMax: 3 });
    const reading = buffer(pipe.body);
    await pipe.write(Buffer.from("abc"));
    expect(pipe.isTooLarge).toBe(false);
    await pipe.write(Buffer.from("d"));
    await pipe.write(Buffer.from("e"));
    pipe.end();
    expect(pipe.isTooLarge).toBe(true);
    expect((await reading).toString()).toBe("abc");
  });

  test("tells when the function begins", async () => {
    const pipe = new ResponsePipe();
    pipe.start({ contentType: "text/plain" });
    expect(await pipe.started).toEqual({ contentType: "text/plain" });
  });
});
