import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import type * as ort from "onnxruntime-node";

import { isPilotlightError } from "@pilotlight/core";
import type { ModelSignature, Tensor } from "@pilotlight/protocol";
import { datatypeOf } from "@pilotlight/protocol";

import { openModel } from "../model.ts";
import type { Model } from "../model.ts";
import { fromOnnxTensor, toOnnxTensor } from "../onnx-tensor.ts";
import { onnxruntime } from "../onnxruntime.ts";
import { readSignature } from "../signature.ts";
import { generatedInputs, INPUT_PLANS } from "./generated-inputs.ts";
import type { InputSpec } from "./generated-inputs.ts";
import { openingOptions, PREPARED_PACKED, PREPARED_READ, PREPARED_UNPACKED } from "./opening.ts";
import type { ModelOpening } from "./opening.ts";
import { compareOutputs } from "./output-difference.ts";
import type { Tolerance } from "./output-difference.ts";
import type { PreparationQuestion } from "./preparation.ts";
import { repeatableRandom } from "./repeatable-random.ts";

/** What was compared, and how close it came. */
export interface Proof {
  /** Sets of inputs that the original takes and the prepared form answers alike. */
  readonly inputSets: number;
  /** Greatest absolute difference of any two numbers. */
  readonly largestDifference: number;
}

/** Sets of generated inputs after which it is enough. */
const GENERATED_SETS = 3;

