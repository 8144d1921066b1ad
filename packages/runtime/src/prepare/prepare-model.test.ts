import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isPilotlightError } from "@pilotlight/core";
import type { SessionSpec } from "@pilotlight/core";
import type { Tensor } from "@pilotlight/protocol";

import { toOnnxTensor } from "../onnx-tensor.ts";
import { onnxruntime } from "../onnxruntime.ts";
import { identityModel } from "../testing/small-models.ts";
import { modelLayerName } from "./model-layer.ts";
import { openingOptions } from "./opening.ts";
import { prepareModel } from "./prepare-model.ts";
import type { PrepareOptions } from "./prepare-model.ts";
import { additionModel, computedWeightModel, randomModel } from "./testing/node-model.ts";

const SPEC: SessionSpec = { threads: 1, optimization: "all", warmUp: true };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "pilotlight-prepare-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Writes a model into a folder of its own and prepares it into another one. */
async function prepared(name: string, content: Uint8Array, options: Partial<PrepareOptions> = {}) {
  const [source, directory] = [join(root, name), join(root, `${name}-prepared`)];
  await mkdir(source, { recursive: true });
  const artifact = join(source, "any-name.onnx");
  await writeFile(artifact, content);
  const model = await prepareModel({ artifact, directory, spec: SPEC, ...options });
  return { model, directory, names: (await readdir(directory)).toSorted() };
}

/** Each test starts processes that load ONNX Runtime, beside those of other tests. */
const TIMEOUT_MS = 30_000;

