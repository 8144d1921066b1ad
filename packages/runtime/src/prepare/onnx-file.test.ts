import { describe, expect, test } from "vitest";

import { fieldsOf } from "./protobuf.ts";
import { readOnnxFile, withoutInitializedInputs } from "./onnx-file.ts";
import { additionModel, computedWeightModel } from "./testing/node-model.ts";

describe("readOnnxFile", () => {
  test("finds nothing in a file that holds its weights and lists only its inputs", () => {
    expect(readOnnxFile(additionModel())).toEqual({ externalFiles: [], initializedInputs: [] });
  });

  test("names the files that hold weights", () => {
    const model = additionModel({ content: "weights.bin" });
    expect(readOnnxFile(model).externalFiles).toEqual(["weights.bin"]);
  });

  test("names the inputs that are initializers as well", () => {
    expect(readOnnxFile(computedWeightModel()).initializedInputs).toEqual(["shape"]);
  });

  test("refuses a file that is cut off, and finds nothing in an empty one", () => {
    expect(() => readOnnxFile(additionModel().subarray(0, 40))).toThrow(RangeError);
    expect(readOnnxFile(new Uint8Array())).toEqual({ externalFiles: [], initializedInputs: [] });
  });
});

describe("withoutInitializedInputs", () => {
  test("drops those inputs, keeps the initializers, and raises the version that demanded them", () => {
    const model = computedWeightModel();
    const file = Buffer.concat(withoutInitializedInputs(model, readOnnxFile(model)));
    expect(readOnnxFile(file).initializedInputs).toEqual([]);
    const [version] = fieldsOf(file);
    expect(version).toMatchObject({ number: 1, value: 4n });
    expect(file.includes("shape")).toBe(true);
  });

  test("leaves a file without any as it is, byte for byte", () => {
    const model = additionModel();
    const file = Buffer.concat(withoutInitializedInputs(model, readOnnxFile(model)));
    expect(file.equals(model)).toBe(true);
  });
});
