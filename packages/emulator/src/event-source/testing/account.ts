import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";

import { AwsError } from "../../lambda/aws-error.ts";
import type { RequestMembers } from "../../lambda/function-input.ts";
import { FunctionStore } from "../../lambda/function-store.ts";
import { EventSources } from "../event-sources.ts";
import { FakeFunction } from "./fake-function.ts";
import { FakeQueue } from "./fake-queue.ts";

export const QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue";
export const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:consumer";

const cleanUps: (() => void)[] = [];

/** Removes the folders of all accounts that a test has made. */
export function removeAccounts(): void {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
}

/** An account with one queue, one function and the mappings between them. */
export function account({ isFifo = false, settleMs = 0 } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "pilotlight-event-source-"));
  cleanUps.push(() => rmSync(directory, { recursive: true }));
  const journalPath = join(directory, "event-source-mappings.jsonl");
  const clock = new VirtualClock();
  const queue = new FakeQueue({ clock, isFifo });
  const consumer = new FakeFunction();
  const store = new FunctionStore({ clock, onRetired: () => undefined });
  createFunction(store, 30);
  const start = () =>
    new EventSources({
      store,
      queues: queue,
      functions: consumer,
      clock,
      journalPath,
      concurrencyMax: 100,
      settleMs,
      onError: (error) => {
        throw error;
      },
    });
  return { clock, queue, consumer, store, start, sources: start(), journalPath };
}

/** Makes the function, with a timeout. */
export function createFunction(store: FunctionStore, timeoutSec: number): void {
  const record = store.create("consumer", {
    settings: {
      description: "",
      handler: "index.handler",
      runtime: "nodejs24.x",
      role: "arn:aws:iam::000000000000:role/any",
      memoryMb: 128,
      timeoutSec,
      architecture: "x86_64",
      variables: {},
      ephemeralStorageMb: 512,
      nodePath: [],
    },
    code: { directory: "/nowhere", sha256: "", sizeBytes: 0, isOwned: false },
  });
  store.finishCreation(record);
}

/** A request to create a mapping between the two. */
export const members = (more: RequestMembers = {}): RequestMembers => ({
  FunctionName: "consumer",
  EventSourceArn: QUEUE,
  ...more,
});

/** What `run` is refused with. */
export function refusal(run: () => unknown): { type: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsError) return { type: error.type, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

export const uuidOf = (body: Readonly<Record<string, unknown>>) => String(body["UUID"]);
