import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import type { Datatype, TensorSpec } from "@pilotlight/protocol";

/** A tensor of an io.json: its elements as JSON, in a file, by a formula, or of all steps one after the other. */
export interface IoTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly file?: string;
  readonly generate?: "arange_over_n" | "mod7919";
  readonly stepsFile?: string;
  readonly stepsData?: readonly unknown[];
}

/** How far an answer may be from the expected one. */
export interface Tolerance {
  readonly atol?: number;
  readonly rtol?: number;
  /** Only the index of the greatest element counts. */
  readonly mode?: "argmax";
}

/** One call. */
export interface SingleCase {
  readonly kind: "single";
  readonly id: string;
  readonly tolerance: Tolerance;
  readonly inputs: readonly IoTensor[];
  readonly outputs: readonly IoTensor[];
  readonly expect?: { readonly argmax?: number };
}

/** Calls of which each feeds outputs of the one before. */
export interface SequenceCase {
  readonly kind: "sequence";
  readonly id: string;
  readonly tolerance: Tolerance;
  readonly steps: number;
  readonly inputs: readonly IoTensor[];
  readonly outputs: readonly IoTensor[];
  readonly carry: readonly (TensorSpec & { readonly from: string; readonly to: string })[];
  /** Outputs after the last step. */
  readonly final?: readonly IoTensor[];
}

/** Greedy decoding with a cache of keys and values. */
export interface GenerateCase {
  readonly kind: "generate";
  readonly id: string;
  readonly datatype: Datatype;
  readonly prompt: readonly (readonly number[])[];
  readonly maxNewTokens: number;
  readonly expectedTokens: readonly (readonly number[])[];
  readonly io: {
    readonly ids: string;
    readonly logits: string;
    readonly positions?: string;
    readonly mask?: string;
  };
  readonly kv: readonly {
    readonly from: string;
    readonly to: string;
    readonly datatype: Datatype;
    readonly emptyShape: readonly (number | "B")[];
  }[];
}

export type IoCase = SingleCase | SequenceCase | GenerateCase;

/** A model with known answers. */
export interface IoModel {
  /** As a definition may name it: `light-vgg19` for light/vgg19. */
  readonly name: string;
  /** Folder below the models folder: `light/vgg19`. */
  readonly folder: string;
  readonly directory: string;
  readonly artifact: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly cases: readonly IoCase[];
}

interface IoFile {
  readonly model: { readonly file: string };
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly cases: readonly IoCase[];
}

/** Reads every io.json below a folder, in the order of the paths. */
export function readIoModels(root: string): readonly IoModel[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path === "io.json" || path.endsWith("/io.json"))
    .toSorted()
    .map((path) => readIoModel(root, join(root, dirname(path))));
}

function readIoModel(root: string, directory: string): IoModel {
  const { model, inputs, outputs, cases } = JSON.parse(
    readFileSync(join(directory, "io.json"), "utf8"),
  ) as IoFile;
  const folder = relative(root, directory);
  return {
    name: folder.replaceAll("/", "-"),
    folder,
    directory,
    artifact: join(directory, model.file),
    inputs,
    outputs,
    cases,
  };
}
