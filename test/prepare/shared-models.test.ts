import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { SessionSpec } from "@pilotlight/core";
import { modelLayer, prepareModel } from "@pilotlight/runtime/prepare";
import type { KeptModel, PreparedModel } from "@pilotlight/runtime/prepare";

import { readIoModels } from "../end-to-end/support/io-file.ts";
import type { IoCase, IoModel } from "../end-to-end/support/io-file.ts";
import { runIoCase } from "../end-to-end/support/io-run.ts";
import { hasShared, SHARED } from "../end-to-end/support/repository.ts";
import { openPrepared } from "./prepared-session.ts";

const SPEC: SessionSpec = { threads: 1, optimization: "all", warmUp: false };
const CASE_TIMEOUT_MS = 60_000;

/** Calls of a sequence or a text: enough for states to drift apart if they would. */
const STEPS_MAX = 60;

/** Numbers of int8 kernels depend on the processor, and the files come from another one: only the top index counts. */
const INT8_MODELS: readonly string[] = ["shufflenet-v2-int8"];

/** Models that stay as they are, each with a part of the reason. */
const KEPT: Readonly<Record<string, string>> = {
  "light/bvlc_alexnet": "its prepared form has 233 MB, as its graph computes the weights",
  "light/vgg19": "its prepared form has 490 MB, as its graph computes the weights",
  "light/zfnet512": "its prepared form has 324 MB, as its graph computes the weights",
};

/** Files that do not load, each with a part of the reason. */
const BAD: Readonly<Record<string, string>> = {
  "ancient-opset-mnist": "operator or opset that this ONNX Runtime lacks",
  bitflip: "truncated or damaged",
  empty: "it is empty",
  "git-lfs-pointer": "Git LFS pointer",
  "map-input-pipeline-vectorize": 'its input "float_input" is no tensor',
  truncated: "truncated or damaged",
};

/** Large ones, seconds each: only `npm run test:long` prepares them. */
const LARGE: readonly string[] = [
  "light/bvlc_alexnet",
  "light/densenet121",
  "light/inception_v2",
  "light/resnet50",
  "light/vgg19",
  "light/zfnet512",
];
const IS_LONG = process.env["PILOTLIGHT_PREPARE"] === "all";

const models = (hasShared ? readIoModels(join(SHARED, "models")) : []).filter(
  ({ folder }) => IS_LONG || !LARGE.includes(folder),
);

/** The tolerance that the model's file gives its numbers, the widest of its cases; nothing where it has none. */
function toleranceOf({ cases }: IoModel) {
  const given = cases.flatMap((each) => ("tolerance" in each ? [each.tolerance] : []));
  const absolute = Math.max(...given.map(({ atol = 0 }) => atol));
  const relative = Math.max(...given.map(({ rtol = 0 }) => rtol));
  return Number.isFinite(absolute) ? { tolerance: { absolute, relative } } : {};
}

function withLenience(each: IoCase, { folder }: IoModel): IoCase {
  if (!INT8_MODELS.includes(folder) || each.kind !== "single") return each;
  return { ...each, tolerance: { mode: "argmax" } };
}

describe.skipIf(!hasShared)(
  "models with known answers, prepared for cold starts (needs the shared folder)",
  { timeout: CASE_TIMEOUT_MS },
  () => {
    let root: string;
    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "pilotlight-prepared-"));
    });
    afterAll(() => rm(root, { recursive: true, force: true }));

    async function prepare(artifact: string, name: string, options: object = {}) {
      const directory = join(root, name);
      return {
        directory,
        model: await prepareModel({ artifact, directory, spec: SPEC, ...options }),
      };
    }

    test("there are models of every kind of case", () => {
      const kinds = models.flatMap(({ cases }) => cases.map(({ kind }) => kind));
      expect(new Set(kinds)).toEqual(new Set(["single", "sequence", "generate"]));
    });

    test.each(models)("$folder answers as its file says, in its first session", async (each) => {
      const { model, directory } = await prepare(each.artifact, each.name, toleranceOf(each));
      expect(outcomeOf(model)).toContain(KEPT[each.folder] ?? "prepared");
      // What stays as it is answers as it always did.
      if (model.outcome === "kept") return;
      const session = await openPrepared({ model, directory, spec: SPEC });
      for (const one of each.cases) {
        const lenient = withLenience(one, each);
        const faults = await runIoCase(lenient, {
          model: each,
          ask: session.ask,
          stepsMax: STEPS_MAX,
        });
        expect(faults).toEqual([]);
      }
      await session.release();
      await rm(directory, { recursive: true });
    });

    test.each(Object.entries(BAD))("bad-models/%s stays as it is: %s", async (name, reason) => {
      const artifact = join(SHARED, `models/bad-models/${name}.onnx`);
      const { model } = await prepare(artifact, name);
      expect(outcomeOf(model)).toContain(reason);
      expect(model.files.map((file) => file.name)).toEqual(["model.onnx"]);
    });

    test("a model keeps its original when a tolerance is asked that its numbers miss", async () => {
      const artifact = join(SHARED, "models/basic-pitch/model.onnx");
      const tolerance = { absolute: 1e-9, relative: 0 };
      const { model } = await prepare(artifact, "strict", { tolerance });
      expect(outcomeOf(model)).toMatch(
        /computes something else: output "StatefulPartitionedCall:\d" differs at element \d+: .* \(largest difference /,
      );
    });

    test("the same model gives the same layer, whatever the numbers of its seed", async () => {
      const artifact = join(SHARED, "models/silero-vad/model.onnx");
      const one = await prepare(artifact, "seed-1", { seed: 1 });
      const other = await prepare(artifact, "seed-2", { seed: 2 });
      expect(modelLayer(one.model.files)).toEqual(modelLayer(other.model.files));
    });
  },
);

function outcomeOf(model: PreparedModel | KeptModel): string {
  return model.outcome === "kept" ? model.reason : model.outcome;
}
