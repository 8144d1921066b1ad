import { SqsError, invalidParameterValue } from "./sqs-error.ts";

/** What an attribute may be. */
interface AttributeRule {
  readonly isValid: (value: string) => boolean;
  readonly isFifoOnly?: boolean;
  /** Whether a standard queue is told what the attribute needs; it does not know the other ones at all. */
  readonly saysFifoOnly?: boolean;
}

const isBoolean = (value: string): boolean => value === "true" || value === "false";
const isJson = (value: string): boolean => value === "" || jsonObject(value) !== undefined;
const oneOf = (...values: string[]) => ({ isValid: (value: string) => values.includes(value) });
const between = (min: number, max: number): AttributeRule => ({
  isValid: (value) => /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max,
});

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html, read 2026-11-24 */
const POLICY_CHARS_MAX = 8192;

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html, read 2026-11-24 */
const KEY_ID_CHARS_MAX = 2048;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html, read 2026-11-24 */
const RULES: Readonly<Record<string, AttributeRule>> = {
  DelaySeconds: between(0, 900),
  MaximumMessageSize: between(1024, 1_048_576),
  MessageRetentionPeriod: between(60, 1_209_600),
  ReceiveMessageWaitTimeSeconds: between(0, 20),
  VisibilityTimeout: between(0, 43_200),
  KmsDataKeyReusePeriodSeconds: between(60, 86_400),
  KmsMasterKeyId: { isValid: (value) => value.length <= KEY_ID_CHARS_MAX },
  SqsManagedSseEnabled: { isValid: isBoolean },
  Policy: { isValid: (value) => value.length <= POLICY_CHARS_MAX && isJson(value) },
  RedrivePolicy: { isValid: () => true },
  RedriveAllowPolicy: { isValid: () => true },
  FifoQueue: { isValid: isBoolean, isFifoOnly: true },
  ContentBasedDeduplication: { isValid: isBoolean, isFifoOnly: true },
  DeduplicationScope: {
    ...oneOf("queue", "messageGroup"),
    isFifoOnly: true,
    saysFifoOnly: true,
  },
  FifoThroughputLimit: {
    ...oneOf("perQueue", "perMessageGroupId"),
    isFifoOnly: true,
    saysFifoOnly: true,
  },
};

/** Attributes that are counted or known, and cannot be set. */
const COMPUTED = [
  "QueueArn",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
];

/** What GetQueueAttributes can be asked for. */
export const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  "All",
  ...Object.keys(RULES),
  ...COMPUTED,
]);

const RECEIVE_COUNT_MAX = 1000;
const QUEUE_ARN_PATTERN = /^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/;
const ALLOWED_SOURCES_MAX = 10;

export function unknownAttribute(name: string): SqsError {
  return new SqsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
}

function fifoOnlyAttribute(name: string): SqsError {
  return new SqsError(
    "InvalidAttributeName",
    `You can specify the ${name} only when FifoQueue is set to true.`,
  );
}

