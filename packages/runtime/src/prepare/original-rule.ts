import { formatBytes } from "@pilotlight/core";

/**
 * What the prepared form saves at a cold start, milliseconds per MB of its file: of 105 MB it saved 156 ms, of 55 MB
 * 94 ms (onnxruntime-node 1.30, Node 24.21, x64, medians of 21 processes).
 */
const SAVED_MS_PER_MB = 1.5;

/** What one more MB in a layer costs before a start, milliseconds: read or written once at 1 GB/s. */
const CARRIED_MS_PER_MB = 1;

/** Whether the original lies beside the prepared form, and why. */
export interface OriginalDecision {
  readonly isKept: boolean;
  /** For people. */
  readonly reason: string;
}

/**
 * Decides whether the original ONNX file lies beside the prepared form.
 *
 * It is worth having: it can be optimised for the very processor (which a file for all processors cannot), so that
 * requests after the first run faster, and it opens where the prepared form does not. It is kept when
 *
 *     originalBytes · 1 ms/MB  <  preparedBytes · 1.5 ms/MB   and   originalBytes + preparedBytes ≤ roomBytes
 *
 * that is, when carrying it costs a cold start less than the prepared form saves, and when it does not itself push the
 * model out of its layer. Sizes decide and no clock, so that the same model gives the same layer on every machine.
 *
 * @param sizes - Bytes; `roomBytes` is what code and other layers leave to the model.
 */
export function decideOriginal(sizes: {
  readonly originalBytes: number;
  readonly preparedBytes: number;
  readonly roomBytes: number;
}): OriginalDecision {
  const { originalBytes, preparedBytes, roomBytes } = sizes;
  const [original, prepared] = [formatBytes(originalBytes), formatBytes(preparedBytes)];
  if (originalBytes + preparedBytes > roomBytes) {
    const reason = `the original (${original}) is left out: with the prepared form (${prepared}) it would need more than the ${formatBytes(roomBytes)} that there is room for`;
    return { isKept: false, reason };
  }
  if (originalBytes * CARRIED_MS_PER_MB >= preparedBytes * SAVED_MS_PER_MB) {
    const reason = `the original (${original}) is left out: carrying it costs a cold start more than the prepared form (${prepared}) saves`;
    return { isKept: false, reason };
  }
  const reason = `the original (${original}) lies beside the prepared form (${prepared}): carrying it costs a cold start less than the prepared form saves`;
  return { isKept: true, reason };
}
