import { isPilotlightError } from "@pilotlight/core";

/**
 * The protocol's answer to an error: `{"error": "..."}` with the HTTP status of its code.
 *
 * An error that is not ours may hold a secret or a stack: it becomes a 500 that says nothing of it, and whoever
 * catches it writes it to the log.
 *
 * @see https://github.com/kserve/open-inference-protocol, inference_rest.md, "Inference Response JSON Error Object"
 */
export function encodeError(error: unknown): {
  readonly statusCode: number;
  readonly body: string;
} {
  if (isPilotlightError(error)) {
    return { statusCode: error.statusCode, body: JSON.stringify({ error: error.message }) };
  }
  const message = "internal error; the function's log holds the details";
  return { statusCode: 500, body: JSON.stringify({ error: message }) };
}
