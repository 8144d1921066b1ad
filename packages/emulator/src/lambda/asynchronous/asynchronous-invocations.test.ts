import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";
import { afterEach, describe, expect, test, vi } from "vitest";

import { startEmulator } from "../../emulator.ts";
import { settle } from "../../testing/scripted-environment.ts";
import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";
import { EventJournal } from "./event-journal.ts";
import { eventOf } from "./testing/queue-world.ts";

const directories: string[] = [];

afterEach(stopScriptedEmulators);
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

type World = Awaited<ReturnType<typeof startScriptedEmulator>>;

async function startWorld(): Promise<World> {
  const world = await startScriptedEmulator({ isManual: true });
  await world.call(`POST ${FUNCTIONS}`, newFunction("fn", { Publish: true }));
  await world.call(`POST ${FUNCTIONS}`, newFunction("records"));
  await world.call(`POST ${FUNCTIONS}/fn/aliases`, { Name: "live", FunctionVersion: "1" });
  return world;
}

function send({ call }: World, target: string, headers: Record<string, string> = {}) {
  return call(
    `POST ${FUNCTIONS}/${target}/invocations`,
    { n: 1 },
    { "x-amz-invocation-type": "Event", ...headers },
  );
}

/** Sets the destination of both kinds of record to the function "records". */
function report({ call }: World, target: string, more: object = {}) {
  const destination = { Destination: `${ARN}records` };
  const [name = "", query] = target.split("?");
  return call(
    `PUT /2019-09-25/functions/${name}/event-invoke-config${query === undefined ? "" : `?${query}`}`,
    { DestinationConfig: { OnSuccess: destination, OnFailure: destination }, ...more },
  );
}

/** The invocation that the `index`th environment has got, when it has. */
function invocation({ environments }: World, index: number) {
  return vi.waitFor(() => {
    const got = environments[index]?.invocations[0];
    if (got === undefined) throw new Error(`environment ${index} has got no event yet`);
    return got;
  });
}

function textOf({ payload }: { payload: Uint8Array }): string {
  return Buffer.from(payload).toString();
}

describe("AsynchronousInvocations", () => {
  test("sends the record of a success to a function, under the trace id of the event", async () => {
    const world = await startWorld();
    await report(world, "fn");
    const { headers } = await send(world, "fn", { "x-amzn-trace-id": TRACE });
    expect((await invocation(world, 0)).traceId).toBe(TRACE);
    world.environments[0]?.answer('{"done":true}');
    const got = await invocation(world, 1);
    expect(JSON.parse(textOf(got))).toEqual({
      version: "1.0",
      timestamp: "2023-11-14T22:13:20.000Z",
      requestContext: {
        requestId: headers.get("x-amzn-requestid"),
        functionArn: `${ARN}fn:$LATEST`,
        condition: "Success",
        approximateInvokeCount: 1,
      },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: "$LATEST" },
      responsePayload: { done: true },
    });
    expect(got.traceId).toBe(TRACE);
  });

  test("gives an event without a trace id one, and keeps it over its retries", async () => {
    const world = await startWorld();
    await send(world, "fn");
    const first = await invocation(world, 0);
    expect(first.traceId).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/,
    );
    world.environments[0]?.answer('{"errorMessage":"broken"}', { isFunctionError: true });
    world.environments[0]?.free();
    await vi.waitFor(() => {
      world.clock.advanceMs(60_000);
      expect(world.environments[0]?.invocations).toHaveLength(2);
    });
    expect(world.environments[0]?.invocations[1]).toMatchObject({
      requestId: first.requestId,
      traceId: first.traceId,
    });
  });

  test("follows the configuration of the qualifier that the caller named, and of no other", async () => {
    const world = await startWorld();
    await report(world, "fn?Qualifier=live", { MaximumRetryAttempts: 0 });
    await send(world, "fn:live");
    await invocation(world, 0);
    world.environments[0]?.answer('{"errorMessage":"broken"}', { isFunctionError: true });
    expect(JSON.parse(textOf(await invocation(world, 1)))).toMatchObject({
      requestContext: { functionArn: `${ARN}fn:live`, condition: "RetriesExhausted" },
      responseContext: { executedVersion: "1", functionError: "Unhandled" },
    });
    // The unqualified function has no destination: its success is not reported.
    await send(world, "fn");
    await invocation(world, 2);
    world.environments[2]?.answer();
    await send(world, "records");
    expect(JSON.parse(textOf(await invocation(world, 3)))).toEqual({ n: 1 });
  });

  test("reports an event at once, and runs none, where the reserved concurrency is zero", async () => {
    const world = await startWorld();
    await report(world, "fn");
    await world.call("PUT /2017-10-31/functions/fn/concurrency", {
      ReservedConcurrentExecutions: 0,
    });
    await send(world, "fn");
    const record = JSON.parse(textOf(await invocation(world, 0))) as object;
    expect(record).toMatchObject({
      requestContext: { condition: "ZeroReservedConcurrency", approximateInvokeCount: 0 },
      requestPayload: { n: 1 },
    });
    expect(record).not.toHaveProperty("responseContext");
    expect(world.environments).toHaveLength(1);
  });

  test("offers a record that was left to its target, and to none before it is there", async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), "pilotlight-left-"));
    directories.push(stateDirectory);
    const journal = new EventJournal(join(stateDirectory, "lambda", "events.jsonl"));
    const event = eventOf("a");
    journal.accept({ id: 1, event, ageMs: 0, failures: 0, delayMs: 0, report: undefined });
    const { condition, answer } = { condition: "Success", answer: undefined } as const;
    journal.conclude(1, {
      conclusion: {
        condition,
        answer,
        invokeCount: 1,
        epochMs: 0,
        statusCode: 200,
        error: undefined,
      },
      targets: [
        { kind: "destination", arn: "arn:aws:events:us-east-1:000000000000:event-bus/default" },
      ],
    });
    journal.close();
    const told: unknown[] = [];
    const emulator = await startEmulator({
      apiPort: 0,
      awsPort: 0,
      defaultFunction: "echo",
      stateDirectory,
      clock: new VirtualClock(),
      startEnvironment: () => {
        throw new Error("no function is invoked");
      },
      onError: (error) => told.push(error),
    });
    await settle();
    expect(await emulator.stop()).toMatchObject({});
    expect(told).toEqual([]);
    expect(new EventJournal(join(stateDirectory, "lambda", "events.jsonl")).restored).toEqual([]);
  });
});
