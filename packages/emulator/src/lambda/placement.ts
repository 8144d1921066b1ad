/** What the placement of an admitted request depends on. */
export interface PlacementView {
  /** Whether the environments were started ahead; more of them are not started for a request. */
  readonly isProvisioned: boolean;
  /** Idle environments of the group, the most recently used last. */
  readonly idle: number;
  /** Environments of the group that have answered, or are being reset, and will soon be idle. */
  readonly leaving: number;
  /** Requests that already wait for one of those. */
  readonly waiting: number;
}

/**
 * Where a request goes: into the idle environment used last, into the next one that becomes idle, into a new
 * one, or to the environments on demand.
 */
export type Placement = "reuse" | "wait" | "start" | "spill";

/**
 * Decides where an admitted request of a function version runs, within one group of its environments.
 *
 * An environment that has answered is free only when its process asks for the next invocation, a few
 * microseconds later. A client that sends its next request at once would meet no idle environment in that
 * gap and start another one for every overlap; so a request waits for such an environment where one is not
 * yet promised to an earlier request. AWS reuses the environment used last, which lets the others fall idle
 * long enough to be reaped.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html for concurrency: invocations in flight.
 */
export function placeRequest(view: PlacementView): Placement {
  if (view.idle > 0) return "reuse";
  if (view.leaving > view.waiting) return "wait";
  return view.isProvisioned ? "spill" : "start";
}
