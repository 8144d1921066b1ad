import { once } from "node:events";
import { request as send } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { listen } from "./listen.ts";
import type { ListeningServer } from "./listen.ts";
import { type BodyReading, readBody } from "./read-body.ts";

const BYTES_MAX = 1000;
const MB = 1_048_576;

let server: ListeningServer;
let readings: BodyReading[];
beforeEach(async () => {
  readings = [];
  server = await listen(
    (request, response) => {
      const refusal = request.url === "/at_end" ? "at_end" : "at_once";
      void readBody(request, { bytesMax: BYTES_MAX, refusal }).then((reading) => {
        readings.push(reading);
        response.end(reading.kind);
      });
    },
    { port: 0, variable: "PORT" },
  );
});
afterEach(() => server.close());

/** Opens a connection and announces a body without sending it. */
function announce(bytes: number, path = "/") {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n`;
  socket.write(head);
  return socket;
}

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

  test.each(["/", "/at_end"])(
    "tells of a client that goes away in the middle (%s)",
    async (path) => {
      const socket = announce(9, path);
      socket.write("abc");
      await once(socket, "ready");
      socket.end();
      await expect.poll(() => readings).toEqual([{ kind: "aborted" }]);
    },
  );

  test("waits for the end of a body before it refuses it, where it is asked to", async () => {
    const socket = announce(BYTES_MAX + 2, "/at_end");
    socket.write(Buffer.alloc(BYTES_MAX + 1));
    // Another request is answered meanwhile, so that the bytes have been read.
    await fetch(server.url, { method: "POST", body: "x" });
    expect(readings.map(({ kind }) => kind)).toEqual(["read"]);
    socket.end("x");
    await expect.poll(() => readings[1]).toEqual({ kind: "too_large", bytes: BYTES_MAX + 2 });
  });

  test("cuts a client off that goes on for more than 64 MB after its refusal", async () => {
    const socket = announce(999_999_999);
    // It is cut by a reset, which once() takes for a failure.
    const closed = new Promise<void>((settle) => socket.on("close", () => settle()));
    socket.resume();
    const piece = Buffer.alloc(MB);
    let sentMb = 0;
    while (!socket.destroyed && sentMb < 200) {
      sentMb += 1;
      if (socket.write(piece)) continue;
      const drained = new Promise<void>((settle) => socket.once("drain", () => settle()));
      await Promise.race([drained, closed]);
    }
    await closed;
    // The system holds some megabytes on their way.
    expect(sentMb).toBeGreaterThan(64);
    expect(sentMb).toBeLessThan(96);
  });
});
