import { LAMBDA_LIMITS } from "@pilotlight/core";

/** The end of one invocation's log, as Invoke returns it. */
class LogTail {
  #lines: string[] = [];
  #chars = 0;

  add(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length + 1;
    // A character has at least one byte, so lines beyond this many characters cannot be in the tail.
    for (;;) {
      const [oldest] = this.#lines;
      if (oldest === undefined) return;
      if (this.#chars - oldest.length - 1 < LAMBDA_LIMITS.logTailBytesMax) return;
      this.#lines.shift();
      this.#chars -= oldest.length + 1;
    }
  }

  bytes(): Buffer {
    const text = Buffer.from(this.#lines.map((line) => `${line}\n`).join(""), "utf8");
    return text.subarray(Math.max(0, text.length - LAMBDA_LIMITS.logTailBytesMax));
  }
}

/** One invocation's part of the log, from START to REPORT. */
export interface InvocationLog {
  /** Last 4 KB; it settles when the part is closed. */
  readonly tail: Promise<Uint8Array>;
  /** Closes the part with these lines, after the lines that are still on their way. */
  close(lines: readonly string[]): void;
}

/**
 * The log of one environment: lines go out in the order of their arrival, and those between the
 * START and the REPORT of an invocation make up its tail.
 *
 * An invocation is closed one turn of the event loop late: what the function wrote to its standard
 * output before it asked for the next event is read in the same turn, by another descriptor. An
 * invocation that begins meanwhile waits with its START line, not with its work.
 */
export class FunctionLog {
  readonly #emit: (line: string) => void;
  readonly #beforeClose: () => void;
  #tail: LogTail | undefined;
  #deferred: (() => void)[] = [];
  #turn: NodeJS.Immediate | undefined;

  /**
   * @param emit - Gets every line, without the line feed at its end.
   * @param beforeClose - Is called before an invocation is closed: brings out half a line.
   */
  constructor(emit: (line: string) => void, beforeClose: () => void) {
    this.#emit = emit;
    this.#beforeClose = beforeClose;
  }

  write(line: string): void {
    this.#tail?.add(line);
    this.#emit(line);
  }

  /** Opens the part of an invocation with its first lines. */
  open(...first: readonly string[]): InvocationLog {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    this.#inTurn(() => {
      this.#tail = new LogTail();
      for (const line of first) this.write(line);
    });
    return {
      tail: promise,
      close: (lines) => {
        this.#deferred.push(() => {
          this.#beforeClose();
          for (const last of lines) this.write(last);
          if (this.#tail !== undefined) resolve(this.#tail.bytes());
          this.#tail = undefined;
        });
        this.#turn ??= setImmediate(() => this.flush());
      },
    };
  }

  /** Does at once what waits for the end of the turn. */
  flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const run of deferred) run();
  }

  #inTurn(run: () => void): void {
    if (this.#deferred.length === 0) run();
    else this.#deferred.push(run);
  }
}