/** What a model made of one set of inputs. */
interface Run {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/**
 * Runs the original and the prepared form on the caller's samples and on generated inputs.
 *
 * The prepared form is held to the original in every way in which it may be opened: the first one, which a function
 * opens in its init phase, on all inputs, the others on one set. Of sessions that copy weights one is open at a time.
 *
 * @returns The proof, or a sentence that says what is wrong.
 */
export async function prove(
  question: PreparationQuestion,
  onStep: (step: string) => void,
): Promise<Proof | string> {
  onStep("opening the original");
  const original = await opened(() =>
    openModel(question.artifact, { ...question.spec, warmUp: false }),
  );
  if (typeof original === "string") return original;
  onStep("opening the prepared form");
  const first = await openPrepared(question, PREPARED_UNPACKED);
  if (typeof first === "string") return first;
  const fault = signatureFault(original.signature, first);
  if (fault !== undefined) return fault;
  onStep("comparing the prepared form with the original");
  const runs = await runsOf(original, inputSets(question, first));
  if (typeof runs === "string") return runs;
  const changeFault = await changingFault(original, runs, question.tolerance);
  if (changeFault !== undefined) return changeFault;
  await original.release();
  const compared = await compareRuns(first, runs, question.tolerance);
  if (typeof compared === "string") return compared;
  await first.release();
  for (const opening of [PREPARED_PACKED, PREPARED_READ]) {
    const session = await openPrepared(question, opening);
    if (typeof session === "string") return session;
    const other = await compareRuns(session, runs.slice(0, 1), question.tolerance);
    if (typeof other === "string") return other;
    await session.release();
  }
  return { inputSets: runs.length, largestDifference: compared };
}

/** @returns The session, or a sentence that says why there is none. */
async function openPrepared(
  { folder, spec }: PreparationQuestion,
  opening: ModelOpening,
): Promise<ort.InferenceSession | string> {
  const path = join(folder, opening.file);
  const session = await opened(() =>
    onnxruntime.InferenceSession.create(path, openingOptions(spec, opening)),
  );
  return typeof session === "string" ? `its prepared form does not open: ${session}` : session;
}

/** What `open` gives, or what it says when it fails. */
async function opened<Opened>(open: () => Promise<Opened>): Promise<Opened | string> {
  try {
    return await open();
  } catch (error) {
    return messageOf(error);
  }
}

function signatureFault(wanted: ModelSignature, session: ort.InferenceSession): string | undefined {
  const got = readSignature(session, "prepared");
  if (isDeepStrictEqual(got, wanted)) return undefined;
  return `its prepared form has other inputs or outputs: ${JSON.stringify(got)}, originally ${JSON.stringify(wanted)}`;
}

/** @returns What the original made of the inputs that it takes, or a sentence where it takes none. */
async function runsOf(
  original: Model,
  sets: Iterable<{ readonly inputs: readonly Tensor[]; readonly isGenerated: boolean }>,
): Promise<readonly Run[] | string> {
  const runs: Run[] = [];
  let refusal = "its inputs are too large to be made up";
  let generated = 0;
  for (const { inputs, isGenerated } of sets) {
    if (isGenerated && generated === GENERATED_SETS) break;
    const outputs = await runOriginal(original, inputs);
    if (typeof outputs === "string") {
      refusal = outputs;
      continue;
    }
    if (isGenerated) generated += 1;
    runs.push({ inputs, outputs });
  }
  if (runs.length > 0) return runs;
  return `it could not be compared, as it runs on no generated input (give sample inputs): ${refusal}`;
}

/** The caller's samples, then what each plan draws. */
function* inputSets(
  { samples, seed }: PreparationQuestion,
  session: ort.InferenceSession,
): Generator<{ readonly inputs: readonly Tensor[]; readonly isGenerated: boolean }> {
  for (const inputs of samples) yield { inputs, isGenerated: false };
  const specs = inputSpecs(session.inputMetadata);
  const random = repeatableRandom(seed);
  for (const plan of INPUT_PLANS) {
    const inputs = generatedInputs(specs, plan, random);
    if (inputs !== undefined) yield { inputs, isGenerated: true };
  }
}

/** Unlike a signature this keeps the names of dimensions, which say what has to be of one size. */
function inputSpecs(metadata: readonly ort.InferenceSession.ValueMetadata[]): readonly InputSpec[] {
  return metadata.flatMap((value) => {
    const datatype = value.isTensor ? datatypeOf(value.type) : undefined;
    if (!value.isTensor || datatype === undefined) return [];
    return [{ name: value.name, datatype, shape: value.shape }];
  });
}

async function runOriginal(
  original: Model,
  inputs: readonly Tensor[],
): Promise<readonly Tensor[] | string> {
  const names = original.signature.outputs.map(({ name }) => name);
  try {
    return await original.run(inputs, names);
  } catch (error) {
    if (isPilotlightError(error)) return error.message;
    throw error;
  }
}

/** What is wrong with a model that answers the same question in different ways. */
async function changingFault(
  original: Model,
  [first]: readonly Run[],
  tolerance: Tolerance,
): Promise<string | undefined> {
  if (first === undefined) return undefined;
  const again = await runOriginal(original, first.inputs);
  if (typeof again === "string") return `it does not run twice on the same inputs: ${again}`;
  const { fault } = compareOutputs(first.outputs, again, tolerance);
  if (fault === undefined) return undefined;
  return `it gives other outputs each time, so that nothing can be compared: ${fault}`;
}

/** @returns The largest difference, or a sentence that says what is beyond the tolerance. */
async function compareRuns(
  session: ort.InferenceSession,
  runs: readonly Run[],
  tolerance: Tolerance,
): Promise<number | string> {
  let largest = 0;
  for (const run of runs) {
    const got = await opened(() => runPrepared(session, run));
    if (typeof got === "string") {
      return `its prepared form refuses inputs that the original takes: ${got}`;
    }
    const { fault, largestDifference } = compareOutputs(run.outputs, got, tolerance);
    if (fault !== undefined) return `its prepared form computes something else: ${fault}`;
    largest = Math.max(largest, largestDifference);
  }
  return largest;
}

async function runPrepared(
  session: ort.InferenceSession,
  { inputs, outputs }: Run,
): Promise<readonly Tensor[]> {
  const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toOnnxTensor(tensor)]));
  const names = outputs.map(({ name }) => name);
  const results = await session.run(feeds, names);
  return names.map((name) => fromOnnxTensor(name, results[name]));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
