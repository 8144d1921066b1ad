import type * as ort from "onnxruntime-node";

import type { SessionSpec } from "@pilotlight/core";

import { sessionOptions } from "../session-options.ts";

/** Name of a model's file in ONNX format, beside its prepared form. */
export const ORIGINAL_FILE = "model.onnx";

/** Name of a prepared model's file, in ONNX Runtime's own format. */
export const PREPARED_FILE = "model.ort";

/** How a session is opened over one file of a model: plain JSON, so that it can lie beside the code. */
export interface ModelOpening {
  /** Name inside the model's folder. */
  readonly file: string;
  readonly optimization: SessionSpec["optimization"];
  /**
   * Entries of ONNX Runtime's session configuration, without their prefix `session.`.
   *
   * @see https://github.com/microsoft/onnxruntime, onnxruntime_session_options_config_keys.h
   */
  readonly sessionConfig: Readonly<Record<string, string>>;
}

/** The sessions of one execution environment, in the order of its life. */
export interface ModelOpenings {
  /** Opened in the init phase, for the first answer: soonest there, slower to run. */
  readonly first: ModelOpening;
  /** Opened after the first answer, for all others: fastest to run. */
  readonly steady: ModelOpening;
  /** Opened where the first cannot be. */
  readonly fallback: ModelOpening;
}

/** Weights stay where the file is mapped: they are read when they are used, and copied nowhere. */
const MAPPED = {
  use_memory_mapped_ort_model: "1",
  use_ort_model_bytes_for_initializers: "1",
} as const;

/**
 * The prepared form, mapped and without prepacking: a 105 MB model's session opened and ran in 16 ms instead of 172.
 *
 * Graph optimisations were done ahead of time. Kernels that pack their weights copy all of them at once; without that
 * a batch of 2 to 4 runs up to 3.4 times slower, which one answer can bear and the next ones cannot.
 */
export const PREPARED_UNPACKED: ModelOpening = {
  file: PREPARED_FILE,
  optimization: "disabled",
  sessionConfig: { ...MAPPED, disable_prepacking: "1" },
};

/** The prepared form as it runs fastest, for where the original does not lie beside it. */
export const PREPARED_PACKED: ModelOpening = {
  file: PREPARED_FILE,
  optimization: "disabled",
  sessionConfig: MAPPED,
};

/** The prepared form read into memory: needs nothing of the file system but reading. */
export const PREPARED_READ: ModelOpening = {
  file: PREPARED_FILE,
  optimization: "disabled",
  sessionConfig: {},
};

/** The original as the definition asks for it. */
export function originalOpening(spec: SessionSpec): ModelOpening {
  return { file: ORIGINAL_FILE, optimization: spec.optimization, sessionConfig: {} };
}

/** The options of a session over `opening.file`. */
export function openingOptions(
  spec: SessionSpec,
  opening: ModelOpening,
): ort.InferenceSession.SessionOptions {
  const { extra, ...options } = sessionOptions(spec);
  return {
    ...options,
    graphOptimizationLevel: opening.optimization,
    extra: { ...extra, session: { ...sessionOf(extra), ...opening.sessionConfig } },
  };
}

/** The package types `extra` as a record of anything. */
function sessionOf(extra: Record<string, unknown> | undefined): Record<string, unknown> {
  return (extra?.["session"] ?? {}) as Record<string, unknown>;
}
