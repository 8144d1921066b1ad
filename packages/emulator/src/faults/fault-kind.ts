import type { Fault, FaultPoint, FaultSubject } from "./contract.ts";

/** Which part of a subject an order can name, to leave all others alone. */
export type FaultSelector = "function" | "queue" | "container" | "hop";

/** A number that an order may bring. */
export interface FaultParameter {
  readonly name: "delayMs" | "exitCode";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

export interface FaultKind {
  readonly point: FaultPoint;
  readonly selector: FaultSelector;
  readonly parameter?: FaultParameter;
  /** What happens on AWS that this stands for. */
  readonly standsFor: string;
}

const DELAY_MS_MAX = 900_000;
const delayMs = (byDefault: number): FaultParameter => ({
  name: "delayMs",
  default: byDefault,
  min: 1,
  max: DELAY_MS_MAX,
});

/** Every fault that can be ordered; docs/emulator-fidelity.md lists the same ones, and a test holds the two together. */
export const FAULT_KINDS: Readonly<Record<Fault["kind"], FaultKind>> = {
  "init-failure": {
    point: "init",
    selector: "function",
    standsFor:
      "the process exits in the init phase: INIT_REPORT with Status: error, Runtime.ExitError",
  },
  "init-slow": {
    point: "init",
    selector: "function",
    parameter: delayMs(2_000),
    standsFor: "a cold start on a busy host; beyond 10 s the init phase ends and is repeated",
  },
  crash: {
    point: "invoke",
    selector: "function",
    parameter: { name: "exitCode", default: 1, min: 1, max: 255 },
    standsFor:
      "the process exits within the invocation: Runtime.ExitError, the environment is reset",
  },
  hang: {
    point: "invoke",
    selector: "function",
    standsFor: "a handler that never answers: Sandbox.Timedout after the function's timeout",
  },
  "out-of-memory": {
    point: "invoke",
    selector: "function",
    standsFor: "the memory limit: Runtime.ExitError with signal: killed",
  },
  throttle: {
    point: "invoke",
    selector: "function",
    standsFor:
      "429 TooManyRequestsException because other functions use up the account's concurrency",
  },
  "invoke-error": {
    point: "invoke",
    selector: "function",
    standsFor: "500 ServiceException: Lambda itself fails before the function runs",
  },
  "slow-network": {
    point: "network",
    selector: "hop",
    parameter: delayMs(200),
    standsFor: "a slow way from the caller to the HTTP API or to a service's endpoint",
  },
  "queue-duplicate": {
    point: "queue-receive",
    selector: "queue",
    standsFor:
      "at-least-once delivery of standard queues: a message comes again while somebody has it",
  },
  "container-boot-failure": {
    point: "container-boot",
    selector: "container",
    standsFor: "a task that stops before it is healthy: image pull or start-up error",
  },
  "no-gpu-capacity": {
    point: "container-capacity",
    selector: "container",
    standsFor: "RunTask without capacity: no GPU instance of the type is to be had in the Region",
  },
  "health-flapping": {
    point: "container-health",
    selector: "container",
    standsFor: "a target that fails and passes its health checks by turns",
  },
};

/** What is done at once, and to environments instead of to a request. */
export type FaultAction = "reap-all" | "recycle-one";

/** Every action, with what happens on AWS that it stands for. */
export const FAULT_ACTIONS: Readonly<Record<FaultAction, string>> = {
  "reap-all": "AWS takes back all idle environments: the next requests meet cold starts",
  "recycle-one": "AWS renews an environment after a few hours, however busy it is",
};

/** The names of all kinds, in the order of the table. */
export const FAULT_NAMES = Object.keys(FAULT_KINDS) as readonly Fault["kind"][];

/** The part of a subject that a selector looks at. */
export function selected(selector: FaultSelector, subject: FaultSubject): string | undefined {
  switch (selector) {
    case "function":
      return subject.functionName;
    case "queue":
      return subject.queueName;
    case "container":
      return subject.containerName;
    case "hop":
      return subject.hop;
  }
}

/** The fault itself, as the place that it strikes needs it. */
export function faultOf(kind: Fault["kind"], value: number): Fault {
  switch (kind) {
    case "init-slow":
    case "slow-network":
      return { kind, delayMs: value };
    case "crash":
      return { kind, exitCode: value };
    case "init-failure":
    case "hang":
    case "out-of-memory":
    case "throttle":
    case "invoke-error":
    case "queue-duplicate":
    case "container-boot-failure":
    case "no-gpu-capacity":
    case "health-flapping":
      return { kind };
  }
}
