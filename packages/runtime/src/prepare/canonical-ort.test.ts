import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { canonicalOrt } from "./canonical-ort.ts";
import { OrtReader } from "./ort-reading.ts";
import type { OrtTable, OrtValue } from "./ort-reading.ts";
import { fieldKindsOf, ORT_FORMAT_VERSION } from "./ort-schema.ts";
import type { TableName } from "./ort-schema.ts";
import { OrtWriter } from "./ort-writing.ts";

const text = fc.string({
  unit: fc.nat(255).map((code) => String.fromCharCode(code)),
  maxLength: 9,
});
const strings = fc.array(text, { maxLength: 3 });

/** Field numbers of the tables that are drawn here, as ort-schema.ts counts them. */
const SESSION = { version: 0, model: 1 } as const;
const MODEL = { irVersion: 0, graph: 7 } as const;
const GRAPH = { initializers: 0, nodeArgs: 1, nodes: 2, maxNodeIndex: 3, inputs: 5 } as const;
const TENSOR = { name: 0, dims: 2, dataType: 3, rawData: 4 } as const;
const VALUE_INFO = { name: 0, type: 2 } as const;
const TYPE_INFO = { valueType: 1, value: 2 } as const;

function table(name: TableName, fields: readonly (readonly [number, OrtValue])[]): OrtTable {
  return { name, fields: new Map(fields) };
}

const string = (value: string): OrtValue => ({ kind: "string", text: value });
const list = (tables: readonly OrtTable[]): OrtValue => ({ kind: "tables", tables });
const scalar = (bytes: Uint8Array): OrtValue => ({ kind: "scalar", bytes });
const bytesOf = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });

const tensor = fc.tuple(bytesOf(4), fc.nat(3), fc.uint8Array({ maxLength: 200 })).map(
  ([dataType, dims, rawData]) =>
    (name: string) =>
      table("Tensor", [
        [TENSOR.name, string(name)],
        [
          TENSOR.dims,
          { kind: "elements", count: dims, alignment: 8, bytes: new Uint8Array(8 * dims) },
        ],
        [TENSOR.dataType, scalar(dataType)],
        [
          TENSOR.rawData,
          { kind: "elements", count: rawData.length, alignment: 64, bytes: rawData },
        ],
      ]),
);

const valueInfo = bytesOf(4).map((elemType) => (name: string) => {
  const form = table("TensorTypeAndShape", [[0, scalar(elemType)]]);
  const type = table("TypeInfo", [
    [TYPE_INFO.valueType, scalar(Uint8Array.of(1))],
    [TYPE_INFO.value, { kind: "table", table: form }],
  ]);
  return table("ValueInfo", [
    [VALUE_INFO.name, string(name)],
    [VALUE_INFO.type, { kind: "table", table: type }],
  ]);
});

/** Lists with a name for each, sorted as a canonical file has them. */
function named(item: fc.Arbitrary<(name: string) => OrtTable>): fc.Arbitrary<readonly OrtTable[]> {
  const pairs = fc.uniqueArray(fc.tuple(text, item), { selector: ([name]) => name, maxLength: 6 });
  return pairs.map((list_) =>
    list_.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, make]) => make(name)),
  );
}

const graph = fc
  .record({
    tensors: named(tensor),
    infos: named(valueInfo),
    maxNodeIndex: bytesOf(4),
    inputs: strings,
  })
  .map(({ tensors, infos, maxNodeIndex, inputs }) =>
    table("Graph", [
      [GRAPH.initializers, list(tensors)],
      [GRAPH.nodeArgs, list(infos)],
      [GRAPH.maxNodeIndex, scalar(maxNodeIndex)],
      [GRAPH.inputs, { kind: "strings", texts: inputs }],
    ]),
  );

function session(content: OrtTable, version = ORT_FORMAT_VERSION): OrtTable {
  const model = table("Model", [
    [MODEL.irVersion, scalar(new Uint8Array(8).fill(3))],
    [MODEL.graph, { kind: "table", table: content }],
  ]);
  return table("InferenceSession", [
    [SESSION.version, string(version)],
    [SESSION.model, { kind: "table", table: model }],
  ]);
}

const write = (root: OrtTable): Uint8Array => new OrtWriter(64).write(root);

/** The same graph with its initializers and values in another order. */
function shuffled(content: OrtTable): OrtTable {
  const fields = [...content.fields].map(([number, value]) => {
    const isHashed = number === GRAPH.initializers || number === GRAPH.nodeArgs;
    if (!isHashed || value.kind !== "tables") return [number, value] as const;
    return [number, list(value.tables.toReversed())] as const;
  });
  return table("Graph", fields);
}

describe("OrtReader and OrtWriter", () => {
  test("for every tree of tables, what is written is read again", () => {
    fc.assert(
      fc.property(graph, (content) => {
        expect(new OrtReader(write(session(content))).read()).toEqual(session(content));
      }),
    );
  });

  test("for every tensor, its elements begin at a multiple of 64 bytes", () => {
    fc.assert(
      fc.property(named(tensor), (tensors) => {
        const file = write(session(table("Graph", [[GRAPH.initializers, list(tensors)]])));
        const starts = rawDataStarts(new OrtReader(file).read());
        expect(starts.length).toBe(tensors.length);
        expect(starts.every((start) => start % 64 === 0)).toBe(true);
      }),
    );
  });

  test("every table that a field names has fields", () => {
    const seen: TableName[] = ["InferenceSession"];
    for (const name of seen) {
      const kinds = fieldKindsOf(name);
      expect(kinds.length).toBeGreaterThan(0);
      for (const kind of kinds) {
        const names =
          kind === null ? [] : "table" in kind ? [kind.table] : "tables" in kind ? kind.tables : [];
        seen.push(...names.filter((each) => !seen.includes(each)));
      }
    }
    expect(seen.length).toBe(26);
  });
});

describe("canonicalOrt", () => {
  test("for every graph, the order of what hash maps hold does not matter", () => {
    fc.assert(
      fc.property(graph, (content) => {
        const canonical = canonicalOrt(write(session(content)));
        expect(canonical).toEqual(canonicalOrt(write(session(shuffled(content)))));
        expect(canonical).toEqual(canonicalOrt(canonical ?? new Uint8Array()));
      }),
    );
  });

  test("for every damaged file, gives a file or nothing", () => {
    fc.assert(
      fc.property(graph, fc.nat(), fc.nat(255), (content, place, byte) => {
        const file = write(session(content));
        file[place % file.length] = byte;
        const canonical = canonicalOrt(file.subarray(0, file.length - (place % 3)));
        expect(canonical === undefined || canonical.length > 0).toBe(true);
      }),
    );
  });

  test("leaves a file of another version of the format, and one with a field of old", () => {
    expect(canonicalOrt(write(session(table("Graph", []), "5")))).toBeUndefined();
    const old = table("InferenceSession", [[2, scalar(new Uint8Array(4))]]);
    expect(canonicalOrt(write(old))).toBeUndefined();
  });
});

function rawDataStarts(root: OrtTable): readonly number[] {
  return [...root.fields].flatMap(([number, value]) => {
    if (value.kind === "table") return rawDataStarts(value.table);
    if (value.kind === "tables") return value.tables.flatMap(rawDataStarts);
    const isRawData = root.name === "Tensor" && number === TENSOR.rawData;
    return isRawData && value.kind === "elements" ? [value.bytes.byteOffset] : [];
  });
}
