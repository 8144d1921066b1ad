import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { listen } from "./listen.ts";
import type { ListeningServer } from "./listen.ts";

let server: ListeningServer;
beforeEach(async () => {
  server = await listen((_request, response) => response.end("fine"), {
    port: 0,
    variable: "PORT",
  });
});
afterEach(() => server.close());

async function answerTo(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(bytes);
  return await text(socket);
}

describe("a request that cannot be read", () => {
  test.each([
    ["no HTTP at all", "hello\r\n\r\n", 400],
    [
      "a length and chunks at once",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
    ],
    ["headers without end", `GET / HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    [
      "an unknown expectation",
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 0\r\n\r\n",
      417,
    ],
  ])("gets a status and says why: %s", async (_name, bytes, statusCode) => {
    const answer = await answerTo(bytes);
    expect(answer).toContain(`HTTP/1.1 ${statusCode} `);
    expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toEqual({
      message: expect.any(String),
      error: expect.any(String),
    });
  });

  test("does not end the server", async () => {
    await answerTo("hello\r\n\r\n");
    expect(await (await fetch(server.url)).text()).toBe("fine");
  });
});
