/** Time as something that is passed in, so that whoever decides can be tested in virtual time. */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch; it may jump. */
  epochMs(): number;
  /** Time since an arbitrary start, milliseconds; it never goes back. */
  monotonicMs(): number;
}

/** Calls `run` once after `delayMs` of the clock's own time. */
export interface Timers extends Clock {
  /** @returns A function that cancels the call; calling it twice does no harm. */
  after(delayMs: number, run: () => void): () => void;
}
