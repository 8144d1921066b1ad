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

/** The ways in which a prepared form may be opened: the first, which serves alone, on all inputs, the others on one. */
const PREPARED_OPENINGS: readonly ModelOpening[] = [
  PREPARED_UNPACKED,
  PREPARED_PACKED,
  PREPARED_READ,
];

/**
 * Runs the original and the prepared form on the caller's samples and on generated inputs.
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
  const sessions: ort.InferenceSession[] = [];
  for (const opening of PREPARED_OPENINGS) {
    const session = await opened(() => openPrepared(question, opening));
    if (typeof session === "string") return `its prepared form does not open: ${session}`;
    sessions.push(session);
  }
  const [first] = sessions;
  const fault = first === undefined ? undefined : signatureFault(original.signature, first);
  if (fault !== undefined) return fault;
  onStep("comparing the prepared form with the original");
  return await compareAll(question, original, sessions);
}

async function openPrepared(
  { folder, spec }: PreparationQuestion,
  opening: ModelOpening,
): Promise<ort.InferenceSession> {
  const path = join(folder, opening.file);
  return await onnxruntime.InferenceSession.create(path, openingOptions(spec, opening));
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

async function compareAll(
  question: PreparationQuestion,
  original: Model,
  sessions: readonly ort.InferenceSession[],
): Promise<Proof | string> {
  let proof: Proof = { inputSets: 0, largestDifference: 0 };
  let refusal = "its inputs are too large to be made up";
  let generated = 0;
  for (const { inputs, isGenerated } of inputSets(question, sessions[0])) {
    if (isGenerated && generated === GENERATED_SETS) break;
    const expected = await runOriginal(original, inputs);
    if (typeof expected === "string") {
      refusal = expected;
      continue;
    }
    if (isGenerated) generated += 1;
    const isFirst = proof.inputSets === 0;
    const compared = await compareOne({ question, original, sessions, isFirst }, inputs, expected);
    if (typeof compared === "string") return compared;
    const largestDifference = Math.max(proof.largestDifference, compared);
    proof = { inputSets: proof.inputSets + 1, largestDifference };
  }
  if (proof.inputSets > 0) return proof;
  return `it could not be compared, as it runs on no generated input (give sample inputs): ${refusal}`;
}

/** The caller's samples, then what each plan draws. */
function* inputSets(
  { samples, seed }: PreparationQuestion,
  session: ort.InferenceSession | undefined,
): Generator<{ readonly inputs: readonly Tensor[]; readonly isGenerated: boolean }> {
  for (const inputs of samples) yield { inputs, isGenerated: false };
  const specs = inputSpecs(session?.inputMetadata ?? []);
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

interface Comparison {
  readonly question: PreparationQuestion;
  readonly original: Model;
  readonly sessions: readonly ort.InferenceSession[];
  readonly isFirst: boolean;
}

/** @returns The largest difference, or a sentence that says what is beyond the tolerance. */
async function compareOne(
  { question: { tolerance }, original, sessions, isFirst }: Comparison,
  inputs: readonly Tensor[],
  expected: readonly Tensor[],
): Promise<number | string> {
  if (isFirst) {
    const again = await runOriginal(original, inputs);
    if (typeof again === "string") return `it does not run twice on the same inputs: ${again}`;
    const { fault } = compareOutputs(expected, again, tolerance);
    if (fault !== undefined) {
      return `it gives other outputs each time, so that nothing can be compared: ${fault}`;
    }
  }
  let largest = 0;
  for (const session of isFirst ? sessions : sessions.slice(0, 1)) {
    const got = await opened(() => runPrepared(session, inputs, expected));
    if (typeof got === "string") {
      return `its prepared form refuses inputs that the original takes: ${got}`;
    }
    const { fault, largestDifference } = compareOutputs(expected, got, tolerance);
    if (fault !== undefined) return `its prepared form computes something else: ${fault}`;
    largest = Math.max(largest, largestDifference);
  }
  return largest;
}

async function runPrepared(
  session: ort.InferenceSession,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): Promise<readonly Tensor[]> {
  const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toOnnxTensor(tensor)]));
  const names = outputs.map(({ name }) => name);
  const results = await session.run(feeds, names);
  return names.map((name) => fromOnnxTensor(name, results[name]));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
