import type { MessageAttribute, OutgoingMessage } from "./contract.ts";
import type { AcceptedMessage } from "./accepted-message.ts";
import { messageBytes } from "./message.ts";
import type { QueueSettings } from "./queue-record.ts";
import { invalidParameterValue, invalidValue, missingParameter, SqsError } from "./sqs-error.ts";

const ATTRIBUTES_MAX = 10;
const DELAY_SEC_MAX = 900;

/** Alphanumeric characters and punctuation. */
const TOKEN_PATTERN = /^[\u0021-\u007e]{1,128}$/;

/** What XML 1.0 cannot have. */
const INVALID_CHARACTER = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const VALID_CHARACTERS = "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]";

const ATTRIBUTE_NAME_PATTERN = /^[A-Za-z0-9_\-.]{1,256}$/;
const TYPE_PATTERN = /^(String|Number|Binary)(\..*)?$/;
const NUMBER_PATTERN = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

const WRONG_QUEUE_TYPE = "The request include parameter that is not valid for this queue type.";

/**
 * Checks a message that is to be sent.
 *
 * @throws SqsError with AWS's text.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html, read 2026-11-24
 */
export function acceptedMessage(
  outgoing: OutgoingMessage,
  settings: QueueSettings,
): AcceptedMessage {
  const { body, attributes = {}, systemAttributes = {}, delaySec } = outgoing;
  if (body === "") throw missingParameter("MessageBody");
  const [character] = INVALID_CHARACTER.exec(body) ?? [];
  if (character !== undefined) {
    const text = invalidCharacter(character, "message body");
    throw new SqsError("InvalidMessageContents", text);
  }
  checkAttributes(attributes);
  for (const [name, attribute] of Object.entries(systemAttributes)) {
    checkSystemAttribute(name, attribute);
  }
  if (messageBytes({ body, attributes }) > settings.messageBytesMax) {
    throw tooLong(settings.messageBytesMax);
  }
  checkDelay(delaySec, settings);
  checkFifoParameters(outgoing, settings);
  return {
    body,
    attributes,
    traceHeader: systemAttributes["AWSTraceHeader"]?.stringValue,
    // A FIFO queue knows the queue's own delay only.
    delayMs: delaySec === undefined || settings.isFifo ? undefined : delaySec * 1000,
    groupId: outgoing.groupId,
    deduplicationId: outgoing.deduplicationId,
  };
}

/** @param bytesMax - What the queue takes. */
export function tooLong(bytesMax: number): SqsError {
  return invalidValue(
    `One or more parameters are invalid. Reason: Message must be shorter than ${bytesMax} bytes.`,
  );
}

/**
 * @param place - Where the character was found.
 * @see https://github.com/Particular/NServiceBus.AmazonSQS/issues/2630 for AWS's text of 2024
 */
function invalidCharacter(character: string, place: string): string {
  const code = character.codePointAt(0)?.toString(16).toUpperCase();
  return `Invalid binary character '#x${code}' was found in the ${place}, the set of allowed characters is ${VALID_CHARACTERS}.`;
}

function checkDelay(delaySec: number | undefined, { isFifo }: QueueSettings): void {
  if (delaySec === undefined) return;
  if (delaySec < 0 || delaySec > DELAY_SEC_MAX) {
    throw invalidParameterValue("DelaySeconds", {
      value: delaySec,
      reason: "DelaySeconds must be >= 0 and <= 900.",
    });
  }
  if (isFifo && delaySec > 0) {
    throw invalidParameterValue("DelaySeconds", { value: delaySec, reason: WRONG_QUEUE_TYPE });
  }
}

type FifoParameters = Readonly<Record<"groupId" | "deduplicationId", string | undefined>>;

/** Checks that a message for a FIFO queue has a group, and a deduplication id where its body does not give one. */
export function checkFifoNeeds(
  { groupId, deduplicationId }: FifoParameters,
  { isFifo, hasContentBasedDeduplication }: QueueSettings,
): void {
  if (!isFifo) return;
  if (groupId === undefined) throw missingParameter("MessageGroupId");
  if (deduplicationId !== undefined || hasContentBasedDeduplication) return;
  throw invalidValue(
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  );
}

function checkFifoParameters(
  { groupId, deduplicationId }: OutgoingMessage,
  settings: QueueSettings,
): void {
  for (const [name, value] of [
    ["MessageGroupId", groupId],
    ["MessageDeduplicationId", deduplicationId],
  ] as const) {
    if (value === undefined || TOKEN_PATTERN.test(value)) continue;
    throw invalidParameterValue(name, {
      value,
      reason: `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    });
  }
  if (!settings.isFifo && deduplicationId !== undefined) {
    throw invalidParameterValue("MessageDeduplicationId", {
      value: deduplicationId,
      reason: WRONG_QUEUE_TYPE,
    });
  }
  checkFifoNeeds({ groupId, deduplicationId }, settings);
}

function checkAttributes(attributes: Readonly<Record<string, MessageAttribute>>): void {
  const count = Object.keys(attributes).length;
  if (count > ATTRIBUTES_MAX) {
    throw invalidValue(
      `Number of message attributes [${count}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`,
    );
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    checkName(name);
    checkAttribute(name, attribute);
  }
}

function checkName(name: string): void {
  if (name === "") throw invalidValue("The request must contain non-empty message attribute name.");
  const isReserved = /^(aws|amazon)\./i.test(name);
  const hasStrayDots = name.startsWith(".") || name.endsWith(".") || name.includes("..");
  if (ATTRIBUTE_NAME_PATTERN.test(name) && !isReserved && !hasStrayDots) return;
  throw invalidValue(
    `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters; it must not start or end with a period, have periods in succession, or start with 'AWS.' or 'Amazon.', and it can be up to 256 characters long.`,
  );
}

/**
 * @see https://github.com/softwaremill/elasticmq/issues/373 and https://github.com/grafana/k6-jslib-aws/pull/65 for AWS's
 *   texts of 2020 and 2023
 */
function checkAttribute(name: string, { dataType, stringValue, binaryValue }: MessageAttribute) {
  if (dataType === "") {
    throw invalidValue(
      `The message attribute '${name}' must contain non-empty message attribute type.`,
    );
  }
  const [, kind] = TYPE_PATTERN.exec(dataType) ?? [];
  if (kind === undefined) {
    throw invalidValue(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  }
  const isEmpty =
    kind === "Binary"
      ? (binaryValue?.byteLength ?? 0) === 0
      : stringValue === undefined || stringValue === "";
  if (isEmpty) {
    throw invalidValue(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${kind}'.`,
    );
  }
  const [character] = INVALID_CHARACTER.exec(stringValue ?? "") ?? [];
  if (character !== undefined) {
    throw invalidValue(invalidCharacter(character, `message attribute '${name}' value`));
  }
  if (kind === "Number" && !NUMBER_PATTERN.test(stringValue ?? "")) {
    throw invalidValue(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
}

function checkSystemAttribute(name: string, { dataType, stringValue = "" }: MessageAttribute) {
  if (name !== "AWSTraceHeader") {
    throw invalidValue(
      `Message (system) attribute name '${name}' is not valid; the only one is AWSTraceHeader.`,
    );
  }
  if (dataType !== "String" || stringValue === "") {
    throw invalidValue(
      `The message system attribute '${name}' must contain a non-empty value of type 'String'.`,
    );
  }
}
