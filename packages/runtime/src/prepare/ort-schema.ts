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
 * Tables of ONNX Runtime's model format, a FlatBuffers schema: what each field number holds; null is a field of old.
 *
 * What ONNX Runtime keeps in hash maps, and so writes in any order, is sorted by name.
 *
 * @see https://github.com/microsoft/onnxruntime, onnxruntime/core/flatbuffers/schema/ort.fbs, read 2026-11-24.
 */
export const ORT_TABLES = {
  Shape: [tables("Dimension")],
  Dimension: [table("DimensionValue"), STRING],
  DimensionValue: [BYTE, LONG, STRING],
  TensorTypeAndShape: [INT, table("Shape")],
  MapType: [INT, table("TypeInfo")],
  SequenceType: [table("TypeInfo")],
  TypeInfo: [
    STRING,
    BYTE,
    { kind: "union", tables: ["TensorTypeAndShape", "SequenceType", "MapType"] },
  ],
  ValueInfo: [STRING, STRING, table("TypeInfo")],
  NodeEdge: [INT, EDGE_ENDS, EDGE_ENDS],
  Node: [
    STRING,
    STRING,
    STRING,
    INT,
    INT,
    STRING,
    INT,
    STRING,
    STRINGS,
    STRINGS,
    tables("Attribute", 0),
    INTS,
    STRINGS,
  ],
  OperatorSetId: [STRING, LONG],
  Tensor: [STRING, STRING, LONGS, INT, RAW_DATA, STRINGS],
  SparseTensor: [table("Tensor"), table("Tensor"), LONGS],
  Attribute: [
    STRING,
    STRING,
    INT,
    INT,
    LONG,
    STRING,
    table("Tensor"),
    table("Graph"),
    INTS,
    LONGS,
    STRINGS,
    tables("Tensor"),
    tables("Graph"),
  ],
  NodesToOptimizeIndices: [INTS, INT, INT, BYTE, BYTE, INT, INT],
  RuntimeOptimizationRecord: [STRING, table("NodesToOptimizeIndices"), null, STRINGS],
  RuntimeOptimizationRecordContainerEntry: [STRING, tables("RuntimeOptimizationRecord")],
  RuntimeOptimizations: [tables("RuntimeOptimizationRecordContainerEntry", 0)],
  Graph: [
    tables("Tensor", 0),
    tables("ValueInfo", 0),
    tables("Node"),
    INT,
    tables("NodeEdge"),
    STRINGS,
    STRINGS,
    tables("SparseTensor", 0, 0),
    table("RuntimeOptimizations"),
  ],
  StringStringEntry: [STRING, STRING],
  Model: [
    LONG,
    tables("OperatorSetId", 0),
    STRING,
    STRING,
    STRING,
    LONG,
    STRING,
    table("Graph"),
    STRING,
    tables("StringStringEntry", 0),
  ],
  ArgTypeAndIndex: [BYTE, INT],
  KernelTypeStrArgsEntry: [STRING, tables("ArgTypeAndIndex")],
  OpIdKernelTypeStrArgsEntry: [STRING, tables("KernelTypeStrArgsEntry", 0)],
  KernelTypeStrResolver: [tables("OpIdKernelTypeStrArgsEntry", 0)],
  InferenceSession: [STRING, table("Model"), null, table("KernelTypeStrResolver")],
} as const satisfies Readonly<Record<string, readonly (object | null)[]>>;

/** The fields of a table by their numbers. */
export function fieldKindsOf(name: TableName): readonly (FieldKind | null)[] {
  return ORT_TABLES[name];
}
