import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Random } from "@pilotlight/core";
import { seededRandom } from "@pilotlight/core/testing";

import { startDevServer } from "../../scripts/dev-server.ts";
import type { DevServer } from "../../scripts/dev-server.ts";
import { mutatedRequest, questionOf } from "./support/body-mutation.ts";
import type { WireRequest } from "./support/body-mutation.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import type { DefinitionFolder } from "./support/definition-folder.ts";
import { send } from "./support/http.ts";
import type { HttpQuestion } from "./support/http.ts";
import { SAMPLE_MODELS } from "./support/repository.ts";
import { binarySample, jsonSample, sevenPng } from "./support/sample-requests.ts";

const REQUESTS = Number(process.env["PILOTLIGHT_MUTATIONS"] ?? 10_000);
const SEED = Number(process.env["PILOTLIGHT_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** As many environments of each function are started. */
const CONCURRENCY = 4;

const START_TIMEOUT_MS = 60_000;
/** 10,000 take less than a minute on two cores. */
const RUN_TIMEOUT_MS = Math.max(240_000, REQUESTS * 24);
const FAILURES_MAX = 10;

function wireRequest(path: string, { headers = {}, body = "" }: HttpQuestion): WireRequest {
  return { path, headers, body: Buffer.from(body) };
}

function goodRequests(): readonly WireRequest[] {
  return [
    ...(["biopsy", "digits"] as const).flatMap((model) => [
      wireRequest(`/v2/models/${model}/infer`, jsonSample(model)),
      wireRequest(`/v2/models/${model}/infer`, binarySample(model)),
    ]),
    wireRequest("/predict/digits", { headers: { "content-type": "image/png" }, body: sevenPng() }),
  ];
}

/** Mutants of the good requests in turn, all from one seed. */
function mutants(originals: readonly WireRequest[], random: Random): readonly WireRequest[] {
  return Array.from({ length: REQUESTS }, (_, index) =>
    mutatedRequest(originals[index % originals.length] as WireRequest, random),
  );
}

interface Outcome {
  readonly request: WireRequest;
  /** HTTP status, or why no answer came. */
  readonly result: number | string;
  readonly text: string;
}

async function post(api: string, request: WireRequest): Promise<Outcome> {
  try {
    const { statusCode, body } = await send(`${api}${request.path}`, questionOf(request));
    return { request, result: statusCode, text: body.toString("latin1") };
  } catch (error) {
    return { request, result: `no answer: ${String(error)}`, text: "" };
  }
}

async function postAll(api: string, requests: readonly WireRequest[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = requests.values();
  const worker = async (): Promise<void> => {
    for (const request of queue) outcomes.push(await post(api, request));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return outcomes;
}

function isFailure({ result, text }: Outcome): boolean {
  if (typeof result !== "number" || result >= 500) return true;
  return result >= 400 && !/^\{"error":".+"\}$/s.test(text);
}

function shownOutcome({ request, result, text }: Outcome): object {
  const body = Buffer.from(request.body);
  return {
    result,
    text: text.slice(0, 300),
    path: request.path,
    headers: request.headers,
    body: body.subarray(0, 2000).toString("latin1"),
    bodyBytes: body.length,
  };
}

describe("mutated requests", () => {
  let folder: DefinitionFolder;
  let server: DevServer;

  beforeAll(async () => {
    folder = await makeDefinitionFolder(SAMPLE_MODELS);
    server = await startDevServer(folder.path);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  test(
    `${REQUESTS} of them never get a 5xx or a dropped connection, and good ones work afterwards`,
    async () => {
      console.log(`mutated requests: repeat with PILOTLIGHT_SEED=${SEED}`);
      const originals = goodRequests();
      const before = await postAll(server.api, originals);
      expect(before.map(({ result }) => result)).toEqual(originals.map(() => 200));

      const outcomes = await postAll(server.api, mutants(originals, seededRandom(SEED)));
      const failures = outcomes.filter(isFailure).slice(0, FAILURES_MAX).map(shownOutcome);
      expect(failures, `PILOTLIGHT_SEED=${SEED}`).toEqual([]);
      expect(outcomes).toHaveLength(REQUESTS);
      // Mutants that all pass, or all fail at the first check, would test nothing.
      const statuses = new Set(outcomes.map(({ result }) => result));
      expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 415]));

      const after = await postAll(server.api, originals);
      expect(after.map(({ result }) => result)).toEqual(originals.map(() => 200));
    },
    RUN_TIMEOUT_MS,
  );
});
