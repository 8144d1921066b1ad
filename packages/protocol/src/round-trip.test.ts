import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Datatype, ModelSignature, Tensor, TensorData } from "./tensor.ts";

import { DATATYPES, elementCount } from "./datatypes.ts";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferRequest,
  encodeInferResponse,
} from "./index.ts";

/** Texts of what breaks codecs: quotes, escapes, commas, NUL, a byte order mark, several planes of Unicode. */
const text = fc
  .array(fc.constantFrom("a", '"', "\\", ",", "]", "\u0000", "\uFEFF", "ż", "語", "😀", "NaN"), {
    maxLength: 4,
  })
  .map((parts) => parts.join(""));

const DATATYPE_NAMES = Object.keys(DATATYPES) as readonly Datatype[];

/** Shapes with scalars and dimensions of length zero, small enough for thousands of runs. */
const arbitraryShape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

/** Tensors of one datatype with every value that it has; only finite floats when asked. */
function arbitraryTensor(
  datatype: Datatype,
  { isFinite }: { readonly isFinite: boolean },
): fc.Arbitrary<Tensor> {
  return arbitraryShape.chain((shape) => {
    const length = elementCount(shape);
    return arbitraryData(datatype, { length, isFinite }).map((data) => {
      return { name: "x", datatype, shape, data };
    });
  });
}

function arbitraryData(
  datatype: Datatype,
  { length, isFinite }: { readonly length: number; readonly isFinite: boolean },
): fc.Arbitrary<TensorData> {
  const size = { minLength: length, maxLength: length };
  const { kind, min, max, typedArray, bigintRange } = DATATYPES[datatype];
  if (typedArray === undefined) {
    return fc.array(text, size);
  }
  if (bigintRange !== undefined) {
    const Constructor = typedArray as BigInt64ArrayConstructor;
    return fc.array(fc.bigInt(bigintRange), size).map((values) => new Constructor(values));
  }
  if (datatype === "FP16") {
    const bits = fc
      .integer({ min: 0, max: 0xffff })
      .filter((half) => !isFinite || (half & 0x7c00) !== 0x7c00);
    return fc.array(bits, size).map((values) => new Uint16Array(values));
  }
  const options = isFinite ? { noNaN: true, noDefaultInfinity: true } : {};
  const float = datatype === "FP32" ? fc.float(options) : fc.double(options);
  const element = kind === "float" ? float : fc.integer({ min, max });
  const Constructor = typedArray as Float64ArrayConstructor;
  return fc.array(element, size).map((values) => new Constructor(values));
}

/** A model that takes and gives just this. */
function signatureOf(tensor: Tensor): ModelSignature {
  const spec = { name: tensor.name, datatype: tensor.datatype, shape: tensor.shape.map(() => -1) };
  return { inputs: [spec], outputs: [spec] };
}

function requestFor(tensor: Tensor, isBinary: boolean) {
  return { inputs: [], outputs: [{ name: tensor.name, isBinary }], hasBinaryOutput: isBinary };
}

function answerOf(tensor: Tensor, isBinary: boolean): Tensor | undefined {
  const { headers, body } = encodeInferResponse({
    model: "m",
    version: "1",
    outputs: [tensor],
    request: requestFor(tensor, isBinary),
  });
  return decodeInferResponse({ headers, body: Buffer.from(body) }).outputs[0];
}

describe.each(DATATYPE_NAMES)("requests with %s", (datatype) => {
  test("for every tensor, a JSON request decodes to what was encoded", () => {
    fc.assert(
      fc.property(arbitraryTensor(datatype, { isFinite: true }), (tensor) => {
        const request = encodeInferRequest({ id: "a", inputs: [tensor], isBinary: false });
        const decoded = decodeInferRequest(request, signatureOf(tensor));
        expect(decoded.inputs).toEqual([tensor]);
        expect(decoded.id).toBe("a");
        expect(decoded.hasBinaryOutput).toBe(false);
      }),
    );
  });

  test("for every tensor, a binary request decodes to what was encoded", () => {
    fc.assert(
      fc.property(arbitraryTensor(datatype, { isFinite: false }), (tensor) => {
        const request = encodeInferRequest({ inputs: [tensor], isBinary: true });
        const decoded = decodeInferRequest(request, signatureOf(tensor));
        expect(decoded.inputs).toEqual([tensor]);
        expect(decoded.outputs).toEqual([{ name: "x", isBinary: true }]);
      }),
    );
  });

  test("for every tensor, nested data decodes to the same as flat data", () => {
    fc.assert(
      fc.property(arbitraryTensor(datatype, { isFinite: true }), (tensor) => {
        fc.pre(elementCount(tensor.shape) > 0 && tensor.shape.length > 0);
        const flat = Buffer.from(encodeInferRequest({ inputs: [tensor], isBinary: false }).body);
        const data = /"data":(\[.*\])\}\]\}$/s.exec(flat.toString())?.[1] ?? "";
        const elements = data.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
        const nested = flat.toString().replace(data, () => nest(elements, tensor.shape));
        const decoded = decodeInferRequest(
          { headers: {}, body: Buffer.from(nested) },
          signatureOf(tensor),
        );
        expect(decoded.inputs).toEqual([tensor]);
      }),
    );
  });
});

function nest(elements: readonly string[], shape: readonly number[]): string {
  const [, ...inner] = shape;
  if (inner.length === 0) return `[${elements.join(",")}]`;
  const size = elementCount(inner);
  const parts = Array.from({ length: elements.length / size }, (_, index) =>
    nest(elements.slice(index * size, (index + 1) * size), inner),
  );
  return `[${parts.join(",")}]`;
}

describe.each(DATATYPE_NAMES)("answers with %s", (datatype) => {
  test.each([true, false])(
    "for every tensor, an answer (binary: %s) decodes to what was encoded, NaN and infinities included",
    (isBinary) => {
      fc.assert(
        fc.property(arbitraryTensor(datatype, { isFinite: false }), (tensor) => {
          expect(withOneNaN(answerOf(tensor, isBinary))).toEqual(withOneNaN(tensor));
        }),
      );
    },
  );
});

/** Half bits of a NaN are not kept by its name in JSON: any NaN is as good as another. */
function withOneNaN(tensor: Tensor | undefined): unknown {
  if (tensor?.datatype !== "FP16") return tensor;
  const bits = tensor.data as Uint16Array;
  return { ...tensor, data: bits.map((half) => ((half & 0x7fff) > 0x7c00 ? 0x7e00 : half)) };
}
