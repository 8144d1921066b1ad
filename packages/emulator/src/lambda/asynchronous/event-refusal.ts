import type { PoolRefusal } from "../pool.ts";
import type { EventAttempt } from "./event.ts";

/**
 * What the pool's refusal of an attempt means for its event.
 *
 * @param isReservedZero - Whether the function's reserved concurrency is zero: no attempt can ever run then.
 */
export function refusedAttempt(
  refusal: PoolRefusal,
  { isReservedZero }: { readonly isReservedZero: boolean },
): EventAttempt {
  return refusal === "stopping" ? { kind: "stopping" } : { kind: "throttled", isReservedZero };
}
