/** A growing row of bits, least significant first, as DEFLATE packs them (RFC 1951, section 3.1.1). */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #held = 0;
  #heldBits = 0;

  /** @param expectedBytes - What is likely to be written; more makes the buffer grow. */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(Math.max(64, expectedBytes));
  }

  /** @param count - At most 16, and `value` fits in so many bits. */
  write(value: number, count: number): void {
    this.#held |= value << this.#heldBits;
    this.#heldBits += count;
    if (this.#length + 4 > this.#bytes.length) this.#grow(4);
    while (this.#heldBits >= 8) {
      this.#bytes[this.#length] = this.#held & 0xff;
      this.#length += 1;
      this.#held >>>= 8;
      this.#heldBits -= 8;
    }
  }

  /** Fills the last byte with zeros. */
  align(): void {
    if (this.#heldBits > 0) this.write(0, 8 - this.#heldBits);
  }

  /** Appends whole bytes; the row is aligned. */
  append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What was written; the row is aligned. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(byCount: number): void {
    const grown = new Uint8Array(this.#bytes.length * 2 + byCount);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
