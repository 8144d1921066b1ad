import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { TraceEvent } from "@pilotlight/emulator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { callerOf, type Caller, faultsOf, makeApplication } from "./support/chaos.ts";
import { startCommand, untilReady } from "./support/command.ts";
import { eventually } from "./support/eventually.ts";
import { descendantsOf, hasProc, stillRunning } from "./support/processes.ts";
import { REPOSITORY } from "./support/repository.ts";

/** Emulated minutes; each takes a second. The long form has 30. */
const MINUTES = Number(process.env["PILOTLIGHT_CHAOS_MINUTES"] ?? 6);
const SEED = Number(process.env["PILOTLIGHT_SEED"] ?? Math.floor(Math.random() * 1e9));
const SPEED = 60;

/** Between two rounds of requests, real time. */
const ROUND_MS = 100;
/** What is accepted must have ended by then, real time: retries end after three emulated minutes, throttles later. */
const DRAIN_MS_MAX = 60_000;
/** How much larger the emulator may be at its end than early on: collections come when they come. */
const GROWTH_MAX = 1.5;

interface Accepted {
  readonly events: Map<string, string>;
  readonly messages: Set<string>;
}

describe.skipIf(!hasProc)("an emulator under chaos (needs /proc)", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "chaos-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const linesOf = (name: string): string[] => {
    return readFileSync(join(folder, name), "utf8")
      .split("\n")
      .filter((line) => line !== "");
  };

  test(
    `loses nothing, repeats nothing that was acknowledged, leaves no process and does not grow: ${MINUTES} emulated minutes`,
    async () => {
      console.log(`PILOTLIGHT_SEED=${SEED}`);
      const command = startCommand(["dev", join(REPOSITORY, "inference.config.ts")], {
        variables: {
          PILOTLIGHT_SPEED: String(SPEED),
          PILOTLIGHT_STATE: join(folder, "state"),
          PILOTLIGHT_TRACE: join(folder, "trace"),
        },
      });
      const call = callerOf((await untilReady(command)).aws);
      await makeApplication(call, join(folder, "ledger"));
      const sizes: number[] = [];
      const accepted = await underChaos(call, () => sizes.push(residentKb(command.pid)));
      await call("lambda", "DELETE /_pilotlight/faults");
      await drained(call, accepted);

      const children = descendantsOf(command.pid);
      command.kill("SIGTERM");
      await command.ended;
      await eventually("the end of every process", () => stillRunning(children).length === 0);
      expect(faultsThatStruck()).toBeGreaterThan(MINUTES);
      expect(repeatedAfterSuccess(accepted)).toEqual([]);
      expect(growth(sizes)).toBeLessThan(GROWTH_MAX);
    },
    MINUTES * 2_000 + DRAIN_MS_MAX + 30_000,
  );

  /** Sends requests of every kind while faults strike. @returns What the emulator has accepted. */
  async function underChaos(call: Caller, sample: () => void): Promise<Accepted> {
    const nextFault = faultsOf(SEED, ["events", "messages"]);
    const accepted: Accepted = { events: new Map(), messages: new Set() };
    const { body } = await call("sqs", "GetQueueUrl", { QueueName: "work" });
    const { QueueUrl } = body as { QueueUrl: string };
    const endMs = performance.now() + MINUTES * 1_000;
    for (let round = 0; performance.now() < endMs; round += 1) {
      if (round % 2 === 0) await call("lambda", "POST /_pilotlight/faults", nextFault());
      await Promise.all([
        ...[0, 1].map((index) => sendEvent(call, { id: `event-${round}-${index}`, accepted })),
        sendMessage(call, { id: `message-${round}`, QueueUrl, accepted }),
        call("lambda", "POST /2015-03-31/functions/events/invocations", {}),
      ]);
      sample();
      await pause(ROUND_MS);
    }
    return accepted;
  }

  async function sendEvent(
    call: Caller,
    { id, accepted }: { id: string; accepted: Accepted },
  ): Promise<void> {
    const { status, headers } = await call(
      "lambda",
      "POST /2015-03-31/functions/events/invocations?event",
      { id },
    );
    if (status === 202) accepted.events.set(id, headers.get("x-amzn-requestid") ?? "");
  }

  async function sendMessage(
    call: Caller,
    { id, QueueUrl, accepted }: { id: string; QueueUrl: string; accepted: Accepted },
  ): Promise<void> {
    const message = { QueueUrl, MessageBody: JSON.stringify({ id }) };
    if ((await call("sqs", "SendMessage", message)).status === 200) accepted.messages.add(id);
  }

  /** Waits until everything that was accepted is done, or is where what has failed goes. */
  async function drained(call: Caller, accepted: Accepted): Promise<void> {
    expect(accepted.events.size).toBeGreaterThan(0);
    expect(accepted.messages.size).toBeGreaterThan(0);
    const ended = new Set<string>();
    const open = () => {
      for (const id of linesOf("ledger")) ended.add(id);
      return [...accepted.events.keys(), ...accepted.messages].filter((id) => !ended.has(id));
    };
    const isDrained = async () => {
      for (const id of await deadIds(call)) ended.add(id);
      return open().length === 0;
    };
    await eventually("the end of all that was accepted", isDrained, {
      limitMs: DRAIN_MS_MAX,
    }).catch(() => undefined);
    expect(open()).toEqual([]);
  }

  const faultsThatStruck = () =>
    linesOf("trace").filter((line) => line.startsWith('{"event":"fault"')).length;

  /** Request ids that were invoked again after the function had answered without an error. */
  function repeatedAfterSuccess({ events }: Accepted): string[] {
    const asynchronous = new Set(events.values());
    const done = new Set<string>();
    const repeated: string[] = [];
    for (const line of linesOf("trace")) {
      const event = JSON.parse(line) as TraceEvent;
      if (event.event !== "invocation" || !asynchronous.has(event.requestId)) continue;
      if (done.has(event.requestId)) repeated.push(event.requestId);
      if (!event.isFunctionError) done.add(event.requestId);
    }
    return repeated;
  }
});

/** Ids of events and messages that were given up, in the queues for them; they are read once. */
async function deadIds(call: Caller): Promise<string[]> {
  const ids: string[] = [];
  for (const QueueName of ["dead-events", "dead-work"]) {
    const { body } = await call("sqs", "GetQueueUrl", { QueueName });
    const received = await call("sqs", "ReceiveMessage", {
      ...(body as object),
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 43_200,
    });
    const { Messages = [] } = received.body as { Messages?: { Body: string }[] };
    for (const { Body } of Messages) {
      const message = JSON.parse(Body) as { id?: string; requestPayload?: { id: string } };
      ids.push(message.id ?? message.requestPayload?.id ?? "");
    }
  }
  return ids;
}

function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
}

/** The last quarter beside the second, when everything has been used once. */
function growth(sizes: readonly number[]): number {
  const quarter = Math.floor(sizes.length / 4);
  const mean = (part: readonly number[]) => part.reduce((sum, size) => sum + size, 0) / part.length;
  return mean(sizes.slice(-quarter)) / mean(sizes.slice(quarter, 2 * quarter));
}
