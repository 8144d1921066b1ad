/** A message to be sent to a queue. */
export interface OutgoingMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  /** Only `AWSTraceHeader` is known. */
  readonly systemAttributes?: Readonly<Record<string, MessageAttribute>>;
  readonly delaySec?: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** As the service model has it; a binary value is base64 on the wire. */
export interface MessageAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  readonly binaryValue?: Uint8Array;
}

/** A message in the hands of a consumer, until it is deleted or its visibility timeout ends. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly messageAttributes: Readonly<Record<string, MessageAttribute>>;
  readonly md5OfMessageAttributes: string | undefined;
  /** All system attributes: SentTimestamp, ApproximateReceiveCount, MessageGroupId, … */
  readonly systemAttributes: Readonly<Record<string, string>>;
  readonly groupId: string | undefined;
}

/** What other services need to know of a queue. */
export interface QueueView {
  readonly arn: string;
  readonly url: string;
  readonly isFifo: boolean;
  readonly visibilityTimeoutSec: number;
}

/** Why something was not done: a value, which the edge turns into its own error. */
export interface QueueRefusal {
  readonly kind: "refused";
  /** Code of the SQS error, `QueueDoesNotExist`. */
  readonly code: string;
  readonly message: string;
}

/** The queues of the account, as services inside the emulated AWS use them. */
export interface Queues {
  find(arn: string): QueueView | undefined;
  /** Settles when the message is in the queue and will survive a restart. */
  send(
    arn: string,
    message: OutgoingMessage,
  ): Promise<{ readonly kind: "sent"; readonly messageId: string } | QueueRefusal>;
  /**
   * Takes messages; they are hidden from others for the visibility timeout.
   *
   * @param waitMs - Service time to wait for the first message; the queue wakes its waiters, nobody polls.
   * @param signal - Ends the wait.
   * @returns At most `messagesMax`; none where the queue does not exist.
   */
  receive(
    arn: string,
    options: {
      readonly messagesMax: number;
      readonly waitMs: number;
      readonly visibilityTimeoutSec?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<readonly ReceivedMessage[]>;
  /** Settles when the message cannot come back, not even after a restart. */
  delete(arn: string, receiptHandle: string): Promise<void>;
  /** @param visibilityTimeoutSec - 0 makes the message visible at once. */
  changeVisibility(arn: string, receiptHandle: string, visibilityTimeoutSec: number): void;
}
