import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { type Emulator, startEmulator } from "./emulator.ts";
import type { FaultRequest } from "./faults/fault-order.ts";
import type { TraceEvent } from "./trace/trace-event.ts";

/** Real processes start here, on machines that may be busy. */
const PATIENCE_MS = 60_000;

const root = mkdtempSync(join(tmpdir(), "pilotlight-faults-"));
const trace: TraceEvent[] = [];
let emulator: Emulator;

beforeAll(async () => {
  const codeDirectory = join(root, "code");
  mkdirSync(codeDirectory);
  writeFileSync(join(codeDirectory, "index.mjs"), "export const handler = async () => 'fine';");
  emulator = await startEmulator({
    apiPort: 0,
    awsPort: 0,
    defaultFunction: "front",
    stateDirectory: join(root, "state"),
    onTrace: (event) => trace.push(event),
  });
  const common = { handler: "index.handler", codeDirectory, memoryMb: 256, variables: {} };
  for (const functionName of ["front", "other"]) {
    await emulator.createFunction({
      ...common,
      functionName,
      timeoutSec: 1,
      architecture: "arm64",
      nodePath: [],
    });
  }
});

afterAll(async () => {
  await emulator.stop();
  rmSync(root, { recursive: true, force: true });
});

afterEach(() => {
  emulator.stopFailing();
});

async function invoked(functionName = "front") {
  const response = await fetch(
    `${emulator.awsUrl}/2015-03-31/functions/${functionName}/invocations`,
    { method: "POST", body: "{}" },
  );
  return { status: response.status, text: await response.text() };
}

/** The same function with no environment left. */
async function cold(): Promise<void> {
  await expect
    .poll(() => {
      emulator.fail({ fault: "reap-all" });
      return emulator.listEnvironments().filter(({ phase }) => phase !== "stopped");
    })
    .toEqual([]);
}

const fine = { status: 200, text: '"fine"' };

