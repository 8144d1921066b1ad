/**
 * A rate that refills continuously: `capacity` tokens at the start, `ratePerSec` more each second, never above
 * `capacity`. Time is passed in, so it holds no clock and needs no timer.
 */
export class TokenBucket {
  #ratePerSec: number;
  #capacity: number;
  #tokens: number;
  #updatedMs: number;

  /** @param limits.capacity - Tokens that can be taken at once; what is not used beyond that does not accrue. */
  constructor(limits: { readonly ratePerSec: number; readonly capacity: number }, nowMs: number) {
    this.#ratePerSec = limits.ratePerSec;
    this.#capacity = limits.capacity;
    this.#tokens = limits.capacity;
    this.#updatedMs = nowMs;
  }

  /** Takes one token. @returns Whether there was one. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Changes the limits; what has been taken stays taken. */
  setLimits(
    { ratePerSec, capacity }: { readonly ratePerSec: number; readonly capacity: number },
    nowMs: number,
  ): void {
    this.#refill(nowMs);
    this.#tokens = Math.max(0, this.#tokens + capacity - this.#capacity);
    this.#ratePerSec = ratePerSec;
    this.#capacity = capacity;
  }

  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#updatedMs);
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedMs / 1000) * this.#ratePerSec);
    this.#updatedMs = Math.max(this.#updatedMs, nowMs);
  }
}
