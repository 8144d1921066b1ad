import { AwsError } from "../lambda/aws-error.ts";

/** Names of the errors that the model of the service does not have. */
const CORAL_NAMES: Readonly<Record<string, string>> = {
  InvalidParameterValue: "InvalidParameterValueException",
  MissingParameter: "MissingRequiredParameterException",
  UnknownOperation: "UnknownOperationException",
};

/** Codes of the query protocol that differ from the names in the model. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
  QueueDeletedRecently: "AWS.SimpleQueueService.QueueDeletedRecently",
  QueueNameExists: "QueueAlreadyExists",
  EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
  TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
  InvalidBatchEntryId: "AWS.SimpleQueueService.InvalidBatchEntryId",
  PurgeQueueInProgress: "AWS.SimpleQueueService.PurgeQueueInProgress",
  MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
  UnsupportedOperation: "AWS.SimpleQueueService.UnsupportedOperation",
};

/**
 * An error of SQS: its name in the service model travels in `__type`, its older code in a header.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html, read 2026-11-24
 */
export class SqsError extends AwsError {
  /** As the older query protocol calls it, and the header `x-amzn-query-error`. */
  readonly queryCode: string;
  /** With its namespace, for `__type`. */
  readonly qualifiedType: string;

  /** @param name - As in the service model; the keys of `CORAL_NAMES` for those that are not in it. */
  constructor(name: string, message: string, statusCode = 400) {
    const coralName = CORAL_NAMES[name];
    super(coralName ?? name, { statusCode, body: { message } });
    this.queryCode = QUERY_CODES[name] ?? name;
    this.qualifiedType =
      coralName === undefined
        ? `com.amazonaws.sqs#${name}`
        : `com.amazon.coral.service#${coralName}`;
  }
}

export function invalidValue(message: string): SqsError {
  return new SqsError("InvalidParameterValue", message);
}

/** @param reason - A sentence. */
export function invalidParameterValue(
  parameter: string,
  { value, reason }: { readonly value: unknown; readonly reason: string },
): SqsError {
  return invalidValue(
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

export function missingParameter(name: string): SqsError {
  return new SqsError("MissingParameter", `The request must contain the parameter ${name}.`);
}

export function unknownQueue(): SqsError {
  return new SqsError("QueueDoesNotExist", "The specified queue does not exist.");
}
