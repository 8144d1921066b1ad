import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { invariant } from "@pilotlight/core";

/** A value of a case; one that is an object may be a matcher or a constructor, with keys in `$`. */
export type CaseValue =
  | null
  | boolean
  | number
  | string
  | readonly CaseValue[]
  | { readonly [key: string]: CaseValue };

/** What a step expects. Every member is optional: what is not there is not compared. */
export interface Expectation {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly absentHeaders?: readonly string[];
  /** Exception name in the header `x-amzn-errortype`. */
  readonly errorType?: string;
  readonly errorMessage?: string;
  /** What the recorder has beside it for an error of SQS: its name in the model, and whose fault it is. */
  readonly errorFields?: Readonly<Record<string, string>>;
  /** Parts of a ValidationException's message. */
  readonly validationErrors?: readonly string[];
  readonly body?: CaseValue;
  readonly bodyIsJsonNull?: boolean;
  /** What an `observe` step sees. */
  readonly value?: CaseValue;
  /** What the runtime sends, in the cases where it is the caller. */
  readonly requestHeaders?: Readonly<Record<string, CaseValue>>;
  readonly requestTrailers?: Readonly<Record<string, string>>;
  readonly requestBody?: CaseValue;
  /** JSON paths of the members that hold a placeholder, from the expectation's root `$`. */
  readonly volatile?: readonly string[];
}

/** A call: of an API with parameters, or plain HTTP. */
export interface Call {
  readonly service?: string;
  readonly api?: string;
  readonly params?: Readonly<Record<string, CaseValue>>;
  readonly http?: { readonly method: string; readonly uri: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: CaseValue;
}

/** One step: something done (`when`) or seen otherwise (`observe`), and what must come of it. */
export interface Step {
  readonly when?: Call;
  readonly observe?: string;
  /** A call whose result is needed, and not compared. */
  readonly setup?: boolean;
  /** The step is to be repeated until it matches: why. */
  readonly poll?: string;
  readonly then?: Expectation;
}

/** One conformance case, as its file has it. */
export interface CaseFile {
  readonly id: string;
  readonly name: string;
  readonly area: string;
  readonly evidence: string;
  readonly given: readonly string[];
  readonly steps: readonly Step[];
  readonly alsoAsserted?: readonly string[];
  readonly notes?: readonly string[];
}

const SHARED = process.env["PILOTLIGHT_SHARED"] ?? resolve(import.meta.dirname, "../../../shared");
const FOLDER = join(SHARED, "lambda-conformance/open");

/** Whether the cases are on this machine. */
export const hasCases = existsSync(FOLDER);

/** The ids of all cases, which are the names of their files; none where the folder is absent. */
export function caseIds(): string[] {
  if (!hasCases) return [];
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
}

/** Reads one case. */
export function readCase(id: string): CaseFile {
  const file = JSON.parse(readFileSync(join(FOLDER, `${id}.json`), "utf8")) as CaseFile;
  invariant(file.id === id, `the file ${id}.json must hold the case ${id}; it holds ${file.id}`);
  invariant(file.steps.length > 0, `the case ${id} has no steps`);
  return file;
}
