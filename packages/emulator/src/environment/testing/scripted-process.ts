import type { ProcessExit } from "../outcome-text.ts";
import type { RunningProcess } from "../parts.ts";

/** Puts a step of the world into the order that a test chooses. */
export type Schedule = (step: () => void, label: string) => void;

export interface ScriptedProcessOptions {
  readonly name: string;
  readonly schedule: Schedule;
  readonly onExit: (exit: ProcessExit) => void;
  /** It ends without being asked to. */
  readonly onUnasked: () => void;
  /** Comes after its end, when all that it has sent has been read. */
  readonly onGone: () => void;
}

/** A process that is none: it ends when its script says so, or when it is killed. */
export class ScriptedProcess implements RunningProcess {
  readonly pid = undefined;
  readonly exited: Promise<void>;
  readonly gone: Promise<void>;
  readonly #options: ScriptedProcessOptions;
  readonly #exiting = Promise.withResolvers<void>();
  readonly #going = Promise.withResolvers<void>();
  /** Whether it does nothing more; who waits for its end may not have been told yet. */
  #isDead = false;
  #hasExited = false;

  constructor(options: ScriptedProcessOptions) {
    this.#options = options;
    this.exited = this.#exiting.promise;
    this.gone = this.#going.promise;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === "SIGKILL" || signal === "SIGTERM") this.#die({ kind: "signal", signal });
  }

  flushLines(): void {
    // It has written nothing.
  }

  /** Ends by itself. */
  exit(code: number): void {
    this.#die({ kind: "code", code }, this.#options.onUnasked);
  }

  /** Does something later, unless it has ended by then. */
  later(step: () => void, label: string): void {
    const { schedule, name } = this.#options;
    schedule(() => {
      if (!this.#isDead) step();
    }, `${name} ${label}`);
  }

  #die(exit: ProcessExit, onTold: () => void = () => undefined): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const { schedule, name, onExit, onGone } = this.#options;
    schedule(() => {
      this.#hasExited = true;
      this.#exiting.resolve();
      onTold();
      onExit(exit);
      schedule(() => {
        onGone();
        this.#going.resolve();
      }, `${name} is gone`);
    }, `${name} ends`);
  }
}
