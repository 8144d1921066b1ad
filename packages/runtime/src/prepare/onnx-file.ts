import { encodedVarint, fieldsOf, lengthPrefixed } from "./protobuf.ts";
import type { Field } from "./protobuf.ts";

/**
 * Field numbers of ONNX's messages.
 *
 * @see https://github.com/onnx/onnx, onnx/onnx.proto, read 2026-11-24.
 */
const MODEL = { irVersion: 1, graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11 } as const;
const NODE = { attribute: 5 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
const TENSOR = { name: 8, externalData: 13, dataLocation: 14 } as const;
const VALUE_INFO = { name: 1 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/** TensorProto.DataLocation.EXTERNAL. */
const LOCATION_EXTERNAL = 1;

/** From this version of the format on an initializer need not be an input as well (onnx.proto, IR_VERSION_2019_1_22). */
const IR_VERSION_FREE_INITIALIZERS = 4;

/** What has to be known of an ONNX file before it is prepared. */
export interface OnnxFile {
  /** Files that hold weights, as the model names them; each once. */
  readonly externalFiles: readonly string[];
  /** Inputs that are initializers as well: the model's own values, which a caller may leave out. */
  readonly initializedInputs: readonly string[];
}

/**
 * Reads what lies outside an ONNX file and which of its inputs have values.
 *
 * @param bytes - The whole file.
 * @throws RangeError when the bytes are no protocol buffer.
 */
export function readOnnxFile(bytes: Uint8Array): OnnxFile {
  const graph = fieldsOf(bytes).find(({ number }) => number === MODEL.graph);
  if (graph === undefined) return { externalFiles: [], initializedInputs: [] };
  const fields = fieldsOf(graph.content);
  const tensors = fields.filter(({ number }) => number === GRAPH.initializer);
  const names = new Set(tensors.map(({ content }) => textOf(content, TENSOR.name)));
  const inputs = fields
    .filter(({ number }) => number === GRAPH.input)
    .map(({ content }) => textOf(content, VALUE_INFO.name));
  return {
    externalFiles: [...new Set(externalFilesOf(fields))],
    initializedInputs: inputs.filter((name) => names.has(name)),
  };
}

/**
 * Takes the inputs that are initializers off a model's list of inputs.
 *
 * Before version 4 of the format every initializer had to be listed as an input too. Where an optimisation folds such
 * an initializer away its input stays behind, and the optimised model asks its caller for weights.
 *
 * @param bytes - The whole file.
 * @returns The file anew, in pieces of which most are views of `bytes`.
 */
export function withoutInitializedInputs(
  bytes: Uint8Array,
  { initializedInputs }: OnnxFile,
): readonly Uint8Array[] {
  const dropped = new Set(initializedInputs);
  return fieldsOf(bytes).flatMap((field) => {
    if (field.number === MODEL.irVersion) {
      const version = Math.max(Number(field.value), IR_VERSION_FREE_INITIALIZERS);
      return [Uint8Array.of(MODEL.irVersion << 3), encodedVarint(version)];
    }
    if (field.number !== MODEL.graph) return [field.raw];
    const kept = fieldsOf(field.content)
      .filter(({ number, content }) => {
        return number !== GRAPH.input || !dropped.has(textOf(content, VALUE_INFO.name));
      })
      .map(({ raw }) => raw);
    return lengthPrefixed(MODEL.graph, kept);
  });
}

/** Initializers and the attributes of nodes hold tensors, and attributes hold graphs again. */
function externalFilesOf(graph: readonly Field[]): readonly string[] {
  return graph.flatMap(({ number, content }) => {
    if (number === GRAPH.initializer) return locationsOf(content);
    if (number !== GRAPH.node) return [];
    return fieldsOf(content)
      .filter((field) => field.number === NODE.attribute)
      .flatMap((field) => fieldsOf(field.content).flatMap(filesOfAttributeField));
  });
}

function filesOfAttributeField({ number, content, wireType }: Field): readonly string[] {
  if (wireType !== "bytes") return [];
  if (number === ATTRIBUTE.tensor || number === ATTRIBUTE.tensors) return locationsOf(content);
  const isGraph = number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs;
  return isGraph ? externalFilesOf(fieldsOf(content)) : [];
}

function locationsOf(tensor: Uint8Array): readonly string[] {
  const fields = fieldsOf(tensor);
  const isExternal = fields.some(
    ({ number, value }) => number === TENSOR.dataLocation && Number(value) === LOCATION_EXTERNAL,
  );
  if (!isExternal) return [];
  return fields
    .filter(({ number }) => number === TENSOR.externalData)
    .filter(({ content }) => textOf(content, ENTRY.key) === "location")
    .map(({ content }) => textOf(content, ENTRY.value));
}

function textOf(message: Uint8Array, number: number): string {
  const field = fieldsOf(message).find((each) => each.number === number);
  return field === undefined ? "" : new TextDecoder().decode(field.content);
}
