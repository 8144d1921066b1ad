import { StringDecoder } from "node:string_decoder";

/** Cuts a stream of UTF-8 into lines; a line that grows beyond the limit is cut there. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #lineCharsMax: number;
  readonly #decoder = new StringDecoder("utf8");
  #partial = "";

  constructor(onLine: (line: string) => void, { lineCharsMax }: { lineCharsMax: number }) {
    this.#onLine = onLine;
    this.#lineCharsMax = lineCharsMax;
  }

  /** Takes the next bytes, cut anywhere. */
  push(bytes: Buffer): void {
    const lines = (this.#partial + this.#decoder.write(bytes)).split("\n");
    this.#partial = "";
    const last = lines.pop() ?? "";
    for (const line of lines) this.#emit(line);
    this.#partial = this.#emitWholePieces(last);
  }

  /** Emits what has come since the last line feed. */
  flush(): void {
    const rest = this.#partial;
    this.#partial = "";
    if (rest !== "") this.#onLine(rest);
  }

  #emit(line: string): void {
    this.#onLine(this.#emitWholePieces(line));
  }

  #emitWholePieces(text: string): string {
    let rest = text;
    while (rest.length > this.#lineCharsMax) {
      this.#onLine(rest.slice(0, this.#lineCharsMax));
      rest = rest.slice(this.#lineCharsMax);
    }
    return rest;
  }
}
