import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startDevServer } from "../../scripts/dev-server.ts";
import type { DevServer } from "../../scripts/dev-server.ts";
import { BAD_REQUESTS } from "./support/bad-requests.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import type { DefinitionFolder } from "./support/definition-folder.ts";
import { send, sendForJson } from "./support/http.ts";
import type { HttpAnswer, HttpQuestion } from "./support/http.ts";
import { SAMPLE_MODELS, SHARED } from "./support/repository.ts";
import {
  binarySample,
  expectedOutputs,
  jsonSample,
  outputsOf,
  sevenPng,
} from "./support/sample-requests.ts";
import type { SampleModel } from "./support/sample-requests.ts";
import { tensorDifference } from "./support/tensor-difference.ts";

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 60_000;
const BAD_MODELS = join(SHARED, "models/bad-models");
const hasBadModels = existsSync(join(BAD_MODELS, "bad-models.json"));

/** expected.json was printed with fewer digits than a float has. */
const TOLERANCE = { atol: 1e-5, rtol: 1e-5 };

interface BadModel {
  /** As the definition names it. */
  readonly name: string;
  readonly artifact: string;
}

function readBadModels(): readonly BadModel[] {
  if (!hasBadModels) return [];
  const list = JSON.parse(readFileSync(join(BAD_MODELS, "bad-models.json"), "utf8")) as readonly {
    file: string;
  }[];
  return list.map(({ file }) => {
    return { name: file.replace(/\.onnx$/, ""), artifact: join(BAD_MODELS, file) };
  });
}

/** What an error has to say of each model that cannot be loaded. */
const CAUSES: Readonly<Record<string, RegExp>> = {
  "map-input-pipeline-vectorize": /input "float_input" is no tensor/,
  "ancient-opset-mnist": /opset.*Add\(1\)/,
  "git-lfs-pointer": /Git LFS pointer.*git lfs pull/,
  truncated: /truncated or damaged/,
  bitflip: /truncated or damaged/,
  empty: /empty \(0 bytes\)/,
};

const badModels = readBadModels();
let folder: DefinitionFolder;
let server: DevServer;

beforeAll(async () => {
  const entries = badModels.map(({ name, artifact }) => [name, { artifact }] as const);
  folder = await makeDefinitionFolder({ ...SAMPLE_MODELS, ...Object.fromEntries(entries) });
  server = await startDevServer(folder.path);
  await expectGoodAnswer("digits", "true");
  await expectGoodAnswer("biopsy", "true");
}, START_TIMEOUT_MS);

afterAll(async () => {
  await server.stop();
  await folder.remove();
});

function ask(model: SampleModel, question: HttpQuestion): Promise<HttpAnswer> {
  return send(`${server.api}/v2/models/${model}/infer`, question);
}

/** Asks a model for its sample, and expects the answer from an environment that is new or not. */
async function expectGoodAnswer(model: SampleModel, cold: "true" | "false"): Promise<void> {
  const answer = await ask(model, jsonSample(model));
  expect([answer.statusCode, answer.headers["x-pilotlight-cold"]]).toEqual([200, cold]);
  expectSampleOutputs(model, answer);
}

function expectSampleOutputs(model: SampleModel, answer: HttpAnswer): void {
  const outputs = outputsOf(answer);
  const differences = expectedOutputs(model).map((want) =>
    tensorDifference(
      outputs.find(({ name }) => name === want.name),
      want,
      TOLERANCE,
    ),
  );
  expect(differences).toEqual(differences.map(() => undefined));
}

describe("a bad request", { timeout: TEST_TIMEOUT_MS }, () => {
  test.each(BAD_REQUESTS)(
    "$title gets $status with its cause, and its environment answers the next one",
    async ({ path, question, status, error, model }) => {
      const answer = await sendForJson(`${server.api}${path}`, question());
      // The HTTP API itself, which refuses large bodies, adds a message of its own.
      const { error: text, message: _ofTheApi, ...others } = answer.json as Record<string, unknown>;
      expect([answer.statusCode, text, others]).toEqual([status, expect.stringMatching(error), {}]);
      expect(answer.headers["content-type"]).toMatch(/^application\/json/);
      await expectGoodAnswer(model ?? "biopsy", "false");
    },
  );
});

