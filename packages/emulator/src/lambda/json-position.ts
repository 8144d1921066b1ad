const SOURCE = "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";

/** A place in a text that should be UTF-8, counted in lines and bytes as Jackson counts. */
export class JsonPosition {
  readonly #bytes: Uint8Array;
  #index = 0;
  #line = 1;
  #lineStart = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The byte at the place; `undefined` at the end. */
  get byte(): number | undefined {
    return this.#bytes[this.#index];
  }

  get isDigit(): boolean {
    const { byte } = this;
    return byte !== undefined && byte >= 0x30 && byte <= 0x39;
  }

  take(): void {
    this.#index += 1;
  }

  skipDigits(): void {
    while (this.isDigit) this.take();
  }

  skipSign(): void {
    if (this.byte === 0x2b || this.byte === 0x2d) this.take();
  }

  skipSpace(): void {
    for (;;) {
      const { byte } = this;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return;
      this.take();
      if (byte === 0x0d && this.byte === 0x0a) this.take();
      if (byte === 0x0a || byte === 0x0d) {
        this.#line += 1;
        this.#lineStart = this.#index;
      }
    }
  }

  /** Goes over one character. @returns The fault of one that is no UTF-8; one that is cut off by the end is none. */
  skipCharacter(): string | undefined {
    const { byte = 0 } = this;
    const length = lengthOf(byte);
    if (length === undefined) {
      return this.faultAfter(`Invalid UTF-8 start byte 0x${byte.toString(16)}`);
    }
    this.take();
    for (let read = 1; read < length; read += 1) {
      const next = this.byte;
      if (next === undefined) return undefined;
      if ((next & 0xc0) !== 0x80) {
        return this.faultAfter(`Invalid UTF-8 middle byte 0x${next.toString(16)}`);
      }
      this.take();
    }
    return undefined;
  }

  /** The character at the place, which stays; or the fault of one that is no UTF-8. */
  decoded(): { character: string; fault?: string | undefined } {
    const start = this.#index;
    const fault = this.skipCharacter();
    const bytes = this.#bytes.subarray(start, this.#index);
    this.#index = start;
    return { character: Buffer.from(bytes).toString("utf8"), fault };
  }

  /** A fault at the place. */
  faultHere(message: string): string {
    return `${message}\n at ${this.source()}`;
  }

  /** A fault that is told behind the byte at the place. */
  faultAfter(message: string): string {
    return `${message}\n at ${this.source(1)}`;
  }

  /** The place as it is written. */
  source(beyond = 0): string {
    const column = this.#index - this.#lineStart + 1 + beyond;
    return `[${SOURCE}; line: ${this.#line}, column: ${column}]`;
  }
}

/** Bytes of the character that begins with `byte`; `undefined` where none does. */
function lengthOf(byte: number): number | undefined {
  if (byte < 0x80) return 1;
  if ((byte & 0xe0) === 0xc0) return 2;
  if ((byte & 0xf0) === 0xe0) return 3;
  return (byte & 0xf8) === 0xf0 ? 4 : undefined;
}
