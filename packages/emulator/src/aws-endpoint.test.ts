import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, describe, expect, test } from "vitest";

import {
  FUNCTIONS,
  newFunction,
  startScriptedEmulator as start,
  stopScriptedEmulators,
} from "./testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

describe("awsEndpoint", () => {
  const signedFor = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  });

  test("picks the service by what the request is signed for", async () => {
    const { call } = await start();
    expect((await call(`GET ${FUNCTIONS}`, undefined, signedFor("lambda"))).status).toBe(200);
    const bucket = await call("GET /bucket", undefined, signedFor("s3"));
    expect([bucket.status, bucket.text]).toEqual([404, expect.stringContaining("NoSuchBucket")]);
    const credential = encodeURIComponent("test/20261124/us-east-1/s3/aws4_request");
    const presigned = await call(`GET /bucket?X-Amz-Credential=${credential}`);
    expect(presigned.text).toContain("<Code>AuthorizationQueryParametersError</Code>");
    const other = await call("GET /", undefined, signedFor("dynamodb"));
    expect([other.status, String(other.body["error"]).slice(0, 42)]).toEqual([
      501,
      'The service "dynamodb" is not emulated; th',
    ]);
    expect((await call("GET /bucket")).status).toBe(501);
  });

  test("lists environments, also the ended ones", async () => {
    const { call, emulator } = await start();
    await call(`POST ${FUNCTIONS}`, newFunction("echo"));
    await call(`POST ${FUNCTIONS}/echo/invocations`, {});
    await call(`POST ${FUNCTIONS}`, newFunction("other"));
    await call(`POST ${FUNCTIONS}/other/invocations`, {});
    await call(`DELETE ${FUNCTIONS}/other`);
    await expect.poll(() => emulator.listEnvironments()[0]?.phase).toBe("stopped");
    const list: unknown = JSON.parse((await call("GET /_pilotlight/environments")).text);
    expect(list).toMatchObject([
      { function: "other", phase: "stopped", endedCause: "replaced" },
      {
        function: "echo",
        version: "$LATEST",
        phase: "idle",
        startedBy: "on-demand",
        invocations: 1,
        initDurationMs: 1,
        startedAt: "1970-01-01T00:00:00.000Z",
      },
    ]);
  });

  test("takes, lists and takes back faults", async () => {
    const { call } = await start();
    const faults = "/_pilotlight/faults";
    const added = await call(`POST ${faults}`, { fault: "throttle", function: "echo", count: 2 });
    expect([added.status, added.body]).toEqual([201, { id: "fault-1" }]);
    await call(`POST ${faults}`, { fault: "hang" });
    expect(JSON.parse((await call(`GET ${faults}`)).text)).toMatchObject([
      { id: "fault-1", fault: { kind: "throttle" }, name: "echo", struck: 0, left: 2 },
      { id: "fault-2", fault: { kind: "hang" }, left: 1 },
    ]);
    expect((await call(`DELETE ${faults}?id=fault-1`)).body).toEqual({ deleted: 1 });
    expect((await call(`DELETE ${faults}?id=fault-1`)).status).toBe(404);
    expect((await call(`DELETE ${faults}`)).body).toEqual({ deleted: 1 });
  });

  test("says what is wrong with a fault, and changes nothing", async () => {
    const { call } = await start();
    const refused = await call("POST /_pilotlight/faults", { fault: "earthquake" });
    expect(refused.status).toBe(400);
    expect(refused.body["error"]).toMatch(/^"fault" must be one of .*Nothing was changed\.$/);
    expect((await call("POST /_pilotlight/faults", "x".repeat(70_000))).status).toBe(413);
    expect((await call("GET /_pilotlight/faults")).text).toBe("[]");
  });

  test("names its control paths and their methods", async () => {
    const { call } = await start();
    expect((await call("POST /_pilotlight/environments", {})).status).toBe(405);
    const unknown = await call("GET /_pilotlight/nope");
    expect([unknown.status, String(unknown.body["error"])]).toEqual([
      404,
      expect.stringContaining(
        "/_pilotlight/environments, /_pilotlight/metrics, /_pilotlight/faults",
      ),
    ]);
  });

  /** Sends headers that fetch would not. */
  async function answerTo(url: string, headers: Record<string, string>) {
    const request = httpRequest(url, { method: "POST", headers });
    request.end(JSON.stringify(newFunction("theirs")));
    const [response] = await once(request, "response");
    return { status: Number(response.statusCode), text: await text(response) };
  }

  test.each([
    ["another site", { origin: "https://evil.example", "content-type": "text/plain" }],
    ["a sandboxed frame", { origin: "null", "content-type": "text/plain" }],
    ["a link on another site", { "sec-fetch-site": "cross-site" }],
    ["another local port", { "sec-fetch-site": "same-site" }],
    ["a name rebound to this machine", { host: "evil.example:4566" }],
    ["a name that begins like a local one", { host: "127.0.0.1.evil.example" }],
    ["a name with a local one as its user", { host: "localhost:1@evil.example" }],
  ])("refuses a request of %s and does nothing", async (_what, headers) => {
    const { call, emulator } = await start();
    for (const path of [FUNCTIONS, "/_pilotlight/environments", "/bucket"]) {
      const answer = await answerTo(emulator.awsUrl + path, headers);
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.text)).toEqual({
        error: expect.stringMatching(/^The request .+\.$/),
      });
    }
    expect((await call(`GET ${FUNCTIONS}`)).body["Functions"]).toEqual([]);
  });

  test.each(["127.0.0.1", "localhost", "LOCALHOST:9", "[::1]", "[::1]:4566"])(
    "answers as %s",
    async (host) => {
      const { emulator } = await start();
      const headers = { host, "sec-fetch-site": "none" };
      expect((await answerTo(emulator.awsUrl + FUNCTIONS, headers)).status).toBe(201);
    },
  );

  test("answers a client of HTTP/1.0, which names no host", async () => {
    const { emulator } = await start();
    const socket = connect(Number(new URL(emulator.awsUrl).port), "127.0.0.1");
    socket.write("GET /_pilotlight/environments HTTP/1.0\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]+\[\]$/);
  });
});