describe.concurrent("prepareModel", { timeout: TIMEOUT_MS }, () => {
  test("lays the prepared form and the original into the folder, with their sizes and hashes", async () => {
    const { model, directory, names } = await prepared("plain", additionModel());
    expect(model).toMatchObject({
      outcome: "prepared",
      format: "ort",
      original: { isKept: true },
      proof: { inputSets: 3, largestDifference: 0 },
    });
    expect(names).toEqual(["model.onnx", "model.ort"]);
    expect(model.files.map(({ name }) => name)).toEqual(names);
    for (const { name, bytes, sha256 } of model.files) {
      const content = await readFile(join(directory, name));
      expect(bytes).toBe(content.length);
      expect(sha256).toBe(createHash("sha256").update(content).digest("hex"));
    }
    const original = await readFile(join(directory, "model.onnx"));
    expect(original.equals(additionModel())).toBe(true);
  });

  test("gives openings with which sessions open and give the same outputs", async () => {
    const { model, directory } = await prepared("opened", additionModel());
    const x: Tensor = { name: "x", datatype: "FP32", shape: [1, 2], data: Float32Array.of(5, 6) };
    expect(model.openings.steady.file).toBe("model.onnx");
    for (const opening of Object.values(model.openings)) {
      const path = join(directory, opening.file);
      const options = openingOptions(SPEC, opening);
      const session = await onnxruntime.InferenceSession.create(path, options);
      const { y } = await session.run({ x: toOnnxTensor(x) });
      expect(y?.data).toEqual(Float32Array.of(6, 8));
      await session.release();
    }
  });

  test("gives the same bytes for the same file, so that its layer has the same name", async () => {
    const [one, other] = await Promise.all([
      prepared("same-1", additionModel()),
      prepared("same-2", additionModel()),
    ]);
    expect(one.model.files).toEqual(other.model.files);
    expect(modelLayerName(one.model.files)).toBe(modelLayerName(other.model.files));
    const content = new Uint8Array(Float32Array.of(1, 3).buffer);
    const changed = await prepared("changed", additionModel({ content }));
    expect(modelLayerName(changed.model.files)).not.toBe(modelLayerName(one.model.files));
  });

  test("prepares an old file whose computed weights are listed as inputs, and asks for none of them", async () => {
    const { model } = await prepared("old", computedWeightModel());
    expect(model.outcome).toBe("prepared");
  });

  test("optimises the graph as far as the definition asks, but never for one processor", async () => {
    const holdsOperator = async (optimization: SessionSpec["optimization"]) => {
      const spec = { ...SPEC, optimization };
      const { directory } = await prepared(`level-${optimization}`, computedWeightModel(), {
        spec,
      });
      return (await readFile(join(directory, "model.ort"))).includes("ConstantOfShape");
    };
    expect(await holdsOperator("disabled")).toBe(true);
    expect(await holdsOperator("all")).toBe(false);
  });

  test("replaces what an earlier preparation left", async () => {
    await prepared("again", additionModel());
    const { model, names } = await prepared("again", randomModel());
    expect(model.outcome).toBe("kept");
    expect(names).toEqual(["model.onnx"]);
  });

  test("leaves the original out where there is no room for it, and packs the prepared form instead", async () => {
    const wide = await prepared("wide", additionModel());
    const roomBytes = wide.model.files.find(({ name }) => name === "model.ort")?.bytes ?? 0;
    const { model, names } = await prepared("narrow", additionModel(), { roomBytes });
    expect(model).toMatchObject({ outcome: "prepared", original: { isKept: false } });
    expect(names).toEqual(["model.ort"]);
    expect(Object.values(model.openings).map(({ file }) => file)).toEqual(
      Array(3).fill("model.ort"),
    );
  });

  test.each([
    ["whose outputs differ from run to run", randomModel(), /other outputs each time.*output "y"/],
    ["that is damaged", additionModel().subarray(0, 60), /truncated or damaged/],
    ["that is empty", new Uint8Array(), /it is empty/],
    ["that uses an operator that is not there", unknownOperator(), /Nonsense/],
  ])("keeps a model %s, and says why", async (title, content, reason) => {
    const { model, names } = await prepared(title.replaceAll(" ", "-"), content);
    expect(model).toMatchObject({ outcome: "kept", format: "onnx" });
    expect(model.outcome === "kept" && model.reason).toMatch(reason);
    expect(names).toEqual(["model.onnx"]);
    expect(model.openings.first).toEqual({
      file: "model.onnx",
      optimization: "all",
      sessionConfig: {},
    });
  });

  test("keeps a small file whose prepared form outgrows its room", async () => {
    const options = { roomBytes: 1000 };
    const { model } = await prepared("grows", identityModel("FP32", [1]), options);
    expect(model.outcome === "kept" && model.reason).toMatch(
      /its prepared form has .* KB: more than the 1000 B/,
    );
  });

  test("keeps a model with weights in another file, and brings the file along", async () => {
    const source = join(root, "external");
    await mkdir(join(source, "data"), { recursive: true });
    await writeFile(join(source, "data/w.bin"), new Uint8Array(Float32Array.of(1, 2).buffer));
    const content = additionModel({ content: "data/w.bin" });
    const { model } = await prepared("external", content);
    expect(model.outcome === "kept" && model.reason).toContain('outside it, in "data/w.bin"');
    expect(model.files.map(({ name }) => name)).toEqual(["data/w.bin", "model.onnx"]);
  });

  test("brings no file along that is missing or lies outside the model's folder", async () => {
    const missing = await prepared("missing", additionModel({ content: "w.bin" }));
    expect(missing.model.outcome === "kept" && missing.model.reason).toContain("is missing");
    const outside = await prepared("outside", additionModel({ content: "../../etc/passwd" }));
    expect(outside.model.outcome === "kept" && outside.model.reason).toContain("cannot lie beside");
    expect(outside.names).toEqual(["model.onnx"]);
  });

  test("keeps a model for whose preparation time or memory do not suffice", async () => {
    const slow = await prepared("slow", additionModel(), { timeoutMs: 1 });
    expect(slow.model).toMatchObject({
      outcome: "kept",
      reason: "starting took longer than 0.001 s",
    });
    const large = await prepared("large", additionModel(), { memoryBytes: 1_000_000 });
    expect(large.model.outcome === "kept" && large.model.reason).toContain("of memory");
    expect([...slow.names, ...large.names]).toEqual(["model.onnx", "model.onnx"]);
  });

  test("throws where there is no file, and where it would write over its source", async () => {
    const artifact = join(root, "nowhere.onnx");
    const error: unknown = await prepareModel({
      artifact,
      directory: join(root, "n"),
      spec: SPEC,
    }).catch((caught: unknown) => caught);
    expect(isPilotlightError(error) && error.code).toBe("ERR_MODEL_UNLOADABLE");
    const own = join(root, "own");
    await expect(prepared("own", additionModel(), { directory: own })).rejects.toThrow(
      /into another folder/,
    );
    expect(await readdir(own)).toEqual(["any-name.onnx"]);
  });
});

function unknownOperator(): Uint8Array {
  return Buffer.from(
    Buffer.from(randomModel()).toString("latin1").replace("RandomNormalLike", "Nonsense12345678"),
    "latin1",
  );
}
