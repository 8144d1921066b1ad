import type {
  EnvironmentListener,
  EnvironmentPhase,
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
} from "../environment/contract.ts";

let started = 0;

/** An execution environment without a process: the test says when it answers and when it is free. */
export class ScriptedEnvironment implements ExecutionEnvironment {
  readonly id = `env-${(started += 1)}`;
  readonly version: FunctionVersion;
  readonly startedAtEpochMs = 0;
  /** Undefined until the init phase has succeeded. */
  initDurationMs: number | undefined = 1;
  readonly invocations: Invocation[] = [];
  phase: EnvironmentPhase = "initialising";
  stopCause: string | undefined;
  readonly #listener: EnvironmentListener;
  #settle: ((outcome: InvocationOutcome) => void) | undefined;

  constructor(version: FunctionVersion, listener: EnvironmentListener) {
    this.version = version;
    this.#listener = listener;
  }

  get invocationCount(): number {
    return this.invocations.length;
  }

  invoke(invocation: Invocation): Promise<InvocationOutcome> {
    if (this.phase !== "initialising" && this.phase !== "idle") {
      throw new Error(`${this.id} was given a request while ${this.phase}`);
    }
    this.phase = "invoking";
    this.invocations.push(invocation);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Posts an answer; the environment is not free yet. */
  answer(payload = "{}", { isFunctionError = false, isStreamed = false } = {}): void {
    this.phase = "answered";
    this.#settle?.({
      payload: Buffer.from(payload),
      isStreamed,
      isFunctionError,
      isColdStart: this.invocationCount === 1,
      durationMs: 1,
      logTail: Promise.resolve(Buffer.from("END\n")),
    });
  }

  /** Asks for the next invocation. */
  free(): void {
    this.phase = "idle";
    this.#listener.onIdle(this);
  }

  /** Ends on its own. */
  crash(cause: string): void {
    this.phase = "stopped";
    this.#listener.onStopped(this, cause);
  }

  stop(cause: string): Promise<void> {
    if (this.phase === "stopped") return Promise.resolve();
    this.stopCause = cause;
    if (this.phase === "invoking") this.answer('"stopped"', { isFunctionError: true });
    this.phase = "stopped";
    this.#listener.onStopped(this, cause);
    return Promise.resolve();
  }
}

/** Runs what is due in the microtask queue, several links deep. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A version of the function `name` that differs from every other by identity. */
export function scriptedVersion(name = "echo"): FunctionVersion {
  return {
    functionName: name,
    functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    version: "$LATEST",
    handler: "index.handler",
    codeDirectory: "/nowhere",
    memoryMb: 128,
    timeoutSec: 3,
    variables: {},
    nodePath: [],
  };
}
