import { request as send } from "node:http";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { listen } from "./listen.ts";
import type { ListeningServer } from "./listen.ts";
import { readBody } from "./read-body.ts";

const BYTES_MAX = 1000;

let server: ListeningServer;
beforeEach(async () => {
  server = await listen(
    (request, response) => {
      void readBody(request, BYTES_MAX).then((reading) => response.end(reading.kind));
    },
    { port: 0, variable: "PORT" },
  );
});
afterEach(() => server.close());

interface Upload {
  readonly bytes: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a body as an unhurried client does: all of it, and only then does it read. */
function upload({ bytes, headers }: Upload): Promise<string> {
  return new Promise((settle, fail) => {
    const request = send(server.url, { method: "POST", agent: false, headers });
    request.on("response", (response) => settle(text(response)));
    request.on("error", fail);
    request.end(Buffer.alloc(bytes));
  });
}

describe("readBody", () => {
  test.each([
    ["as large as may be", BYTES_MAX, "read"],
    ["one byte larger", BYTES_MAX + 1, "too_large"],
    ["much larger than a socket holds", 20_000_000, "too_large"],
  ])("answers a client that closes after it has sent a body %s", async (_name, bytes, kind) => {
    const announced = { connection: "close", "content-length": String(bytes) };
    expect(await upload({ bytes, headers: announced })).toBe(kind);
    const chunked = { connection: "close", "transfer-encoding": "chunked" };
    expect(await upload({ bytes, headers: chunked })).toBe(kind);
  });

  test("refuses a body that is only announced without waiting for it", async () => {
    const refused = new Promise<string>((settle, fail) => {
      const headers = { connection: "close", expect: "100-continue", "content-length": "5000" };
      const request = send(server.url, { method: "POST", agent: false, headers });
      request.on("response", (response) => settle(text(response)));
      request.on("error", fail);
      request.flushHeaders();
    });
    expect(await refused).toBe("too_large");
  });
});
