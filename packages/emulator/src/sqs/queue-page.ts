import type { Input } from "./input.ts";
import { invalidParameterValue } from "./sqs-error.ts";

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html, read 2026-11-24 */
const RESULTS_MAX = 1000;

/** Part of a list, and where the next part starts. */
interface Page {
  readonly items: readonly string[];
  readonly nextToken: string | undefined;
}

/**
 * The page that `MaxResults` and `NextToken` ask for: the token is the last name of the page before, so that a list
 * that changes meanwhile skips nothing.
 *
 * @param names - Sorted.
 * @throws SqsError when a parameter is out of range.
 */
export function pageOf(names: readonly string[], input: Input): Page {
  const resultsMax = input.optionalInteger("MaxResults") ?? RESULTS_MAX;
  if (resultsMax < 1 || resultsMax > RESULTS_MAX) {
    throw invalidParameterValue("MaxResults", {
      value: resultsMax,
      reason: "MaxResults must be an integer between 1 and 1000.",
    });
  }
  const token = input.optionalText("NextToken");
  const last = token === undefined ? undefined : nameOf(token);
  const rest = last === undefined ? names : names.filter((name) => name > last);
  const items = rest.slice(0, resultsMax);
  const hasMore = items.length < rest.length;
  return { items, nextToken: hasMore ? tokenOf(items.at(-1) ?? "") : undefined };
}

function tokenOf(name: string): string {
  return Buffer.from(`after:${name}`).toString("base64");
}

function nameOf(token: string): string {
  const text = Buffer.from(token, "base64").toString();
  if (text.startsWith("after:")) return text.slice("after:".length);
  throw invalidParameterValue("NextToken", {
    value: token,
    reason: "Invalid value for NextToken.",
  });
}
