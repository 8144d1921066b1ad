import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, mkdir, mkdtemp, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { formatBytes, invariant, isPilotlightError, LAMBDA_LIMITS } from "@pilotlight/core";
import type { SessionSpec } from "@pilotlight/core";
import type { Tensor } from "@pilotlight/protocol";

import { inspectArtifact } from "../artifact.ts";
import { askProcess } from "./bounded-process.ts";
import type { ModelFile } from "./model-layer.ts";
import type { ModelOpenings } from "./opening.ts";
import {
  ORIGINAL_FILE,
  originalOpening,
  PREPARED_FILE,
  PREPARED_PACKED,
  PREPARED_READ,
  PREPARED_UNPACKED,
} from "./opening.ts";
import { decideOriginal } from "./original-rule.ts";
import type { OriginalDecision } from "./original-rule.ts";
import { DEFAULT_TOLERANCE } from "./output-difference.ts";
import type { Tolerance } from "./output-difference.ts";
import type { PreparationAnswer, PreparationQuestion } from "./preparation.ts";
import type { Proof } from "./proof.ts";

/** A model to be prepared for cold starts. */
export interface PrepareOptions {
  /** Absolute path of the ONNX file. */
  readonly artifact: string;
  /** Absolute path of the folder that gets the model's files; it is made where it is missing. */
  readonly directory: string;
  readonly spec: SessionSpec;
  /** By default 1e-4 absolute and 1e-3 relative. */
  readonly tolerance?: Tolerance;
  /** Inputs that are compared before generated ones: each a tensor for every input of the model. */
  readonly samples?: readonly (readonly Tensor[])[];
  /** Of the generated inputs; 1 by default. */
  readonly seed?: number;
  /** By default two minutes. */
  readonly timeoutMs?: number;
  /** Resident memory of the process that prepares; by default 4 GB. */
  readonly memoryBytes?: number;
  /** What code and other layers leave to the model; by default 215,444,000 bytes. */
  readonly roomBytes?: number;
}

/** A model in its prepared form. */
export interface PreparedModel {
  readonly outcome: "prepared";
  /** ONNX Runtime's own format. */
  readonly format: "ort";
  /** What lies in the directory, sorted by name. */
  readonly files: readonly ModelFile[];
  readonly openings: ModelOpenings;
  readonly original: OriginalDecision;
  readonly proof: Proof;
}

/** A model that stays as it is. */
export interface KeptModel {
  readonly outcome: "kept";
  readonly format: "onnx";
  /** Why, in a sentence. */
  readonly reason: string;
  /** What lies in the directory, sorted by name. */
  readonly files: readonly ModelFile[];
  readonly openings: ModelOpenings;
}

/** Largest protocol buffer, and largest file of ONNX Runtime's own format: both count bytes in 31 bits. */
const FILE_BYTES_MAX = 2_147_483_647;

const DEFAULT_TIMEOUT_MS = 120_000;
const DEFAULT_MEMORY_BYTES = 4_294_967_296;
const DEFAULT_SEED = 1;

/** Unzipped bytes of ONNX Runtime's layer, at most (x64, the larger one). */
const RUNTIME_LAYER_BYTES = 46_700_000;
const DEFAULT_ROOM_BYTES = LAMBDA_LIMITS.unzippedBytesMax - RUNTIME_LAYER_BYTES;

/**
 * Prepares a model for cold starts: graph optimisations done, weights stored so that they are mapped and not read.
 *
 * ONNX Runtime works in a process of its own with bounds of time and memory. What it makes counts only when it gives
 * the original's outputs, within the tolerance, on the samples and on generated inputs; otherwise the model is kept as
 * it is, and the reason says what stood in the way. The same file gives the same bytes.
 *
 * @returns The files laid into `directory`, and how sessions are opened over them.
 * @throws PilotlightError ERR_MODEL_UNLOADABLE when there is no such file.
 */
