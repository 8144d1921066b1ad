import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "./support/eventually.ts";

const PROGRAM = join(import.meta.dirname, "support/emulator-process.ts");

/** Real processes start here, on machines that may be busy. */
const PATIENCE_MS = 60_000;

/** A retry after one minute comes after one second. */
const SPEED = 60;

/** More than run at once. */
const EVENTS = 20;

/** Writes down each event that it gets, and answers when the file `open` is there. */
const HANDLER = `
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
const here = import.meta.dirname;
export const handler = async (event, context) => {
  while (!existsSync(here + "/open")) await sleep(20);
  appendFileSync(here + "/received", event.id + " " + context.awsRequestId + "\\n");
  if (event.fail) throw new Error("as asked");
};`;

let directory: string;
let state: string;
let code: string;
const processes: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "asynchronous-"));
  state = join(directory, "state");
  code = await mkdtemp(join(directory, "code-"));
  await writeFile(join(code, "index.mjs"), HANDLER);
});

afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) await ended(child, "SIGKILL");
  }
  await rm(directory, { recursive: true, force: true });
});

interface EmulatorProcess {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
  readonly client: LambdaClient;
}

async function start(): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, [PROGRAM, state, code, String(SPEED)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  processes.push(child);
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  createInterface(child.stderr).on("line", (line) => errors.push(line));
  const line = await eventually("the emulator's address", () => lines[0]);
  const { aws } = JSON.parse(line) as { aws: string };
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new LambdaClient({ endpoint: aws, region: "us-east-1", credentials });
  return { child, lines, errors, client };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const closed = once(child, "close");
  child.kill(signal);
  await closed;
}

async function accept({ client }: EmulatorProcess, event: object): Promise<string> {
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: "appends",
      InvocationType: "Event",
      Payload: JSON.stringify(event),
    }),
  );
  expect(answer.StatusCode).toBe(202);
  return answer.$metadata.requestId ?? "";
}

/** What the function has received, as `id requestId`. */
function received(): string[] {
  const path = join(code, "received");
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

function journal(): string {
  return readFileSync(join(state, "lambda", "events.jsonl"), "utf8");
}

async function untilAllHaveEnded(): Promise<void> {
  await eventually("the end of every event", () => {
    const kept = journal().matchAll(/"kind":"kept","kept":\{"id":(\d+)/g);
    const gone = new Set([...journal().matchAll(/"kind":"ended","id":(\d+)/g)].map(([, id]) => id));
    return [...kept].every(([, id]) => gone.has(id));
  });
}

describe("asynchronous events", () => {
  test(
    "are all delivered by the next emulator when this one is killed, with their request ids",
    async () => {
      const first = await start();
      const accepted: string[] = [];
      for (let id = 0; id < EVENTS; id += 1) accepted.push(`${id} ${await accept(first, { id })}`);
      await ended(first.child, "SIGKILL");
      expect(received()).toEqual([]);

      await writeFile(join(code, "open"), "");
      await start();
      await eventually("every event", () => received().length >= EVENTS);
      await untilAllHaveEnded();
      // At least once, on the whole: what ran when the emulator was killed may have been received twice.
      expect(new Set(received())).toEqual(new Set(accepted));
    },
    PATIENCE_MS,
  );

  test(
    "are not delivered again once they were acknowledged, whatever ends the emulator",
    async () => {
      await writeFile(join(code, "open"), "");
      const first = await start();
      for (let id = 0; id < EVENTS; id += 1) await accept(first, { id });
      await eventually("every event", () => received().length === EVENTS);
      await untilAllHaveEnded();
      await ended(first.child, "SIGKILL");

      const second = await start();
      await accept(second, { id: "last" });
      await eventually("the last event", () => received().length > EVENTS);
      await untilAllHaveEnded();
      expect(received()).toHaveLength(EVENTS + 1);
      await ended(second.child, "SIGTERM");
      expect(second.lines.at(-1)).toBe('{"keptEvents":0,"lostDeliveries":0}');
    },
    PATIENCE_MS,
  );

  test(
    "keep their count of failures over a stop in order, which says how many are kept",
    async () => {
      await writeFile(join(code, "open"), "");
      const first = await start();
      await accept(first, { id: "a", fail: true });
      await eventually("the first attempt", () => journal().includes('"kind":"failed"'));
      await ended(first.child, "SIGTERM");
      expect(first.lines.at(-1)).toBe('{"keptEvents":1,"lostDeliveries":0}');

      const second = await start();
      await untilAllHaveEnded();
      expect(received()).toHaveLength(3);
      await eventually("the line about it", () => second.errors.length > 0);
      expect(second.errors).toEqual([
        expect.stringMatching(/^ERR_EVENT_DROPPED: .* was dropped: RetriesExhausted after 3/),
      ]);
      expect(new Set(received()).size).toBe(1);
    },
    PATIENCE_MS,
  );
});
