import { fieldKindsOf } from "./ort-schema.ts";
import type { FieldKind, TableName } from "./ort-schema.ts";

/** A table as it was read; a field that the file leaves out has no value. */
export interface OrtTable {
  readonly name: TableName;
  readonly fields: ReadonlyMap<number, OrtValue>;
}

/** A value by what it is; bytes are views of the file. */
export type OrtValue =
  | { readonly kind: "scalar"; readonly bytes: Uint8Array }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "strings"; readonly texts: readonly string[] }
  | {
      readonly kind: "elements";
      readonly count: number;
      readonly alignment: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "table"; readonly table: OrtTable }
  | { readonly kind: "tables"; readonly tables: readonly OrtTable[] };

/** Graphs inside graphs inside graphs: more than any model has, few enough for the stack. */
const DEPTH_MAX = 200;

/**
 * Reads a model in ONNX Runtime's format as a tree of tables.
 *
 * @throws RangeError when the file is damaged, or has a field that the schema lacks.
 * @see https://flatbuffers.dev/internals/, read 2026-11-24, for how tables, vectors and strings lie in a file.
 */
export class OrtReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): OrtTable {
    return this.#table("InferenceSession", this.#follow(0), 0);
  }

  #table(name: TableName, at: number, depth: number): OrtTable {
    if (depth > DEPTH_MAX) throw new RangeError("tables lie deeper in each other than any model's");
    const layout = at - this.#view.getInt32(at, true);
    const slots = (this.#view.getUint16(layout, true) - 4) / 2;
    const kinds = fieldKindsOf(name);
    const fields = new Map<number, OrtValue>();
    for (let number = 0; number < slots; number += 1) {
      const offset = this.#view.getUint16(layout + 4 + 2 * number, true);
      if (offset === 0) continue;
      const kind = kinds[number];
      if (kind === undefined || kind === null) {
        throw new RangeError(`${name} has a field ${number} that the schema lacks`);
      }
      const selector = fields.get(number - 1);
      fields.set(number, this.#value(kind, at + offset, { depth, selector }));
    }
    return { name, fields };
  }

  #value(
    kind: FieldKind,
    at: number,
    { depth, selector }: { depth: number; selector: OrtValue | undefined },
  ): OrtValue {
    switch (kind.kind) {
      case "scalar":
        return { kind: "scalar", bytes: this.#slice(at, kind.bytes) };
      case "string":
        return { kind: "string", text: this.#text(this.#follow(at)) };
      case "strings":
        return { kind: "strings", texts: this.#each(at, (place) => this.#text(place)) };
      case "elements": {
        const start = this.#follow(at);
        const count = this.#view.getUint32(start, true);
        const bytes = this.#slice(start + 4, count * kind.bytes);
        return { kind: "elements", count, alignment: kind.alignment, bytes };
      }
      case "table":
        return { kind: "table", table: this.#table(kind.table, this.#follow(at), depth + 1) };
      case "tables": {
        const list = this.#each(at, (place) => this.#table(kind.table, place, depth + 1));
        const { sortedBy } = kind;
        return { kind: "tables", tables: sortedBy === undefined ? list : sorted(list, sortedBy) };
      }
      case "union": {
        const index = selector?.kind === "scalar" ? (selector.bytes[0] ?? 0) : 0;
        const name = kind.tables[index - 1];
        if (name === undefined) throw new RangeError(`a union has a type ${index}`);
        return { kind: "table", table: this.#table(name, this.#follow(at), depth + 1) };
      }
    }
  }

  #follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #each<Item>(at: number, read: (place: number) => Item): readonly Item[] {
    const start = this.#follow(at);
    const count = this.#view.getUint32(start, true);
    if (start + 4 + 4 * count > this.#bytes.length) throw new RangeError("a list has no end");
    return Array.from({ length: count }, (_, index) => read(this.#follow(start + 4 + 4 * index)));
  }

  #text(start: number): string {
    // One character for each byte: names need not be valid Unicode to come out as they were.
    const bytes = this.#slice(start + 4, this.#view.getUint32(start, true));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }

  #slice(start: number, length: number): Uint8Array {
    const end = start + length;
    if (end > this.#bytes.length) throw new RangeError(`byte ${end} is beyond the file`);
    return this.#bytes.subarray(start, end);
  }
}

function sorted(list: readonly OrtTable[], path: readonly number[]): readonly OrtTable[] {
  const keyed = list.map((table) => ({ table, key: keyOf(table, path) }));
  // Equal keys keep their order, which the runtime does not define: such a list stays as it is.
  return keyed
    .toSorted((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ table }) => table);
}

function keyOf(table: OrtTable, [number = 0, ...rest]: readonly number[]): string {
  const value = table.fields.get(number);
  if (value?.kind === "table") return keyOf(value.table, rest);
  return value?.kind === "string" ? value.text : "";
}
