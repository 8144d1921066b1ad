import { queueUrl } from "./account-queues.ts";
import type { LiveQueue } from "./live-queue.ts";
import { calledQueue, type Output, type SqsCall } from "./operation.ts";
import { ATTRIBUTE_NAMES, unknownAttribute } from "./queue-attributes.ts";
import { effectiveAttributes } from "./queue-record.ts";
import { pageOf } from "./queue-page.ts";
import { invalidValue, missingParameter, unknownQueue } from "./sqs-error.ts";
import { ACCOUNT_ID } from "../lambda/names.ts";

const NAME_PATTERN = /^[A-Za-z0-9_-]{1,80}$/;
const FIFO_SUFFIX = ".fifo";
const NAME_CHARS_MAX = 80;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html, read 2026-11-24 */
const TAGS_MAX = 50;
const TAG_KEY_CHARS_MAX = 128;
const TAG_VALUE_CHARS_MAX = 256;

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html, read 2026-11-24 */
export function createQueue({ input, queues, baseUrl }: SqsCall): Output {
  const name = input.text("QueueName");
  const attributes = input.textMap("Attributes");
  checkQueueName(name, { isFifo: attributes["FifoQueue"] === "true" });
  const tags = checkedTags(input.has("tags") ? input.textMap("tags") : input.textMap("Tags"));
  queues.create(name, { attributes, tags });
  return { QueueUrl: queueUrl(baseUrl, name) };
}

export function deleteQueue(call: SqsCall): Output {
  call.queues.remove(calledQueue(call));
  return {};
}

export function getQueueUrl({ input, queues, baseUrl }: SqsCall): Output {
  const name = input.text("QueueName");
  const owner = input.optionalText("QueueOwnerAWSAccountId") ?? ACCOUNT_ID;
  if (owner !== ACCOUNT_ID || queues.findByName(name) === undefined) throw unknownQueue();
  return { QueueUrl: queueUrl(baseUrl, name) };
}

export function listQueues({ input, queues, baseUrl }: SqsCall): Output {
  const prefix = input.optionalText("QueueNamePrefix") ?? "";
  const names = queues.list().map(({ name }) => name);
  const { items, nextToken } = pageOf(
    names.filter((name) => name.startsWith(prefix)),
    input,
  );
  return { QueueUrls: urls(items, baseUrl), NextToken: nextToken };
}

/** The queues whose dead-letter queue the named one is. */
export function listDeadLetterSourceQueues(call: SqsCall): Output {
  const { arn } = calledQueue(call);
  const sources = call.queues.list().filter(({ settings }) => settings.redrive?.targetArn === arn);
  const { items, nextToken } = pageOf(
    sources.map(({ name }) => name),
    call.input,
  );
  return { queueUrls: urls(items, call.baseUrl) ?? [], NextToken: nextToken };
}

export function getQueueAttributes(call: SqsCall): Output {
  const queue = calledQueue(call);
  const names = call.input.texts("AttributeNames");
  for (const name of names) if (!ATTRIBUTE_NAMES.has(name)) throw unknownAttribute(name);
  const all = Object.entries(attributesOf(queue));
  const wanted = names.includes("All") ? all : all.filter(([name]) => names.includes(name));
  return wanted.length === 0 ? {} : { Attributes: Object.fromEntries(wanted) };
}

export function setQueueAttributes(call: SqsCall): Output {
  const queue = calledQueue(call);
  if (!call.input.has("Attributes")) throw missingParameter("Attributes");
  call.queues.setAttributes(queue, call.input.textMap("Attributes"));
  return {};
}

export function purgeQueue(call: SqsCall): Output {
  call.queues.purge(calledQueue(call));
  return {};
}

export function tagQueue(call: SqsCall): Output {
  const queue = calledQueue(call);
  if (!call.input.has("Tags")) throw missingParameter("Tags");
  queue.change({ tags: checkedTags({ ...queue.record.tags, ...call.input.textMap("Tags") }) });
  return {};
}

export function untagQueue(call: SqsCall): Output {
  const queue = calledQueue(call);
  const keys = call.input.texts("TagKeys");
  const kept = Object.entries(queue.record.tags).filter(([key]) => !keys.includes(key));
  queue.change({ tags: Object.fromEntries(kept) });
  return {};
}

export function listQueueTags(call: SqsCall): Output {
  const { tags } = calledQueue(call).record;
  return Object.keys(tags).length === 0 ? {} : { Tags: tags };
}

function checkedTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const count = Object.keys(tags).length;
  if (count > TAGS_MAX) {
    throw invalidValue(`A queue can have ${TAGS_MAX} tags at most; it would have ${count}.`);
  }
  for (const [key, value] of Object.entries(tags)) {
    if (key.length >= 1 && key.length <= TAG_KEY_CHARS_MAX && value.length <= TAG_VALUE_CHARS_MAX) {
      continue;
    }
    throw invalidValue(
      `The tag '${key.slice(0, TAG_KEY_CHARS_MAX)}' is invalid: a key has 1 to ${TAG_KEY_CHARS_MAX} characters, a value up to ${TAG_VALUE_CHARS_MAX}.`,
    );
  }
  return tags;
}

function checkQueueName(name: string, { isFifo }: { readonly isFifo: boolean }): void {
  if (!isFifo) {
    if (NAME_PATTERN.test(name)) return;
    throw invalidValue(
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    );
  }
  const hasSuffix = name.endsWith(FIFO_SUFFIX) && name.length <= NAME_CHARS_MAX;
  if (hasSuffix && NAME_PATTERN.test(name.slice(0, -FIFO_SUFFIX.length))) return;
  throw invalidValue(
    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
  );
}

function attributesOf(queue: LiveQueue): Readonly<Record<string, string>> {
  const { createdMs, modifiedMs } = queue.record;
  const { visible, inFlight, delayed } = queue.counts();
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: String(Math.floor(createdMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(modifiedMs / 1000)),
    ...effectiveAttributes(queue.record),
  };
}

function urls(names: readonly string[], baseUrl: string): readonly string[] | undefined {
  return names.length === 0 ? undefined : names.map((name) => queueUrl(baseUrl, name));
}
