import type { Random, Timers } from "@pilotlight/core";

import type { EnvironmentListener } from "./environment/contract.ts";
import type { EnvironmentOptions } from "./environment/environment-options.ts";
import type { Fault } from "./faults/contract.ts";
import type { MetricsSource, RequestRecord } from "./http-api/front.ts";
import type { DurationLaw } from "./lambda/concurrency/duration-law.ts";
import type { StartPooledEnvironment } from "./lambda/pool.ts";
import type { Trace } from "./trace/trace-event.ts";

/** One line of a function's log, as CloudWatch would get it. */
export interface LogRecord {
  readonly functionName: string;
  readonly version: string;
  readonly environmentId: string;
  readonly line: string;
}

/** Starts one execution environment. */
export type StartEnvironment = (options: {
  readonly version: Parameters<StartPooledEnvironment>[0];
  readonly listener: EnvironmentListener;
  /** Real time: deadlines are never scaled. */
  readonly clock: Timers;
  /** Becomes AWS_ENDPOINT_URL. */
  readonly endpointUrl: string;
  /** Becomes AWS_LAMBDA_INITIALIZATION_TYPE. */
  readonly initializationType: "on-demand" | "provisioned-concurrency";
  /** Strikes its init phase. */
  readonly fault?: Fault;
}) => ReturnType<StartPooledEnvironment>;

export interface EmulatorOptions {
  /** Port of the HTTP API; 0 takes a free one. */
  readonly apiPort: number;
  /** Port of the AWS endpoint; 0 takes a free one. */
  readonly awsPort: number;
  /** Function behind the HTTP API's route `$default`: a name, or `name:alias`. */
  readonly defaultFunction: string;
  /** Folder that queues, objects and events are kept in, also for the next start; made where it does not exist. */
  readonly stateDirectory: string;
  /**
   * Folder that uploaded code is unpacked in; made where it does not exist.
   * @default a folder in the state directory
   */
  readonly codeDirectory?: string;
  /**
   * Service time: keep-alive and the retries of asynchronous events.
   * @default realClock
   */
  readonly clock?: Timers;
  /**
   * Chance: routing weights, keep-alive, faults. A seeded one makes a run repeatable.
   * @default Math.random
   */
  readonly random?: Random;
  /**
   * Concurrent invocations of the account, and so the number of processes.
   * @default 256
   */
  readonly concurrencyMax?: number;
  /**
   * How long an idle environment is kept, service time, drawn for each one; AWS documents none.
   * @default uniform, 5 to 10 minutes
   */
  readonly keepAlive?: DurationLaw;
  /**
   * How long an environment lives at most, service time, however busy it is.
   * @default uniform, 2 to 4 hours
   */
  readonly lifetime?: DurationLaw;
  /**
   * How long provisioned concurrency is prepared before its environments are started, service time.
   * @default uniform, 1 to 2 minutes
   */
  readonly preparation?: DurationLaw;
  readonly onRequest?: (record: RequestRecord) => void;
  readonly onLog?: (record: LogRecord) => void;
  /** Gets what happens, event by event: enough for a simulator to play it again. */
  readonly onTrace?: Trace;
  /** Told of errors that are the emulator's own; by default they only answer 500. */
  readonly onError?: (error: unknown) => void;
  readonly metrics?: MetricsSource;
  /** How environments keep to their memory, freeze, and see /opt and /tmp. */
  readonly environments?: Pick<EnvironmentOptions, "memoryLimit" | "freezes" | "isolation">;
  /** @default AWS's Node runtime in a process of its own. */
  readonly startEnvironment?: StartEnvironment;
}
