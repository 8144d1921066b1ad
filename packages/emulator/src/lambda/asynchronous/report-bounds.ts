import type { EventReport, OfferedEvent } from "./event.ts";
import { deadLetterAnswer, invocationRecord } from "./invocation-record.ts";

/**
 * The largest record that any destination takes, bytes.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html, read 2026-11-24
 */
const RECORD_BYTES_MAX = 1_048_576;

/** What is kept of an event's end until its targets have it. */
interface BoundedReport {
  readonly report: EventReport;
  /** Why a target is not among those of the report, a sentence for each. */
  readonly refusals: readonly string[];
}

/**
 * Leaves out of a report what no target of it could take.
 *
 * A record that is too large would be refused for hours, so its destinations are left out; where only a dead-letter
 * queue remains, so is the answer but for the error message that a dead letter has.
 */
export function boundedReport(
  event: OfferedEvent,
  { conclusion, targets }: EventReport,
): BoundedReport {
  const destinations = targets.filter(({ kind }) => kind === "destination");
  const bytes =
    destinations.length === 0 ? 0 : Buffer.byteLength(invocationRecord(event, conclusion));
  const isFitting = bytes <= RECORD_BYTES_MAX;
  if (isFitting && destinations.length > 0)
    return { report: { conclusion, targets }, refusals: [] };
  const answer = conclusion.answer && deadLetterAnswer(conclusion.answer);
  return {
    report: {
      conclusion: { ...conclusion, answer },
      targets: targets.filter(({ kind }) => kind === "dead_letter_queue"),
    },
    refusals: destinations.map(
      ({ arn }) =>
        `the record for ${arn} has ${bytes} bytes, and a destination takes ${RECORD_BYTES_MAX}; let the function answer less`,
    ),
  };
}