describe("a good request", { timeout: TEST_TIMEOUT_MS }, () => {
  const compressions = {
    gzip: { encoding: "gzip", compress: gzipSync },
    deflate: { encoding: "deflate", compress: deflateSync },
    "deflate without a zlib header": { encoding: "deflate", compress: deflateRawSync },
  };

  test.each(Object.entries(compressions))("may be compressed: %s", async (_title, each) => {
    for (const question of [jsonSample("digits"), binarySample("digits")]) {
      const answer = await ask("digits", {
        headers: { ...question.headers, "content-encoding": each.encoding },
        body: each.compress(question.body ?? ""),
      });
      expect(answer.statusCode).toBe(200);
      expectSampleOutputs("digits", answer);
    }
  });

  test.each(["biopsy", "digits"] as const)("may be binary: %s", async (model) => {
    const answer = await ask(model, binarySample(model));
    expect(answer.headers["inference-header-content-length"]).toBeDefined();
    expectSampleOutputs(model, answer);
  });

  test("may be a PNG, with or without its type", async () => {
    for (const headers of [{}, { "content-type": "image/png" }]) {
      const question = { headers, body: sevenPng() };
      const { statusCode, json } = await sendForJson(`${server.api}/predict/digits`, question);
      expect(statusCode).toBe(200);
      expect(json).toMatchObject({ label: 7, probabilities: expect.any(Array) as unknown });
    }
  });
});

describe.skipIf(!hasBadModels)(
  "bad models in a definition (needs the shared folder)",
  { timeout: TEST_TIMEOUT_MS },
  () => {
    const unloadable = badModels.filter(({ name }) => CAUSES[name] !== undefined);

    test("are all known here", () => {
      const known = [
        ...Object.keys(CAUSES),
        "needs-locale",
        "shape-inference-error-ppocr-det",
        "zipmap-output-logreg-iris",
      ];
      expect(badModels.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
    });

    test.each(unloadable)("$name answers 503 with file and cause", async ({ name, artifact }) => {
      const url = `${server.api}/v2/models/${name}`;
      const answers = [
        await sendForJson(`${url}/infer`, { body: "{}" }),
        await sendForJson(`${url}/ready`),
      ];
      for (const { statusCode, json } of answers) {
        expect(statusCode).toBe(503);
        expect(json).toEqual({ error: expect.stringContaining(artifact) as string });
        expect(json).toEqual({ error: expect.stringMatching(CAUSES[name] ?? /$^/) as string });
      }
      await expectGoodAnswer("digits", "false");
    });

    test("needs-locale loads where the system has en_US.UTF-8, and names the locale elsewhere", async () => {
      const { statusCode, body } = await send(`${server.api}/v2/models/needs-locale/ready`);
      const text = body.toString();
      const isLoaded = statusCode === 200 && text.includes('"needs-locale"');
      const isNamed = statusCode === 503 && /needs-locale\.onnx.*locale.*en_US\.UTF-8/.test(text);
      expect([isLoaded || isNamed, text]).toEqual([true, text]);
    });

    test("shape-inference-error-ppocr-det fails with ONNX Runtime's cause, at load or at its run", async () => {
      const data = Array.from({ length: 3 * 32 * 32 }, () => 0);
      const inputs = [{ name: "x", datatype: "FP32", shape: [1, 3, 32, 32], data }];
      const url = `${server.api}/v2/models/shape-inference-error-ppocr-det/infer`;
      const { statusCode, body } = await send(url, { body: JSON.stringify({ inputs }) });
      const text = body.toString();
      // One version of ONNX Runtime has been seen to do both: to refuse the file, and to load it and fail at the run.
      const isRefused = statusCode === 503 && /ppocr-det\.onnx.*ShapeInferenceError/.test(text);
      const isFailed = statusCode === 400 && /refuses these inputs.*Shape mismatch/.test(text);
      expect([isRefused || isFailed, text]).toEqual([true, text]);
      await expectGoodAnswer("digits", "false");
    });

    test("zipmap-output-logreg-iris gives its tensor output and no other", async () => {
      const url = `${server.api}/v2/models/zipmap-output-logreg-iris`;
      const { json } = await sendForJson(url);
      expect(json).toMatchObject({ outputs: [{ name: "label", datatype: "INT64" }] });
      // A setosa, the first row of the iris data: class 0.
      const data = [5.1, 3.5, 1.4, 0.2];
      const inputs = [{ name: "float_input", datatype: "FP32", shape: [1, 4], data }];
      const answer = await send(`${url}/infer`, { body: JSON.stringify({ inputs }) });
      expect(answer.statusCode).toBe(200);
      expect(outputsOf(answer).map(({ name }) => name)).toEqual(["label"]);
    });
  },
);
