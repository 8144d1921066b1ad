import { access, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import type * as ort from "onnxruntime-node";

import { formatBytes, isPilotlightError } from "@pilotlight/core";
import type { SessionSpec } from "@pilotlight/core";
import type { Tensor } from "@pilotlight/protocol";

import { openModel } from "../model.ts";
import { onnxruntime } from "../onnxruntime.ts";
import { sessionOptions } from "../session-options.ts";
import { canonicalOrt } from "./canonical-ort.ts";
import { isInnerPath } from "./model-layer.ts";
import { readOnnxFile, withoutInitializedInputs } from "./onnx-file.ts";
import type { OnnxFile } from "./onnx-file.ts";
import { ORIGINAL_FILE, PREPARED_FILE } from "./opening.ts";
import type { Tolerance } from "./output-difference.ts";
import { prove } from "./proof.ts";
import type { Proof } from "./proof.ts";

/** What a child process is asked: to prepare one model. */
export interface PreparationQuestion {
  /** Absolute path of the ONNX file. */
  readonly artifact: string;
  /** An empty folder; the prepared form is written into it. */
  readonly folder: string;
  readonly spec: SessionSpec;
  readonly tolerance: Tolerance;
  readonly samples: readonly (readonly Tensor[])[];
  readonly seed: number;
  /** Bytes that there is room for. */
  readonly roomBytes: number;
}

/** What a child process answers. */
export type PreparationAnswer =
  | { readonly kind: "prepared"; readonly proof: Proof }
  /** `externalFiles` are the files of weights that belong to the model. */
  | {
      readonly kind: "kept";
      readonly reason: string;
      readonly externalFiles: readonly string[];
    };

/**
 * The level of graph optimisation of a prepared form: the definition's, but never `all`.
 *
 * Level `all` writes layouts for the processor of the build (ONNX Runtime warns of it); what `extended` writes is the
 * same on all of them. A lower level was asked for with a reason, as where an optimisation harms the model.
 *
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html, read 2026-11-24.
 */
function preparedLevel({ optimization }: SessionSpec): SessionSpec["optimization"] {
  return optimization === "all" ? "extended" : optimization;
}

/** Names that a model's folder needs for itself. */
const RESERVED_FILES: readonly string[] = [ORIGINAL_FILE, PREPARED_FILE];

/** A prepared form beyond this holds weights that the original's graph computes. */
const NORMAL_GROWTH = { times: 4, bytes: 65_536 } as const;

/**
 * Converts a model and proves that it gives the same outputs.
 *
 * @param onStep - Told what is being done, for a parent that finds this process gone.
 */
export async function prepare(
  question: PreparationQuestion,
  onStep: (step: string) => void,
): Promise<PreparationAnswer> {
  const stopped = await make(question, onStep);
  if (stopped !== undefined) return stopped;
  const outcome = await prove(question, onStep);
  return typeof outcome === "string" ? kept(outcome) : { kind: "prepared", proof: outcome };
}

/**
 * Writes the prepared form; what that takes in memory is free again when the proof begins.
 *
 * @returns Nothing, or why there is none.
 */
async function make(
  question: PreparationQuestion,
  onStep: (step: string) => void,
): Promise<PreparationAnswer | undefined> {
  onStep("reading it");
  const file = await read(question.artifact);
  if (file.onnx !== undefined && file.onnx.externalFiles.length > 0) {
    return await keepExternal(question.artifact, file.onnx.externalFiles);
  }
  onStep("converting it");
  const failure = await convert(question, file);
  if (failure !== undefined) {
    return kept((await loadFailure(question)) ?? `ONNX Runtime does not convert it: ${failure}`);
  }
  const preparedBytes = (await stat(join(question.folder, PREPARED_FILE))).size;
  const overflow = overflowText({ originalBytes: file.bytes.length, preparedBytes }, question);
  return overflow === undefined ? undefined : kept(overflow);
}

function kept(reason: string): PreparationAnswer {
  return { kind: "kept", reason, externalFiles: [] };
}

/** ONNX Runtime maps such weights already; they move along with the model where their names allow it. */
async function keepExternal(
  artifact: string,
  externalFiles: readonly string[],
): Promise<PreparationAnswer> {
  const names = externalFiles.map((name) => JSON.stringify(name)).join(", ");
  const reason = `its weights lie outside it, in ${names}: such a model is opened as it is`;
  const stray = externalFiles.find((name) => !isInnerPath(name) || RESERVED_FILES.includes(name));
  if (stray !== undefined) {
    return kept(
      `${reason}, and "${stray}" cannot lie beside it: export the model with its weights inside`,
    );
  }
  for (const name of externalFiles) {
    const isThere = await access(join(dirname(artifact), name)).then(
      () => true,
      () => false,
    );
    if (!isThere) return kept(`${reason}, and "${name}" is missing`);
  }
  return { kind: "kept", reason, externalFiles };
}

interface ReadFile {
  readonly bytes: Uint8Array;
  /** Nothing where the file is damaged: ONNX Runtime says how. */
  readonly onnx: OnnxFile | undefined;
}

async function read(artifact: string): Promise<ReadFile> {
  const bytes = await readFile(artifact);
  try {
    return { bytes, onnx: readOnnxFile(bytes) };
  } catch (error) {
    if (error instanceof RangeError) return { bytes, onnx: undefined };
    throw error;
  }
}

/** @returns Nothing, or ONNX Runtime's words where it refuses. */
async function convert(
  { artifact, folder, spec }: PreparationQuestion,
  { bytes, onnx }: ReadFile,
): Promise<string | undefined> {
  let source = artifact;
  if (onnx !== undefined && onnx.initializedInputs.length > 0) {
    source = join(folder, "without-initialized-inputs.onnx");
    await writeFile(source, withoutInitializedInputs(bytes, onnx));
  }
  const options: ort.InferenceSession.SessionOptions = {
    ...sessionOptions({ ...spec, threads: 1 }),
    graphOptimizationLevel: preparedLevel(spec),
    optimizedModelFilePath: join(folder, PREPARED_FILE),
    extra: { session: { save_model_format: "ORT" } },
  };
  try {
    const session = await onnxruntime.InferenceSession.create(source, options);
    await session.release();
  } catch (error) {
    return messageOf(error);
  }
  const path = join(folder, PREPARED_FILE);
  const canonical = canonicalOrt(await readFile(path));
  if (canonical !== undefined) await writeFile(path, canonical);
  return undefined;
}

/** What is wrong with a model that does not load at all, in the words that its function would have. */
async function loadFailure({ artifact, spec }: PreparationQuestion): Promise<string | undefined> {
  try {
    const model = await openModel(artifact, { ...spec, warmUp: false });
    await model.release();
    return undefined;
  } catch (error) {
    if (isPilotlightError(error)) return error.message;
    throw error;
  }
}

/** A graph may compute its weights: a small file then has a prepared form that no layer holds. */
function overflowText(
  { originalBytes, preparedBytes }: { originalBytes: number; preparedBytes: number },
  { roomBytes }: PreparationQuestion,
): string | undefined {
  const isOverflow = preparedBytes > roomBytes && originalBytes <= roomBytes;
  if (!isOverflow) return undefined;
  const isComputed = preparedBytes > NORMAL_GROWTH.times * originalBytes + NORMAL_GROWTH.bytes;
  const why = isComputed ? ", as its graph computes the weights that are then stored" : "";
  return `its prepared form has ${formatBytes(preparedBytes)}${why}: more than the ${formatBytes(roomBytes)} that there is room for, which the original (${formatBytes(originalBytes)}) fits`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
