import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { encodeInferRequest } from "@pilotlight/protocol";

import { startDevServer } from "../../scripts/dev-server.ts";
import type { DevServer } from "../../scripts/dev-server.ts";
import { runBareSession } from "./support/bare-session.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import type { DefinitionFolder } from "./support/definition-folder.ts";
import { sendForJson } from "./support/http.ts";
import { askOver } from "./support/infer.ts";
import type { WireForm } from "./support/infer.ts";
import { doubledCase } from "./support/io-batch.ts";
import { readIoModels } from "./support/io-file.ts";
import type { IoCase, IoModel, SingleCase } from "./support/io-file.ts";
import { runIoCase } from "./support/io-run.ts";
import { readIoTensor } from "./support/io-tensor.ts";
import { hasShared, SHARED } from "./support/repository.ts";

/** Keep-alive is so much shorter that models which are done let go of their memory. */
const SPEED = "60";
const START_TIMEOUT_MS = 60_000;
const CASE_TIMEOUT_MS = 60_000;

/** Calls of a sequence or a text that go as JSON too; binary runs all of them. */
const JSON_STEPS_MAX = 60;

/**
 * Models whose numbers depend on the processor: ONNX Runtime's int8 kernels round otherwise with VNNI than with AVX2,
 * and the expected outputs come from one of the two. Of these only the top index is compared with the file, and the
 * numbers with those of a bare session on this machine.
 */
const INT8_MODELS: readonly string[] = ["shufflenet-v2-int8"];

const models = (hasShared ? readIoModels(join(SHARED, "models")) : []).map(withLenience);

function withLenience(model: IoModel): IoModel {
  if (!INT8_MODELS.includes(model.folder)) return model;
  const tolerance = { mode: "argmax" } as const;
  const cases = model.cases.map((each) => (each.kind === "single" ? { ...each, tolerance } : each));
  return { ...model, cases };
}

interface Row {
  readonly title: string;
  readonly each: IoCase;
  readonly form: WireForm;
  readonly stepsMax: number;
}

function rowsOf({ cases }: IoModel): readonly Row[] {
  return cases.flatMap((each) => {
    const steps = stepsOf(each);
    const isCut = steps > JSON_STEPS_MAX;
    const cut = isCut ? `, the first ${JSON_STEPS_MAX} of ${steps} calls` : "";
    return [
      { title: `${each.id} in JSON${cut}`, each, form: "JSON", stepsMax: JSON_STEPS_MAX },
      { title: `${each.id} in binary`, each, form: "binary", stepsMax: Infinity },
    ];
  });
}

function stepsOf(each: IoCase): number {
  if (each.kind === "sequence") return each.steps;
  return each.kind === "generate" ? each.maxNewTokens : 1;
}

function inferUrl(server: DevServer, model: IoModel): string {
  return `${server.api}/v2/models/${model.name}/infer`;
}

describe.skipIf(!hasShared)(
  "models with known answers (needs the shared folder)",
  { timeout: CASE_TIMEOUT_MS },
  () => {
    let folder: DefinitionFolder;
    let server: DevServer;

    beforeAll(async () => {
      folder = await makeDefinitionFolder(
        Object.fromEntries(models.map(({ name, artifact }) => [name, { artifact }])),
      );
      server = await startDevServer(folder.path, { PILOTLIGHT_SPEED: SPEED });
    }, START_TIMEOUT_MS);

    afterAll(async () => {
      await server.stop();
      await folder.remove();
    });

    test("there are models of every kind of case", () => {
      const kinds = models.flatMap(({ cases }) => cases.map(({ kind }) => kind));
      expect(new Set(kinds)).toEqual(new Set(["single", "sequence", "generate"]));
    });

    describe.each(models)("$folder", (model) => {
      test.each(rowsOf(model))(
        "answers $title within the tolerance",
        async ({ each, form, stepsMax }) => {
          const ask = askOver(inferUrl(server, model), { form });
          expect(await runIoCase(each, { model, ask, stepsMax })).toEqual([]);
        },
      );

      test("describes itself as its file does", async () => {
        const { json } = await sendForJson(`${server.api}/v2/models/${model.name}`);
        const names = ({ inputs, outputs }: IoModel): unknown =>
          [inputs, outputs].map((tensors) =>
            tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
          );
        expect(names(json as IoModel)).toEqual(names(model));
      });
    });

    const int8Cases = models
      .filter(({ folder: name }) => INT8_MODELS.includes(name))
      .flatMap((model) =>
        model.cases
          .filter((each) => each.kind === "single")
          .map((each) => ({ model, each, title: `${model.folder} ${each.id}` })),
      );

    test.each(int8Cases)(
      "$title gets the numbers of a bare session on this processor",
      async ({ model, each }) => {
        const inputs = each.inputs.map((input) => readIoTensor(model.directory, input));
        const [want] = await runBareSession(model.artifact, inputs);
        const [got] = await askOver(inferUrl(server, model), { form: "binary" })(inputs);
        expect(got).toEqual(want);
      },
    );

    const doubled = models.flatMap((model) => {
      const each = doubledCase(model);
      return each === undefined ? [] : [{ model, each, folder: model.folder }];
    });

    test.each(doubled)(
      "$folder answers twice the batch with twice the rows",
      async ({ model, each }) => {
        const ask = askOver(inferUrl(server, model), { form: "binary" });
        const got = await ask(each.inputs);
        expect(each.differences(got)).toEqual([]);
      },
    );

    describe("an answer of two 672 x 672 pictures", () => {
      const model = models.find(({ folder: name }) => name === "superres") as IoModel;

      function twoPictures() {
        const [picture] = (model.cases[0] as SingleCase).inputs.map((input) =>
          readIoTensor(model.directory, input),
        );
        if (picture === undefined) throw new Error("superres has no input");
        const pixels = picture.data as Float32Array;
        const data = new Float32Array(pixels.length * 2);
        data.set(pixels);
        data.set(pixels, pixels.length);
        return { ...picture, shape: [2, ...picture.shape.slice(1)], data };
      }

      test("is refused in JSON with the remedy, and given in binary", async () => {
        const url = inferUrl(server, model);
        const question = encodeInferRequest({ inputs: [twoPictures()], isBinary: false });
        const { statusCode, json } = await sendForJson(url, question);
        expect(statusCode).toBe(413);
        expect(json).toEqual({
          error: expect.stringMatching(
            /binary_data_output.*binary tensor data extension/,
          ) as string,
        });
        const [output] = await askOver(url, { form: "binary" })([twoPictures()]);
        expect(output?.shape).toEqual([2, 1, 672, 672]);
      });
    });
  },
);
