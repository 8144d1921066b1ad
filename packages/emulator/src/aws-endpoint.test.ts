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
    const other = await call("GET /bucket", undefined, signedFor("s3"));
    expect([other.status, String(other.body["error"]).slice(0, 36)]).toEqual([
      501,
      'The service "s3" is not emulated; th',
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

  test("says that faults are not there yet", async () => {
    const { call } = await start();
    expect((await call("POST /_pilotlight/faults", {})).status).toBe(501);
    expect((await call("POST /_pilotlight/environments", {})).status).toBe(405);
    expect((await call("GET /_pilotlight/nope")).status).toBe(404);
  });
});
