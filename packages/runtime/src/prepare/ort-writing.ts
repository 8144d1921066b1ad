import { invariant } from "@pilotlight/core";

import type { OrtTable, OrtValue } from "./ort-reading.ts";

/** Identifier of ONNX Runtime's format, after the first offset (`file_identifier` of its schema). */
const FILE_IDENTIFIER = "ORTM";

const OFFSET_BYTES = 4;

/**
 * Writes a tree of tables as a file, the same for the same tree.
 *
 * Tables come first, each before what it refers to, then every text once, then weights in the order of their tables.
 */
export class OrtWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #end = 0;
  readonly #layouts = new Map<string, number>();
  readonly #texts = new Map<string, number[]>();
  readonly #elements: { readonly at: number; readonly value: OrtValue & { kind: "elements" } }[] =
    [];

  /** @param expectedBytes - Size that the file will have, about: what is right from the start is not copied later. */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(expectedBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  write(root: OrtTable): Uint8Array {
    const at = this.#reserve(2 * OFFSET_BYTES, OFFSET_BYTES);
    this.#bytes.set(Buffer.from(FILE_IDENTIFIER, "latin1"), at + OFFSET_BYTES);
    this.#refer(at, this.#table(root));
    for (const [text, places] of this.#texts) this.#writeText(text, places);
    for (const { at: place, value } of this.#elements) this.#writeElements(place, value);
    return this.#bytes.subarray(0, this.#end);
  }

  #table({ fields }: OrtTable): number {
    const numbers = [...fields.keys()].toSorted((one, other) => one - other);
    const { offsets, bytes } = inlineLayout(numbers.map((number) => [number, fields.get(number)]));
    const layout = this.#layout(offsets, bytes);
    const at = this.#reserve(bytes, 8);
    this.#view.setInt32(at, at - layout, true);
    for (const number of numbers) {
      const value = fields.get(number);
      if (value !== undefined) this.#field(at + (offsets[number] ?? 0), value);
    }
    return at;
  }

  /** Tables of one form share their layout. */
  #layout(offsets: readonly number[], bytes: number): number {
    const numbers = [
      4 + 2 * offsets.length,
      bytes,
      ...Array.from(offsets, (offset) => offset ?? 0),
    ];
    const key = numbers.join();
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const at = this.#reserve(2 * numbers.length, 2);
    for (const [index, number] of numbers.entries()) {
      this.#view.setUint16(at + 2 * index, number, true);
    }
    this.#layouts.set(key, at);
    return at;
  }

  #field(at: number, value: OrtValue): void {
    switch (value.kind) {
      case "scalar":
        this.#bytes.set(value.bytes, at);
        return;
      case "string":
        this.#referToText(at, value.text);
        return;
      case "elements":
        this.#elements.push({ at, value });
        return;
      case "table":
        this.#refer(at, this.#table(value.table));
        return;
      case "strings": {
        const start = this.#list(at, value.texts.length);
        for (const [index, text] of value.texts.entries()) {
          this.#referToText(start + OFFSET_BYTES * index, text);
        }
        return;
      }
      case "tables": {
        const start = this.#list(at, value.tables.length);
        for (const [index, table] of value.tables.entries()) {
          this.#refer(start + OFFSET_BYTES * index, this.#table(table));
        }
      }
    }
  }

  /** @returns Where the first offset of the list goes. */
  #list(at: number, count: number): number {
    const start = this.#reserve(OFFSET_BYTES * (count + 1), OFFSET_BYTES);
    this.#view.setUint32(start, count, true);
    this.#refer(at, start);
    return start + OFFSET_BYTES;
  }

  #referToText(at: number, text: string): void {
    const places = this.#texts.get(text);
    if (places === undefined) this.#texts.set(text, [at]);
    else places.push(at);
  }

  #writeText(text: string, places: readonly number[]): void {
    const start = this.#reserve(OFFSET_BYTES + text.length + 1, OFFSET_BYTES);
    this.#view.setUint32(start, text.length, true);
    this.#bytes.set(Buffer.from(text, "latin1"), start + OFFSET_BYTES);
    for (const place of places) this.#refer(place, start);
  }

  #writeElements(at: number, { count, alignment, bytes }: OrtValue & { kind: "elements" }): void {
    // The first element is what is aligned, and the count lies right before it.
    const padding = -(this.#end + OFFSET_BYTES) & (Math.max(alignment, OFFSET_BYTES) - 1);
    const start = this.#reserve(padding + OFFSET_BYTES + bytes.length, 1) + padding;
    this.#view.setUint32(start, count, true);
    this.#bytes.set(bytes, start + OFFSET_BYTES);
    this.#refer(at, start);
  }

  #refer(at: number, target: number): void {
    invariant(target > at, "what is referred to lies after its reference");
    this.#view.setUint32(at, target - at, true);
  }

  /** @returns Where `count` zeros begin, a multiple of `alignment`. */
  #reserve(count: number, alignment: number): number {
    const start = Math.ceil(this.#end / alignment) * alignment;
    this.#end = start + count;
    if (this.#end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#end, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }
}

/** Where fields lie in a table, after its four bytes that lead to the layout: large ones first leave no gaps. */
function inlineLayout(fields: readonly (readonly [number, OrtValue | undefined])[]): {
  readonly offsets: readonly number[];
  readonly bytes: number;
} {
  const offsets: number[] = [];
  let end = OFFSET_BYTES;
  const sized = fields.map(([number, value]) => ({
    number,
    bytes: value?.kind === "scalar" ? value.bytes.length : OFFSET_BYTES,
  }));
  for (const { number, bytes } of sized.toSorted((one, other) => other.bytes - one.bytes)) {
    const at = Math.ceil(end / bytes) * bytes;
    offsets[number] = at;
    end = at + bytes;
  }
  return { offsets, bytes: end };
}
