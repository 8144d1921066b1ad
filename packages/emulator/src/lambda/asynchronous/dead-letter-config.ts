import { invalidParameter, notEmulated, validationFailed } from "../aws-error.ts";

const ARN_PATTERN_TEXT = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
const ARN_PATTERN = /^(?:arn:(?:aws[a-zA-Z-]*)?:[a-z0-9\-.]+:.*)?$/;

/**
 * The dead-letter queue that a function has after a request; an empty ARN takes it away.
 *
 * @param current - What stays where the request says nothing.
 * @param arn - DeadLetterConfig.TargetArn of the request.
 * @throws AwsError for an ARN that is malformed, or that is no standard queue's.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_DeadLetterConfig.html, read 2026-11-24
 */
export function changedDeadLetterArn(
  current: string | undefined,
  arn: string | undefined,
): string | undefined {
  if (arn === undefined) return current;
  if (!ARN_PATTERN.test(arn)) {
    throw validationFailed([
      `Value '${arn}' at 'deadLetterConfig.targetArn' failed to satisfy constraint: Member must satisfy regular expression pattern: ${ARN_PATTERN_TEXT}`,
    ]);
  }
  if (arn === "") return undefined;
  const service = arn.split(":")[2];
  if (service === "sns") {
    throw notEmulated(
      `DeadLetterConfig.TargetArn ${arn}: SNS is not emulated; give the ARN of an SQS queue.`,
    );
  }
  if (service !== "sqs" || arn.endsWith(".fifo")) {
    throw invalidParameter(
      `DeadLetterConfig.TargetArn ${arn} names no standard SQS queue; give the ARN of one.`,
    );
  }
  return arn;
}
