import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { isPilotlightError } from "@pilotlight/core";
import type { SessionSpec } from "@pilotlight/core";
import { DATATYPES, elementCount } from "@pilotlight/protocol";
import type { Datatype, Tensor } from "@pilotlight/protocol";

import { openModel } from "./model.ts";
import { identityModel, textToNumberModel } from "./testing/small-models.ts";

const SESSION: SessionSpec = { threads: 1, optimization: "all", warmUp: true };
const DATATYPE_NAMES = Object.keys(DATATYPES) as Datatype[];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-model-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function openIdentity(datatype: Datatype, shape: readonly (number | string)[]) {
  return await openModel(await write(`${datatype}.onnx`, identityModel(datatype, shape)), SESSION);
}

/** Bytes of any kind are valid elements, but for BOOL (0 and 1) and BYTES (text). */
function tensorOf(datatype: Datatype, shape: readonly number[], seed: readonly number[]): Tensor {
  const count = elementCount(shape);
  const { typedArray: TypedArray } = DATATYPES[datatype];
  const byte = (index: number) => seed[index % seed.length] ?? 0;
  if (TypedArray === undefined) {
    return {
      name: "x",
      datatype,
      shape,
      data: Array.from({ length: count }, (_, index) => `é${byte(index)}`),
    };
  }
  const data = new TypedArray(count);
  const raw = new Uint8Array(data.buffer);
  for (let index = 0; index < raw.length; index += 1) {
    raw[index] = datatype === "BOOL" ? byte(index) & 1 : byte(index);
  }
  return { name: "x", datatype, shape, data };
}

function bytesOf({ data }: Tensor): unknown {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : data;
}

describe("openModel", () => {
  test.each(DATATYPE_NAMES)(
    "for every %s tensor, an identity model gives back the same bits",
    async (datatype) => {
      const model = await openIdentity(datatype, ["batch", "width"]);
      const shapes = fc.tuple(fc.nat(4), fc.nat(5));
      const seeds = fc.array(fc.nat(255), { minLength: 1, maxLength: 32 });
      await fc.assert(
        fc.asyncProperty(shapes, seeds, async (shape, seed) => {
          const input = tensorOf(datatype, shape, seed);
          const [output] = await model.run([input], ["y"]);
          expect(output?.datatype).toBe(datatype);
          expect(output?.shape).toEqual(shape);
          expect(bytesOf(output!)).toEqual(bytesOf(input));
        }),
        { numRuns: 30 },
      );
      await model.release();
    },
  );

  test("reads names, datatypes and shapes from the file, -1 where a dimension may vary", async () => {
    const { signature, artifactBytes } = await openIdentity("INT64", ["batch", 3]);
    const spec = { datatype: "INT64", shape: [-1, 3] };
    expect(signature).toEqual({
      inputs: [{ name: "x", ...spec }],
      outputs: [{ name: "y", ...spec }],
    });
    expect(artifactBytes).toBe(identityModel("INT64", ["batch", 3]).length);
  });

  test("gives a scalar the empty shape", async () => {
    const model = await openIdentity("FP32", []);
    const [output] = await model.run(
      [{ name: "x", datatype: "FP32", shape: [], data: Float32Array.of(7) }],
      ["y"],
    );
    expect(output).toMatchObject({ shape: [], data: Float32Array.of(7) });
  });

  test.each([
    ["missing.onnx", undefined, "there is no such file"],
    ["empty.onnx", "", "it is empty (0 bytes)"],
    ["lfs.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"],
    ["page.onnx", "<!DOCTYPE html>", "a web page, JSON or an archive"],
    ["cut.onnx", identityModel("FP32", [2]).subarray(0, 20), "truncated or damaged"],
    ["noise.onnx", Uint8Array.of(0xff, 0x12, 0x99, 0x01, 0x07), "truncated or damaged"],
  ])("refuses %s, naming the file and the cause", async (name, content, cause) => {
    const path = content === undefined ? join(folder, name) : await write(name, content);
    const error: unknown = await openModel(path, SESSION).catch((caught: unknown) => caught);
    expect(isPilotlightError(error) && error.code).toBe("ERR_MODEL_UNLOADABLE");
    expect(String(error)).toContain(path);
    expect(String(error)).toContain(cause);
  });

  test("refuses a folder", async () => {
    await expect(openModel(folder, SESSION)).rejects.toThrow(/a folder or a device/);
  });

  test("says what ONNX Runtime says when it refuses inputs, and runs the next ones", async () => {
    const model = await openIdentity("FP32", [2]);
    const wrong: Tensor = { name: "x", datatype: "FP32", shape: [3], data: new Float32Array(3) };
    await expect(model.run([wrong], ["y"])).rejects.toMatchObject({ code: "ERR_INFERENCE_FAILED" });
    const right: Tensor = { name: "x", datatype: "FP32", shape: [2], data: Float32Array.of(1, 2) };
    expect((await model.run([right], ["y"]))[0]?.data).toEqual(Float32Array.of(1, 2));
  });

  test("runs a model once on zeros when asked, and says so of one that does not run on zeros", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const path = await write("numbers.onnx", textToNumberModel(["batch"]));
    await openModel(path, { ...SESSION, warmUp: false });
    expect(warn).not.toHaveBeenCalled();
    const model = await openModel(path, SESSION);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("does not run on zeros"));
    const input: Tensor = { name: "x", datatype: "BYTES", shape: [2], data: ["7", "-1"] };
    expect((await model.run([input], ["y"]))[0]?.data).toEqual(Int32Array.of(7, -1));
    warn.mockRestore();
  });

  test("has ONNX Runtime's telemetry switched off", () => {
    expect(process.env["ORT_DISABLE_TELEMETRY"]).toBe("1");
  });
});
