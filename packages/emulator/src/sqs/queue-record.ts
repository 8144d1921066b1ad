/** A queue without its messages. */
export interface QueueRecord {
  readonly name: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** As they were given, the ones with a default left out; `FifoQueue` among them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** The attributes that decide how a queue works, read. */
export interface QueueSettings {
  readonly isFifo: boolean;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  readonly messageBytesMax: number;
  readonly hasContentBasedDeduplication: boolean;
  /** Whether a deduplication id counts within its message group only. */
  readonly deduplicatesPerGroup: boolean;
  readonly redrive: RedrivePolicy | undefined;
}

/** Where messages go that were received too often. */
interface RedrivePolicy {
  readonly targetArn: string;
  readonly receiveCountMax: number;
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html, read 2026-11-24 */
const ATTRIBUTE_DEFAULTS: Readonly<Record<string, string>> = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  SqsManagedSseEnabled: "true",
};

const FIFO_ATTRIBUTE_DEFAULTS: Readonly<Record<string, string>> = {
  FifoQueue: "true",
  ContentBasedDeduplication: "false",
  DeduplicationScope: "queue",
  FifoThroughputLimit: "perQueue",
};

/** A queue that has a key of KMS is not encrypted with SQS's own. */
const KMS_ATTRIBUTE_DEFAULTS: Readonly<Record<string, string>> = {
  KmsDataKeyReusePeriodSeconds: "300",
  SqsManagedSseEnabled: "false",
};

/** All attributes that are kept, with the defaults of those that were not given. */
export function effectiveAttributes({ attributes }: QueueRecord): Readonly<Record<string, string>> {
  return {
    ...ATTRIBUTE_DEFAULTS,
    ...(attributes["FifoQueue"] === "true" && FIFO_ATTRIBUTE_DEFAULTS),
    ...(attributes["KmsMasterKeyId"] !== undefined && KMS_ATTRIBUTE_DEFAULTS),
    ...attributes,
  };
}

export function settingsOf(record: QueueRecord): QueueSettings {
  const attributes = effectiveAttributes(record);
  const seconds = (name: string): number => Number(attributes[name]) * 1000;
  return {
    isFifo: attributes["FifoQueue"] === "true",
    delayMs: seconds("DelaySeconds"),
    retentionMs: seconds("MessageRetentionPeriod"),
    visibilityMs: seconds("VisibilityTimeout"),
    waitMs: seconds("ReceiveMessageWaitTimeSeconds"),
    messageBytesMax: Number(attributes["MaximumMessageSize"]),
    hasContentBasedDeduplication: attributes["ContentBasedDeduplication"] === "true",
    deduplicatesPerGroup: attributes["DeduplicationScope"] === "messageGroup",
    redrive: redriveOf(attributes["RedrivePolicy"]),
  };
}

function redriveOf(text: string | undefined): RedrivePolicy | undefined {
  if (text === undefined) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
  return { targetArn: String(deadLetterTargetArn), receiveCountMax: Number(maxReceiveCount) };
}
