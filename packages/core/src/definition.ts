import type { z } from "zod";

import { definitionSchema } from "./definition-schema.ts";
import { PilotlightError } from "./errors.ts";

/** How the function of a model is sized. */
export interface FunctionDefinition {
  /**
   * Memory, MB, 128 to 10,240; Lambda gives CPU in proportion, one vCPU at 1,769 MB.
   * @default 1769
   */
  readonly memoryMb?: number | undefined;
  /**
   * Time that one request may take, seconds, 1 to 900. The HTTP API ends a request at 30 s whatever stands here.
   * @default 30
   */
  readonly timeoutSec?: number | undefined;
  /**
   * Processor that AWS runs the function on; locally it is this machine's.
   * @default "arm64"
   */
  readonly architecture?: "arm64" | "x86_64" | undefined;
  /**
   * Environment variables for the user's handler.
   * @default {}
   */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** How ONNX Runtime runs the model. */
export interface SessionDefinition {
  /**
   * Threads inside one operator; by default one for each whole vCPU that the memory buys.
   * @default floor(memoryMb / 1769), at least 1
   */
  readonly threads?: number | undefined;
  /**
   * Graph optimisation at load.
   * @default "all"
   */
  readonly optimization?: "disabled" | "basic" | "extended" | "all" | undefined;
  /**
   * Whether a run on zeros ends the init phase, so that the first request finds allocated memory.
   * @default true
   */
  readonly warmUp?: boolean | undefined;
}

/** One model. Names, shapes and datatypes of its tensors come from the ONNX file. */
export interface ModelDefinition {
  /** Path of the ONNX file, relative to the definition or absolute. */
  readonly artifact: string;
  /**
   * File whose default export is `{ preprocess, postprocess }`; it serves `POST /predict/{model}`.
   * @default none
   */
  readonly handler?: string | undefined;
  /**
   * Time within which an answer is useful, milliseconds; a request may bring its own in x-latency-budget-ms.
   * @default 1000
   */
  readonly latencyBudgetMs?: number | undefined;
  readonly function?: FunctionDefinition | undefined;
  readonly session?: SessionDefinition | undefined;
}

/** What a team writes: the models that it serves. */
export interface InferenceDefinition {
  /**
   * Name of the application: lower-case letters, digits and hyphens; function names begin with it.
   * @default "pilotlight"
   */
  readonly name?: string | undefined;
  readonly models: Readonly<Record<string, ModelDefinition>>;
}

/** A definition that has been checked, with every default filled in. */
export type CheckedDefinition = z.output<typeof definitionSchema>;

/**
 * Checks a definition and fills in its defaults; the default export of `inference.config.ts`.
 *
 * @throws PilotlightError ERR_DEFINITION_INVALID, one line per fault: the path in the definition, the value
 *   got and what is accepted.
 */
export function defineInference(definition: InferenceDefinition): CheckedDefinition {
  const result = definitionSchema.safeParse(definition);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `  ${describeFault(issue, definition)}`);
  throw new PilotlightError(
    "ERR_DEFINITION_INVALID",
    `the definition has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}:\n${faults.join("\n")}`,
  );
}

type Issue = z.core.$ZodIssue;

function describeFault(issue: Issue, definition: unknown): string {
  const keys = issue.code === "unrecognized_keys" ? issue.keys : [];
  // A fault in a record's key is reported at the record with the key as the last step of the path.
  const path = [...issue.path, ...keys.slice(0, 1)];
  const place = path.length === 0 ? "the default export" : path.map(String).join(".");
  if (keys.length > 0) return `${place}: not a known field; accepted here: ${issue.message}`;
  return `${place}: got ${describeGot(issue, definition)}; accepted: ${issue.message}`;
}

function describeGot(issue: Issue, definition: unknown): string {
  if (issue.code === "invalid_key") return `the name ${JSON.stringify(issue.path.at(-1))}`;
  const value = valueAt(definition, issue.path);
  // Values of environment variables may be secrets: only their names are shown.
  if (!issue.path.includes("environment")) return describeValue(value);
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `variables named ${Object.keys(value).join(", ")}`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

const VALUE_CHARS_MAX = 120;

function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint" || typeof value === "symbol") return `a ${typeof value}`;
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
}
