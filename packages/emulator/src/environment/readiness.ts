import type { ExtensionRegistry } from "../runtime-api/index.ts";
import { LogGate } from "./log-gate.ts";

/**
 * Whether the processes of an environment wait for an event: the runtime, whose log has been read, and the
 * extensions that have a part in it.
 */
export class Readiness {
  readonly #extensions: Pick<ExtensionRegistry, "areFree" | "areReady">;
  readonly #logGate: LogGate;
  #isInitialised = false;
  #isRuntimeReady = false;

  /** @param onRuntimeReady - Called when the runtime waits for an event; extensions may not do so yet. */
  constructor(
    extensions: Pick<ExtensionRegistry, "areFree" | "areReady">,
    onRuntimeReady: () => void,
  ) {
    this.#extensions = extensions;
    this.#logGate = new LogGate(() => {
      this.#isRuntimeReady = true;
      onRuntimeReady();
    });
  }

  /** Whether the init of the processes that run now is over. */
  get isInitialised(): boolean {
    return this.#isInitialised;
  }

  /** Whether all of them wait. */
  get isComplete(): boolean {
    const { areFree, areReady } = this.#extensions;
    return this.#isRuntimeReady && (this.#isInitialised ? areFree : areReady);
  }

  /** @param isLogMarked - Whether a mark belongs to the call; without one there is nothing to wait for. */
  nextAsked(isLogMarked: boolean): void {
    this.#logGate.nextAsked(isLogMarked);
  }

  logMarked(): void {
    this.#logGate.logMarked();
  }

  /** The init is over. */
  initialised(): void {
    this.#isInitialised = true;
  }

  /** The runtime is given an event. */
  taken(): void {
    this.#isRuntimeReady = false;
  }

  /** Forgets the processes that have ended. */
  reset(): void {
    this.#isInitialised = false;
    this.#isRuntimeReady = false;
    this.#logGate.reset();
  }
}