export async function prepareModel(options: PrepareOptions): Promise<PreparedModel | KeptModel> {
  const { artifact, directory } = options;
  const unfit = await unfitness(artifact);
  await mkdir(directory, { recursive: true });
  const isOwnFolder = (await realpath(dirname(artifact))) === (await realpath(directory));
  invariant(!isOwnFolder, `${directory} holds the artifact: prepare into another folder`);
  await Promise.all(
    [ORIGINAL_FILE, PREPARED_FILE].map((name) => rm(join(directory, name), { force: true })),
  );
  if (unfit !== undefined) return await keep(options, unfit);
  const folder = await mkdtemp(join(directory, ".preparing-"));
  try {
    const outcome = await askProcess<PreparationAnswer>(
      new URL("preparation-process.ts", import.meta.url),
      questionOf(options, folder),
      {
        timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
        folder,
      },
    );
    if (outcome.kind === "lost") return await keep(options, outcome.reason);
    const { answer } = outcome;
    if (answer.kind === "kept") return await keep(options, answer.reason, answer.externalFiles);
    await rename(join(folder, PREPARED_FILE), join(directory, PREPARED_FILE));
    return await finish(options, answer.proof);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Why a file is not worth a process, nothing where it is. */
async function unfitness(artifact: string): Promise<string | undefined> {
  try {
    const bytes = await inspectArtifact(artifact);
    if (bytes <= FILE_BYTES_MAX) return undefined;
    return `it has ${formatBytes(bytes)}: neither ONNX nor ONNX Runtime's own format holds more than 2 GB in one file`;
  } catch (error) {
    const isThere = await stat(artifact).then(
      (info) => info.isFile(),
      () => false,
    );
    if (isThere && isPilotlightError(error)) return error.message;
    throw error;
  }
}

function questionOf(options: PrepareOptions, folder: string): PreparationQuestion {
  const { artifact, spec } = options;
  const {
    tolerance = DEFAULT_TOLERANCE,
    samples = [],
    seed = DEFAULT_SEED,
    roomBytes = DEFAULT_ROOM_BYTES,
  } = options;
  return { artifact, folder, spec, tolerance, samples, seed, roomBytes };
}

async function finish(options: PrepareOptions, proof: Proof): Promise<PreparedModel> {
  const { artifact, directory, spec, roomBytes = DEFAULT_ROOM_BYTES } = options;
  const prepared = await describeFile(directory, PREPARED_FILE);
  const originalBytes = (await stat(artifact)).size;
  const sizes = { originalBytes, preparedBytes: prepared.bytes, roomBytes };
  const original = decideOriginal(sizes);
  const shared = { outcome: "prepared", format: "ort", original, proof } as const;
  if (!original.isKept) {
    const openings: ModelOpenings = {
      first: PREPARED_UNPACKED,
      steady: PREPARED_PACKED,
      fallback: PREPARED_READ,
    };
    return { ...shared, files: [prepared], openings };
  }
  const beside = await copyIn(directory, { from: artifact, name: ORIGINAL_FILE });
  const opening = originalOpening(spec);
  const openings = { first: PREPARED_UNPACKED, steady: opening, fallback: opening };
  return { ...shared, files: [beside, prepared], openings };
}

async function keep(
  { artifact, directory, spec }: PrepareOptions,
  reason: string,
  externalFiles: readonly string[] = [],
): Promise<KeptModel> {
  const files = [await copyIn(directory, { from: artifact, name: ORIGINAL_FILE })];
  for (const name of externalFiles) {
    files.push(await copyIn(directory, { from: join(dirname(artifact), name), name }));
  }
  const opening = originalOpening(spec);
  return {
    outcome: "kept",
    format: "onnx",
    reason,
    files: files.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    openings: { first: opening, steady: opening, fallback: opening },
  };
}

async function copyIn(
  directory: string,
  { from, name }: { from: string; name: string },
): Promise<ModelFile> {
  const to = join(directory, name);
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  return await describeFile(directory, name);
}

async function describeFile(directory: string, name: string): Promise<ModelFile> {
  const path = join(directory, name);
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { name, bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}
