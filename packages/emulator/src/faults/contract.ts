/** A place in the emulator where something can be made to go wrong. */
export type FaultPoint =
  | "init"
  | "invoke"
  | "network"
  | "queue-receive"
  | "container-boot"
  | "container-capacity"
  | "container-health";

/** What meets a fault: the parts that are known at that place. */
export interface FaultSubject {
  readonly functionName?: string;
  readonly queueName?: string;
  readonly containerName?: string;
  /** Which way a request comes in: `http-api`, `aws-endpoint`. */
  readonly hop?: string;
}

/** What is to go wrong. Times are real milliseconds. */
export type Fault =
  | { readonly kind: "init-failure" }
  | { readonly kind: "init-slow"; readonly delayMs: number }
  | { readonly kind: "crash"; readonly exitCode: number }
  | { readonly kind: "hang" }
  | { readonly kind: "out-of-memory" }
  | { readonly kind: "throttle" }
  | { readonly kind: "invoke-error" }
  | { readonly kind: "slow-network"; readonly delayMs: number }
  | { readonly kind: "queue-duplicate" }
  | { readonly kind: "container-boot-failure" }
  | { readonly kind: "no-gpu-capacity" }
  | { readonly kind: "health-flapping" };

/** Asked at each place for the fault that is due there; asking uses it up. */
export interface FaultSource {
  take(point: FaultPoint, subject: FaultSubject): Fault | undefined;
}

/** The source of an emulator that nobody asked to fail. */
export const NO_FAULTS: FaultSource = { take: () => undefined };
