/** Which messages of a batch the function has dealt with. */
export type BatchResult =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  | { readonly kind: "all-but"; readonly failed: ReadonlySet<string> };

const ALL: BatchResult = { kind: "all" };
const NONE: BatchResult = { kind: "none" };

/**
 * Reads what a function answers that reports which messages have failed.
 *
 * Nothing reported is success: an answer that is null or empty, a list of failures that is null or empty. A report
 * that cannot be understood fails the whole batch: an answer that is no object, an entry without an `itemIdentifier`,
 * or with one that is empty or names no message of the batch. What is not reported has succeeded, in a FIFO queue too:
 * there the function has to stop at the first failure and to report all that it left.
 *
 * @param payload - The function's answer, JSON.
 * @param messageIds - Of the batch.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting read 2026-11-24
 */
export function batchResult(payload: Uint8Array, messageIds: ReadonlySet<string>): BatchResult {
  const answer = parsed(payload);
  if (isNothing(answer)) return ALL;
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return NONE;
  const failures = (answer as Readonly<Record<string, unknown>>)["batchItemFailures"];
  if (failures === undefined || failures === null) return ALL;
  if (!Array.isArray(failures)) return NONE;
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const messageId = identifierOf(failure);
    if (messageId === undefined || !messageIds.has(messageId)) return NONE;
    failed.add(messageId);
  }
  return failed.size === 0 ? ALL : { kind: "all-but", failed };
}

/** Whether a message has been dealt with and is to be deleted. */
export function isAcknowledged(result: BatchResult, messageId: string): boolean {
  return result.kind === "all-but" ? !result.failed.has(messageId) : result.kind === "all";
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    // Anything that is no report fails the batch, and so does this.
    return Number.NaN;
  }
}

function isNothing(answer: unknown): boolean {
  return answer === null || answer === "" || (Array.isArray(answer) && answer.length === 0);
}

function identifierOf(failure: unknown): string | undefined {
  if (typeof failure !== "object" || failure === null) return undefined;
  const identifier = (failure as Readonly<Record<string, unknown>>)["itemIdentifier"];
  return typeof identifier === "string" ? identifier : undefined;
}
