/** An error that the runtime answers with its status instead of a 500. */
export interface Refusal extends Error {
  readonly statusCode: number;
}

/**
 * Makes the error that refuses a request.
 *
 * @param statusCode - HTTP status of the answer, 400 to 499.
 * @param message - What was wrong, what was got, what is accepted, what to do.
 */
export function refusal(statusCode: number, message: string, options?: ErrorOptions): Refusal {
  return Object.assign(new Error(message, options), { statusCode });
}
