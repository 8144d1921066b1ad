import { readFile } from "node:fs/promises";

import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";

process.env["ORT_DISABLE_TELEMETRY"] = "1";

/** A tensor of sample.json or expected.json, as the Open Inference Protocol writes it. */
interface JsonTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Python ONNX Runtime and onnxruntime-node may differ by this on another processor. */
const TOLERANCE = 1e-5;

async function readTensors(path: string, field: "inputs" | "outputs"): Promise<JsonTensor[]> {
  const text = await readFile(new URL(path, import.meta.url), "utf8");
  return (JSON.parse(text) as Record<typeof field, JsonTensor[]>)[field];
}

async function openSession(model: string): Promise<InferenceSession> {
  return InferenceSession.create(await readFile(new URL(`${model}/model.onnx`, import.meta.url)));
}

async function run(session: InferenceSession, inputs: readonly JsonTensor[]) {
  const feeds = inputs.map(({ name, shape, data }) => {
    return [name, new Tensor("float32", Float32Array.from(data), shape)] as const;
  });
  const outputs = await session.run(Object.fromEntries(feeds));
  return session.outputNames.map((name) => {
    const { dims = [], data = [] } = outputs[name] ?? {};
    return { name, shape: [...dims], data: Array.from(data as Float32Array, Number) };
  });
}

describe.each(["digits", "biopsy"])("the model %s", (model) => {
  test("answers its sample as Python ONNX Runtime does", async () => {
    const expected = await readTensors(`${model}/expected.json`, "outputs");
    const answer = await run(
      await openSession(model),
      await readTensors(`${model}/sample.json`, "inputs"),
    );
    expect(answer.map(({ name, shape }) => ({ name, shape }))).toEqual(
      expected.map(({ name, shape }) => ({ name, shape })),
    );
    for (const [index, { data }] of expected.entries()) {
      const differences = data.map((value, at) =>
        Math.abs(value - (answer[index]?.data[at] ?? NaN)),
      );
      expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  test("answers each row of a batch as it answers the row alone", async () => {
    const session = await openSession(model);
    const [sample] = await readTensors(`${model}/sample.json`, "inputs");
    if (sample === undefined) throw new Error("sample.json has no input");
    const other = { ...sample, data: sample.data.toReversed() };
    const both = {
      ...sample,
      shape: [2, ...sample.shape.slice(1)],
      data: [...sample.data, ...other.data],
    };
    const alone = [await run(session, [sample]), await run(session, [other])];
    for (const [index, output] of (await run(session, [both])).entries()) {
      const rows = alone.flatMap((answer) => answer[index]?.data ?? []);
      const differences = rows.map((value, at) => Math.abs(value - (output.data[at] ?? NaN)));
      expect(output.shape[0]).toBe(2);
      expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});

describe("the model digits", () => {
  test("reads cells from 0 to 16 or to 255 as it reads cells from 0 to 1", async () => {
    const session = await openSession("digits");
    const inputs = await readTensors("digits/sample.json", "inputs");
    const [, expected] = await run(session, inputs);
    for (const factor of [16, 255]) {
      const scaled = inputs.map((input) => ({
        ...input,
        data: input.data.map((value) => value * factor),
      }));
      const [, probabilities] = await run(session, scaled);
      const differences = (expected?.data ?? [NaN]).map((value, at) => {
        return Math.abs(value - (probabilities?.data[at] ?? NaN));
      });
      expect(Math.max(...differences)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});
