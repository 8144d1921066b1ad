import type { InvocationAnswer, InvocationEvent } from "@pilotlight/protocol";

/** How an Invoke of a model's function ended. */
export type InvokeOutcome =
  | { readonly kind: "answered"; readonly answer: InvocationAnswer }
  /** The function failed: Lambda's `errorType` and `errorMessage`, such as Sandbox.Timedout. */
  | { readonly kind: "failed"; readonly errorType: string; readonly errorMessage: string }
  /** Lambda had no environment to give: 429, with its reason. */
  | { readonly kind: "throttled"; readonly reason: string }
  /** The event does not fit into an Invoke. */
  | { readonly kind: "too-large"; readonly bytes: number; readonly bytesMax: number }
  /** No answer came in the time that a caller of the HTTP API would have waited; the function may still run. */
  | { readonly kind: "timed-out"; readonly afterMs: number }
  /** Lambda itself could not be reached, or refused the call. */
  | { readonly kind: "unreachable"; readonly cause: string };

/** Port: how route reaches the function tier. It never rejects: what can go wrong is an outcome. */
export interface FunctionInvoker {
  invoke(functionName: string, event: InvocationEvent): Promise<InvokeOutcome>;
}