describe("a fault", { timeout: PATIENCE_MS }, () => {
  test.each<[FaultRequest, { status: number; text: unknown }]>([
    [
      { fault: "crash", exitCode: 7 },
      { status: 200, text: expect.stringMatching(/Runtime\.ExitError.*exit status 7/) },
    ],
    [
      { fault: "out-of-memory" },
      { status: 200, text: expect.stringMatching(/Runtime\.ExitError.*signal: killed/) },
    ],
    [
      { fault: "hang" },
      { status: 200, text: expect.stringContaining("Task timed out after 1.00 seconds") },
    ],
    [
      { fault: "throttle" },
      { status: 429, text: expect.stringContaining("ConcurrentInvocationLimitExceeded") },
    ],
    [{ fault: "invoke-error" }, { status: 500, text: expect.stringContaining("Service") }],
  ])("strikes one invocation, of whom it names: %j", async (request, answer) => {
    emulator.fail({ ...request, function: "front" });
    expect(await invoked("other")).toEqual(fine);
    expect(await invoked()).toEqual(answer);
    expect(await invoked()).toEqual(fine);
  });

  test("fails an init phase, which is repeated within the invocation, as on AWS", async () => {
    await cold();
    const before = trace.length;
    emulator.fail({ fault: "init-failure" });
    expect(await invoked()).toEqual(fine);
    const lines = trace.slice(before).filter((event) => event.event === "log");
    expect(lines.map(({ line }) => line)).toContainEqual(
      expect.stringMatching(/^INIT_REPORT .*Status: error\tError Type: Runtime\.ExitError/),
    );
  });

  test("makes an init phase slow", async () => {
    await cold();
    emulator.fail({ fault: "init-slow", delayMs: 400 });
    expect(await invoked()).toEqual(fine);
    const last = emulator.listEnvironments().at(-1);
    expect(last?.initDurationMs).toBeGreaterThanOrEqual(400);
  });

  test("renews one environment as soon as it is free, and all idle ones at once", async () => {
    await cold();
    await invoked();
    const [first] = emulator.listEnvironments().slice(-1);
    emulator.fail({ fault: "recycle-one", function: "front" });
    await expect
      .poll(() => emulator.listEnvironments().find(({ id }) => id === first?.id)?.endedCause)
      .toBe("recycled");
    await invoked();
    const [second] = emulator.listEnvironments().slice(-1);
    await cold();
    await expect
      .poll(() => emulator.listEnvironments().find(({ id }) => id === second?.id)?.endedCause)
      .toBe("reaped");
  });

  test.each(["http-api", "aws-endpoint"] as const)("slows the way to %s", async (hop) => {
    emulator.fail({ fault: "slow-network", hop, delayMs: 300 });
    const [slow, fast] =
      hop === "http-api" ? [emulator.apiUrl, emulator.awsUrl] : [emulator.awsUrl, emulator.apiUrl];
    await fetch(fast);
    expect(emulator.stopFailing()).toBe(1);
    emulator.fail({ fault: "slow-network", hop, delayMs: 300 });
    const startMs = performance.now();
    await fetch(slow);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(299);
  });

  test("delivers a message of a queue again while somebody has it", async () => {
    emulator.fail({ fault: "queue-duplicate", queue: "work" });
    const { QueueUrl } = await sqs("CreateQueue", { QueueName: "work" });
    const { MessageId } = await sqs("SendMessage", { QueueUrl, MessageBody: "once" });
    const received = [];
    for (const WaitTimeSeconds of [0, 5, 0]) {
      const { Messages = [] } = await sqs("ReceiveMessage", { QueueUrl, WaitTimeSeconds });
      received.push(Messages);
    }
    expect(received).toMatchObject([[{ MessageId }], [{ MessageId }], []]);
  });

  test("delivers a message again to consumers that wait for it, as often as it is told", async () => {
    emulator.fail({ fault: "queue-duplicate", queue: "awaited", count: 2 });
    const { QueueUrl } = await sqs("CreateQueue", { QueueName: "awaited" });
    const waiting = [1, 2, 3].map(() => sqs("ReceiveMessage", { QueueUrl, WaitTimeSeconds: 10 }));
    const { MessageId } = await sqs("SendMessage", { QueueUrl, MessageBody: "once" });
    expect(await Promise.all(waiting)).toMatchObject([
      { Messages: [{ MessageId }] },
      { Messages: [{ MessageId }] },
      { Messages: [{ MessageId }] },
    ]);
  });

  test.each(["container-boot-failure", "no-gpu-capacity"] as const)(
    "keeps a container from coming up: %s",
    async (fault) => {
      emulator.fail({ fault, container: "heavy" });
      const events: string[] = [];
      const service = emulator.createContainer(
        {
          name: "heavy",
          command: [process.execPath, "-e", "setInterval(() => {}, 1000)"],
          workingDirectory: root,
          variables: {},
          bootMs: 1,
          healthCheck: { path: "/" },
        },
        (event) => events.push(JSON.stringify(event)),
      );
      service.setDesiredCount(1);
      await expect
        .poll(() => trace.filter((event) => event.event === "fault" && event.fault === fault))
        .toMatchObject([{ name: "heavy" }]);
      expect(events).not.toEqual([]);
      service.setDesiredCount(0);
    },
  );

  test("is told of in the trace, beside what it brought about", async () => {
    const before = trace.length;
    emulator.fail({ fault: "crash", function: "front" });
    await invoked();
    const told = trace
      .slice(before)
      .filter(({ event }) => event === "fault" || event === "invocation");
    expect(told).toMatchObject([
      { event: "fault", fault: "crash", name: "front" },
      { event: "invocation", function: "front", isFunctionError: true },
    ]);
  });
});

async function sqs(operation: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(emulator.awsUrl, {
    method: "POST",
    headers: {
      authorization:
        "AWS4-HMAC-SHA256 Credential=t/20261124/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${operation}`,
    },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
}