export function invalidAttribute(name: string, reason = ""): SqsError {
  const text = reason === "" ? "" : ` Reason: ${reason}`;
  return new SqsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.${text}`);
}

/**
 * Checks attributes that a queue is to get.
 *
 * @param targetOf - What is known of the queue of an ARN, where there is one: a dead-letter queue must exist.
 * @returns The attributes to keep; the empty ones are to be removed.
 * @throws SqsError with AWS's text.
 */
export function checkedAttributes(
  attributes: Readonly<Record<string, string>>,
  {
    isFifo,
    targetOf,
  }: {
    readonly isFifo: boolean;
    readonly targetOf: (arn: string) => DeadLetterTarget | undefined;
  },
): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(attributes)) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    if (rule === undefined) throw unknownAttribute(name);
    if (rule.isFifoOnly === true && !isFifo) {
      throw rule.saysFifoOnly === true ? fifoOnlyAttribute(name) : unknownAttribute(name);
    }
    if (!rule.isValid(value)) throw invalidAttribute(name);
  }
  checkEncryption(attributes);
  const { RedrivePolicy: redrive, RedriveAllowPolicy: allow } = attributes;
  return {
    ...attributes,
    ...(redrive !== undefined &&
      redrive !== "" && { RedrivePolicy: checkedRedrive(redrive, { isFifo, targetOf }) }),
    ...(allow !== undefined && allow !== "" && { RedriveAllowPolicy: checkedAllow(allow) }),
  };
}

/** Keys of KMS and keys of SQS exclude each other. */
function checkEncryption({
  KmsMasterKeyId: keyId = "",
  SqsManagedSseEnabled: isManaged,
}: Readonly<Record<string, string>>): void {
  if (keyId === "" || isManaged !== "true") return;
  throw new SqsError(
    "InvalidAttributeValue",
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
  );
}

/** A queue that may become a dead-letter queue. */
export interface DeadLetterTarget {
  readonly isFifo: boolean;
  /** Whether its RedriveAllowPolicy lets this queue use it. */
  readonly isAllowed: boolean;
}

function checkedRedrive(
  value: string,
  {
    isFifo,
    targetOf,
  }: {
    readonly isFifo: boolean;
    readonly targetOf: (arn: string) => DeadLetterTarget | undefined;
  },
): string {
  const refuse = (reason: string) => invalidParameterValue("RedrivePolicy", { value, reason });
  const policy = jsonObject(value);
  if (policy === undefined) throw refuse("Redrive policy is not a valid JSON map.");
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"]) {
    if (policy[name] === undefined) {
      throw refuse(`Redrive policy does not contain mandatory attribute: ${name}.`);
    }
  }
  const count = Number(policy["maxReceiveCount"]);
  if (!Number.isInteger(count) || count < 1 || count > RECEIVE_COUNT_MAX) {
    throw refuse(
      `Invalid value for maxReceiveCount: ${String(policy["maxReceiveCount"])}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  const targetArn = String(policy["deadLetterTargetArn"]);
  if (!QUEUE_ARN_PATTERN.test(targetArn)) throw refuse("Invalid value for deadLetterTargetArn.");
  const target = targetOf(targetArn);
  if (target === undefined) throw refuse("Dead letter target does not exist.");
  if (target.isFifo !== isFifo) {
    throw refuse("Dead-letter queue must be same type of queue as the source.");
  }
  if (!target.isAllowed) {
    throw refuse("Dead-letter target does not allow this queue to use it as a dead-letter queue.");
  }
  return JSON.stringify({ deadLetterTargetArn: targetArn, maxReceiveCount: count });
}

function checkedAllow(value: string): string {
  const refuse = (reason: string) => invalidParameterValue("RedriveAllowPolicy", { value, reason });
  const policy = jsonObject(value);
  if (policy === undefined)
    throw refuse(
      "Amazon SQS can't create the redrive allow policy: the value is not a valid JSON map.",
    );
  const { redrivePermission: permission, sourceQueueArns: sources } = policy;
  if (permission !== "allowAll" && permission !== "denyAll" && permission !== "byQueue") {
    throw refuse("redrivePermission must be one of allowAll, denyAll and byQueue.");
  }
  const isList = Array.isArray(sources) && sources.every((one) => typeof one === "string");
  if (permission === "byQueue" && (!isList || sources.length === 0)) {
    throw refuse("sourceQueueArns must name the queues when redrivePermission is byQueue.");
  }
  if (permission !== "byQueue" && sources !== undefined) {
    throw refuse("sourceQueueArns is accepted only when redrivePermission is byQueue.");
  }
  if (isList && sources.length > ALLOWED_SOURCES_MAX) {
    throw refuse(`sourceQueueArns can have at most ${ALLOWED_SOURCES_MAX} queues.`);
  }
  return value;
}

/** Whether a queue with this RedriveAllowPolicy takes what `sourceArn` gives up; without one it does. */
export function allowsRedriveFrom(allowPolicy: string | undefined, sourceArn: string): boolean {
  const policy = allowPolicy === undefined ? undefined : jsonObject(allowPolicy);
  const { redrivePermission: permission, sourceQueueArns: sources } = policy ?? {};
  if (permission === "denyAll") return false;
  if (permission !== "byQueue") return true;
  return Array.isArray(sources) && sources.includes(sourceArn);
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    // Whoever asked says what is wrong with it.
    return undefined;
  }
}
