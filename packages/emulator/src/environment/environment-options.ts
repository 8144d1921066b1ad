import type { Timers } from "@pilotlight/core";

import type { Fault } from "../faults/contract.ts";
import type { EnvironmentListener, FunctionVersion } from "./contract.ts";
import type { MemoryLimit } from "./memory-limit.ts";
import type { Isolation } from "./sandbox-folders.ts";
import type { InitializationType } from "./variables.ts";

export interface EnvironmentOptions {
  readonly version: FunctionVersion;
  readonly listener: EnvironmentListener;
  /**
   * Wall time, for the init limit, the function timeout and deadlines: these are never scaled.
   * @default realClock
   */
  readonly clock?: Timers;
  /** AWS endpoint of this emulator, exported to the function as AWS_ENDPOINT_URL. */
  readonly endpointUrl?: string;
  /** @default "on-demand" */
  readonly initializationType?: InitializationType;
  /**
   * Whether all processes stand still between invocations, as on AWS: what they left undone goes on with
   * the next one.
   * @default false
   */
  readonly freezes?: boolean;
  /**
   * How the memory of the function is kept within its limit.
   * @default "watchdog"
   */
  readonly memoryLimit?: MemoryLimit;
  /**
   * Where the function sees its own /opt and /tmp.
   * @default "folders"
   */
  readonly isolation?: Isolation;
  /** Strikes the first init phase, or the first invocation where it is a fault of invocations. */
  readonly fault?: Fault;
}
