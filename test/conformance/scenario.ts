import type { ExpectStatic } from "vitest";

import type { Call, Step } from "./case-file.ts";
import type { CaseRun } from "./case-run.ts";
import type { Names } from "./constructed.ts";
import type { DeploymentPackage } from "./deployment-package.ts";
import type { HttpReply } from "./http-reply.ts";

/** What turns a case into something that runs: the world that its `given` sentences describe. */
export interface Scenario {
  /** The case's function; it is created first, unless the case has a step for that. */
  readonly code?: DeploymentPackage;
  /**
   * How many times faster service time runs: AWS's retries and allocations take minutes.
   * @default 1
   */
  readonly speed?: number;
  /** Makes what the case takes for granted, before its first step and its function. */
  readonly prepare?: (run: CaseRun) => Promise<void>;
  /** Parameters of CreateFunction beside the code. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /**
   * Values of names in braces that the case leaves to its runner, or that earlier steps have produced: it is asked
   * before each step.
   */
  readonly names?: (run: CaseRun) => Names;
  /** Changes a step where its recording does not fit Node 24, each with a comment that says why. */
  readonly rewrite?: (step: Step, index: number) => Step;
  /** Makes the calls that are plain HTTP. */
  readonly http?: (call: Call, run: CaseRun) => Promise<HttpReply>;
  /** Looks at what the case observes, by the name that it gives to it. */
  readonly observe?: Readonly<Record<string, (run: CaseRun) => unknown>>;
  /** What happens before the step of that index: what the `given` sentences tell of, and what the case leaves out. */
  readonly before?: Readonly<Record<number, (run: CaseRun) => Promise<void>>>;
  /** What happens while the step of that index is in progress. */
  readonly during?: Readonly<Record<number, (run: CaseRun, expect: ExpectStatic) => Promise<void>>>;
  /** Plays all steps, where the runner cannot. @returns The mismatches. */
  readonly play?: (run: CaseRun) => Promise<string[]>;
  /** Asserts the sentences of `alsoAsserted`, after the steps. */
  readonly also?: (run: CaseRun, expect: ExpectStatic) => Promise<void> | void;
}
