/**
 * Holds a runtime's call of next back until all that was logged before it has been read.
 *
 * Call and log come by different channels, in either order; our own runtime client puts a mark into the
 * log before it calls.
 */
export class LogGate {
  readonly #onNext: () => void;
  #hasMark = false;
  #hasCall = false;

  /** @param onNext - Called for every call of next whose log has been read. */
  constructor(onNext: () => void) {
    this.#onNext = onNext;
  }

  /** @param isLogMarked - Whether a mark belongs to the call; without one there is nothing to wait for. */
  nextAsked(isLogMarked: boolean): void {
    if (isLogMarked && !this.#hasMark) {
      this.#hasCall = true;
      return;
    }
    this.#hasMark = false;
    this.#onNext();
  }

  logMarked(): void {
    if (!this.#hasCall) {
      this.#hasMark = true;
      return;
    }
    this.#hasCall = false;
    this.#onNext();
  }

  /** Forgets the process that called. */
  reset(): void {
    this.#hasMark = false;
    this.#hasCall = false;
  }
}
