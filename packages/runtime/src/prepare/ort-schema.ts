/** What a field of a table holds. */
export type FieldKind =
  /** A number of this many bytes. */
  | { readonly kind: "scalar"; readonly bytes: 1 | 2 | 4 | 8 }
  | { readonly kind: "string" }
  | { readonly kind: "strings" }
  /** Elements of fixed size; `alignment` is that of the first one, bytes. */
  | { readonly kind: "elements"; readonly bytes: number; readonly alignment: number }
  | { readonly kind: "table"; readonly table: TableName }
  /** `sortedBy` is the path of field numbers to a string; absent where the order means something. */
  | { readonly kind: "tables"; readonly table: TableName; readonly sortedBy?: readonly number[] }
  /** The number in the field before says which table it is, counted from 1. */
  | { readonly kind: "union"; readonly tables: readonly TableName[] };

/** A table of ONNX Runtime's format. */
export type TableName = keyof typeof ORT_TABLES;

const BYTE = { kind: "scalar", bytes: 1 } as const;
const INT = { kind: "scalar", bytes: 4 } as const;
const LONG = { kind: "scalar", bytes: 8 } as const;
const STRING = { kind: "string" } as const;
const STRINGS = { kind: "strings" } as const;
const INTS = { kind: "elements", bytes: 4, alignment: 4 } as const;
const LONGS = { kind: "elements", bytes: 8, alignment: 8 } as const;

/** Three numbers of four bytes: a node and the places of its argument. */
const EDGE_ENDS = { kind: "elements", bytes: 12, alignment: 4 } as const;

/** Weights begin at a cache line, which suits every vector instruction. */
const RAW_DATA = { kind: "elements", bytes: 1, alignment: 64 } as const;

const table = <Name extends string>(name: Name) => ({ kind: "table", table: name }) as const;
const tables = <Name extends string>(name: Name, ...sortedBy: number[]) =>
  ({ kind: "tables", table: name, ...(sortedBy.length === 0 ? {} : { sortedBy }) }) as const;

/** The version of ONNX Runtime's format that these tables describe. */
export const ORT_FORMAT_VERSION = "6";

/**
 * Tables of ONNX Runtime's model format, a FlatBuffers schema: fields in the order of their numbers; null is a field of old.
 *
 * What ONNX Runtime keeps in hash maps, and so writes in any order, is sorted by name.
 *
 * @see https://github.com/microsoft/onnxruntime, onnxruntime/core/flatbuffers/schema/ort.fbs, read 2026-11-24.
 */
const ORT_TABLES = {
  Shape: { dim: tables("Dimension") },
  Dimension: { value: table("DimensionValue"), denotation: STRING },
  DimensionValue: { dimType: BYTE, dimValue: LONG, dimParam: STRING },
  TensorTypeAndShape: { elemType: INT, shape: table("Shape") },
  MapType: { keyType: INT, valueType: table("TypeInfo") },
  SequenceType: { elemType: table("TypeInfo") },
  TypeInfo: {
    denotation: STRING,
    valueType: BYTE,
    value: { kind: "union", tables: ["TensorTypeAndShape", "SequenceType", "MapType"] },
  },
  ValueInfo: { name: STRING, docString: STRING, type: table("TypeInfo") },
  NodeEdge: { nodeIndex: INT, inputEdges: EDGE_ENDS, outputEdges: EDGE_ENDS },
  Node: {
    name: STRING,
    docString: STRING,
    domain: STRING,
    sinceVersion: INT,
    index: INT,
    opType: STRING,
    type: INT,
    executionProviderType: STRING,
    inputs: STRINGS,
    outputs: STRINGS,
    attributes: tables("Attribute", 0),
    inputArgCounts: INTS,
    implicitInputs: STRINGS,
  },
  OperatorSetId: { domain: STRING, version: LONG },
  Tensor: {
    name: STRING,
    docString: STRING,
    dims: LONGS,
    dataType: INT,
    rawData: RAW_DATA,
    stringData: STRINGS,
  },
  SparseTensor: { values: table("Tensor"), indices: table("Tensor"), dims: LONGS },
  Attribute: {
    name: STRING,
    docString: STRING,
    type: INT,
    f: INT,
    i: LONG,
    s: STRING,
    t: table("Tensor"),
    g: table("Graph"),
    floats: INTS,
    ints: LONGS,
    strings: STRINGS,
    tensors: tables("Tensor"),
    graphs: tables("Graph"),
  },
  NodesToOptimizeIndices: {
    nodeIndices: INTS,
    numInputs: INT,
    numOutputs: INT,
    hasVariadicInput: BYTE,
    hasVariadicOutput: BYTE,
    numVariadicInputs: INT,
    numVariadicOutputs: INT,
  },
  RuntimeOptimizationRecord: {
    actionId: STRING,
    nodesToOptimizeIndices: table("NodesToOptimizeIndices"),
    producedNodes: null,
    producedOpIds: STRINGS,
  },
  RuntimeOptimizationRecordContainerEntry: {
    optimizerName: STRING,
    records: tables("RuntimeOptimizationRecord"),
  },
  RuntimeOptimizations: { records: tables("RuntimeOptimizationRecordContainerEntry", 0) },
  Graph: {
    initializers: tables("Tensor", 0),
    nodeArgs: tables("ValueInfo", 0),
    nodes: tables("Node"),
    maxNodeIndex: INT,
    nodeEdges: tables("NodeEdge"),
    inputs: STRINGS,
    outputs: STRINGS,
    sparseInitializers: tables("SparseTensor", 0, 0),
    runtimeOptimizations: table("RuntimeOptimizations"),
  },
  StringStringEntry: { key: STRING, value: STRING },
  Model: {
    irVersion: LONG,
    opsetImport: tables("OperatorSetId", 0),
    producerName: STRING,
    producerVersion: STRING,
    domain: STRING,
    modelVersion: LONG,
    docString: STRING,
    graph: table("Graph"),
    graphDocString: STRING,
    metadataProps: tables("StringStringEntry", 0),
  },
  ArgTypeAndIndex: { argType: BYTE, index: INT },
  KernelTypeStrArgsEntry: { kernelTypeStr: STRING, args: tables("ArgTypeAndIndex") },
  OpIdKernelTypeStrArgsEntry: {
    opId: STRING,
    kernelTypeStrArgs: tables("KernelTypeStrArgsEntry", 0),
  },
  KernelTypeStrResolver: { opKernelTypeStrArgs: tables("OpIdKernelTypeStrArgsEntry", 0) },
  InferenceSession: {
    ortVersion: STRING,
    model: table("Model"),
    sessionState: null,
    kernelTypeStrResolver: table("KernelTypeStrResolver"),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, object | null>>>>;

/** The fields of a table in the order of their numbers, which count from 0. */
export function fieldKindsOf(name: TableName): readonly (FieldKind | null)[] {
  return Object.values<FieldKind | null>(ORT_TABLES[name]);
}
