import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { invariant, type Timers } from "@pilotlight/core";

import { type FaultSource, NO_FAULTS } from "../faults/contract.ts";
import { ACCOUNT_ID, REGION } from "../lambda/names.ts";
import type {
  OutgoingMessage,
  Queues,
  QueueRefusal,
  QueueView,
  ReceivedMessage,
} from "./contract.ts";
import { DEDUPLICATION_IDS_MAX } from "./deduplication.ts";
import { LiveQueue, type QueueSurroundings, type SentMessage } from "./live-queue.ts";
import { MoveTasks } from "./move-tasks.ts";
import { acceptedMessage } from "./message-input.ts";
import { storedBytes } from "./message.ts";
import type { StorageLedger } from "./queue.ts";
import {
  allowsRedriveFrom,
  checkedAttributes,
  type DeadLetterTarget,
  invalidAttribute,
} from "./queue-attributes.ts";
import { JOURNAL_SUFFIX, journalPath } from "./queue-journal.ts";
import { effectiveAttributes } from "./queue-record.ts";
import { receiptOf } from "./receipt-handle.ts";
import { receivedMessage } from "./received-message.ts";
import { SqsError, unknownQueue } from "./sqs-error.ts";

/** AWS has no such limit; a folder of files has one. */
const QUEUES_MAX = 1000;

/** A laptop's memory has a bound; AWS's queues have none. */
const STORED_BYTES_MAX = 268_435_456;

/**
 * How long a name cannot be used again, and how long a queue cannot be purged again.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html and API_PurgeQueue.html,
 *   read 2026-11-24
 */
const PAUSE_MS = 60_000;

const ARN_PREFIX = `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:`;

interface AccountQueuesOptions {
  /** Service time. */
  readonly clock: Timers;
  /** Where the queues' files are; made where it does not exist. */
  readonly directory: string;
  /** @default no faults */
  readonly faults?: FaultSource;
  /** Address of the AWS endpoint, where it is known. */
  readonly baseUrl?: () => string;
  /**
   * What the messages of all queues may take in memory, about.
   * @default 256 MiB
   */
  readonly storedBytesMax?: number;
}

/** The queues of the account. */
export class AccountQueues implements Queues {
  readonly moves: MoveTasks;
  readonly #queues = new Map<string, LiveQueue>();
  readonly #directory: string;
  readonly #baseUrl: () => string;
  readonly #storedBytesMax: number;
  readonly #surroundings: QueueSurroundings;
  readonly #ledger: StorageLedger = { bytes: 0 };
  /** When a name was deleted, or a queue purged. */
  readonly #deletedMs = new Map<string, number>();
  readonly #purgedMs = new Map<string, number>();

  /** @throws PilotlightError ERR_STATE_BROKEN when a queue's file cannot be read. */
  constructor(options: AccountQueuesOptions) {
    const { clock, directory, baseUrl = () => "", storedBytesMax = STORED_BYTES_MAX } = options;
    this.#storedBytesMax = storedBytesMax;
    this.#directory = directory;
    this.#baseUrl = baseUrl;
    this.#surroundings = {
      clock,
      ledger: this.#ledger,
      faults: options.faults ?? NO_FAULTS,
      hasDeadLetterQueue: (targetArn) => this.findByArn(targetArn) !== undefined,
      giveUp: (source, dead) => {
        const target = this.findByArn(source.settings.redrive?.targetArn ?? "");
        for (const queued of dead) target?.takeOver(queued, { sourceArn: source.arn });
      },
    };
    this.moves = new MoveTasks({ clock, findByArn: (arn) => this.findByArn(arn) });
    mkdirSync(directory, { recursive: true });
    for (const file of readdirSync(directory)) {
      if (!file.endsWith(JOURNAL_SUFFIX)) continue;
      const path = join(directory, file);
      const queue = LiveQueue.open({ ...this.#surroundings, path, arnOf: queueArn });
      if (queue !== undefined) this.#queues.set(queue.name, queue);
    }
  }

  get clock(): Timers {
    return this.#surroundings.clock;
  }

  /** In the order of their names. */
  list(): readonly LiveQueue[] {
    return [...this.#queues.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  findByName(name: string): LiveQueue | undefined {
    return this.#queues.get(name);
  }

  findByArn(arn: string): LiveQueue | undefined {
    return arn.startsWith(ARN_PREFIX) ? this.#queues.get(arn.slice(ARN_PREFIX.length)) : undefined;
  }

  /**
   * Makes a queue; one that is there with the same attributes stays as it is.
   *
   * @param name - Checked already.
   * @throws SqsError
   */
  create(
    name: string,
    { attributes, tags }: Readonly<Record<"attributes" | "tags", Readonly<Record<string, string>>>>,
  ): LiveQueue {
    const isFifo = attributes["FifoQueue"] === "true";
    const targetOf = (arn: string) => this.#deadLetterTarget(arn, queueArn(name));
    const checked = withoutEmpty(checkedAttributes(attributes, { isFifo, targetOf }));
    const known = this.#queues.get(name);
    if (known !== undefined) {
      checkSame(known, checked);
      return known;
    }
    this.#checkPause(this.#deletedMs.get(name), {
      code: "QueueDeletedRecently",
      message:
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    });
    if (this.#queues.size >= QUEUES_MAX) {
      throw new SqsError("OverLimit", `The emulator has ${QUEUES_MAX} queues at most; delete one.`);
    }
    const nowMs = this.clock.epochMs();
    const record = { name, createdMs: nowMs, modifiedMs: nowMs, attributes: checked, tags };
    const path = journalPath(this.#directory, name);
    const queue = LiveQueue.create(record, { ...this.#surroundings, path, arn: queueArn(name) });
    this.#queues.set(name, queue);
    this.#deletedMs.delete(name);
    return queue;
  }

  setAttributes(queue: LiveQueue, attributes: Readonly<Record<string, string>>): void {
    const { isFifo } = queue.settings;
    const { FifoQueue: type } = attributes;
    if (isFifo && type !== undefined && type !== "true") {
      throw invalidAttribute("FifoQueue", "Modifying queue type is not supported.");
    }
    const targetOf = (arn: string) => this.#deadLetterTarget(arn, queue.arn);
    const checked = checkedAttributes(attributes, { isFifo, targetOf });
    const kept = keptAttributes(queue.record.attributes, checked);
    queue.change({ attributes: withoutEmpty({ ...kept, ...checked }) });
  }

  remove(queue: LiveQueue): void {
    this.#queues.delete(queue.name);
    this.#purgedMs.delete(queue.name);
    this.#deletedMs.set(queue.name, this.clock.epochMs());
    queue.remove();
    this.#forgetOld(this.#deletedMs);
  }

  purge(queue: LiveQueue): void {
    this.#checkPause(this.#purgedMs.get(queue.name), {
      code: "PurgeQueueInProgress",
      message: `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
    });
    queue.purge();
    this.#purgedMs.set(queue.name, this.clock.epochMs());
    this.#forgetOld(this.#purgedMs);
  }

  /** Checks a message and puts it into the queue. @throws SqsError */
  accept(queue: LiveQueue, outgoing: OutgoingMessage): SentMessage {
    const accepted = acceptedMessage(outgoing, queue.settings);
    const message = { ...accepted, id: "", sentMs: 0, enqueuedMs: 0 };
    if (this.#ledger.bytes + storedBytes(message) > this.#storedBytesMax) {
      throw new SqsError(
        "OverLimit",
        `The queues of the emulator hold ${this.#storedBytesMax} bytes at most, of which ${this.#ledger.bytes} are used; receive and delete messages, or purge a queue.`,
      );
    }
    if (queue.isDeduplicationFull) {
      throw new SqsError(
        "OverLimit",
        `The queue ${queue.name} knows ${DEDUPLICATION_IDS_MAX} deduplication ids of the last five minutes, which is all that it holds; send more slowly.`,
      );
    }
    return queue.send(accepted);
  }

  find(arn: string): QueueView | undefined {
    const queue = this.findByArn(arn);
    if (queue === undefined) return undefined;
    const { isFifo, visibilityMs } = queue.settings;
    const url = queueUrl(this.#baseUrl(), queue.name);
    return { arn, url, isFifo, visibilityTimeoutSec: visibilityMs / 1000 };
  }

  async send(
    arn: string,
    message: OutgoingMessage,
  ): Promise<{ readonly kind: "sent"; readonly messageId: string } | QueueRefusal> {
    try {
      const queue = this.findByArn(arn);
      if (queue === undefined) throw unknownQueue();
      return { kind: "sent", messageId: this.accept(queue, message).messageId };
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      return { kind: "refused", code: error.type, message: error.message };
    }
  }

  async receive(
    arn: string,
    { visibilityTimeoutSec, ...options }: Parameters<Queues["receive"]>[1],
  ): Promise<readonly ReceivedMessage[]> {
    const queue = this.findByArn(arn);
    if (queue === undefined) return [];
    const visibilityMs =
      visibilityTimeoutSec === undefined ? undefined : visibilityTimeoutSec * 1000;
    const received = await queue.receiveWithin({ ...options, visibilityMs });
    return received.map((queued) => receivedMessage(queue.name, queued));
  }

  async delete(arn: string, receiptHandle: string): Promise<void> {
    const queue = this.findByArn(arn);
    if (queue !== undefined) queue.delete(receipt(queue, receiptHandle));
  }

  changeVisibility(arn: string, receiptHandle: string, visibilityTimeoutSec: number): void {
    const queue = this.findByArn(arn);
    if (queue !== undefined) queue.hide(receipt(queue, receiptHandle), visibilityTimeoutSec * 1000);
  }

  /** Gives whoever waits nothing: no message is given out any more. */
  stop(): void {
    this.moves.stop();
    for (const queue of this.#queues.values()) queue.stop();
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  #deadLetterTarget(arn: string, sourceArn: string): DeadLetterTarget | undefined {
    const target = this.findByArn(arn);
    if (target === undefined) return undefined;
    const { RedriveAllowPolicy: policy } = target.record.attributes;
    return { isFifo: target.settings.isFifo, isAllowed: allowsRedriveFrom(policy, sourceArn) };
  }

  #checkPause(
    sinceMs: number | undefined,
    { code, message }: { readonly code: string; readonly message: string },
  ): void {
    if (sinceMs === undefined || this.clock.epochMs() - sinceMs >= PAUSE_MS) return;
    throw new SqsError(code, message);
  }

  /** Times that no longer matter go, so that there are not more of them than a minute can have. */
  #forgetOld(times: Map<string, number>): void {
    const nowMs = this.clock.epochMs();
    for (const [name, sinceMs] of times) if (nowMs - sinceMs >= PAUSE_MS) times.delete(name);
  }
}

export function queueArn(name: string): string {
  return ARN_PREFIX + name;
}

/** @param baseUrl - Address of the AWS endpoint, without a `/` at its end. */
export function queueUrl(baseUrl: string, name: string): string {
  return `${baseUrl}/${ACCOUNT_ID}/${name}`;
}

function receipt(queue: LiveQueue, handle: string) {
  const read = receiptOf(queue.name, handle);
  invariant(read !== undefined, `a service has the receipt handle from the queue ${queue.name}`);
  return read;
}

/** What stays of attributes: a key of KMS takes the place of SQS's own encryption, and the other way round. */
function keptAttributes(
  {
    KmsMasterKeyId: keyId,
    SqsManagedSseEnabled: isManaged,
    ...rest
  }: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>>,
): Record<string, string> {
  const { KmsMasterKeyId: newKeyId = "", SqsManagedSseEnabled: becomesManaged } = changes;
  return {
    ...rest,
    ...(keyId !== undefined && becomesManaged !== "true" && { KmsMasterKeyId: keyId }),
    ...(isManaged !== undefined && newKeyId === "" && { SqsManagedSseEnabled: isManaged }),
  };
}

/** An empty value removes an attribute. */
function withoutEmpty(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ""));
}

/** Attributes that were not given are not compared. */
function checkSame(known: LiveQueue, attributes: Readonly<Record<string, string>>): void {
  const own = effectiveAttributes(known.record);
  for (const [name, value] of Object.entries(attributes)) {
    if (own[name] === value) continue;
    throw new SqsError(
      "QueueNameExists",
      `A queue already exists with the same name and a different value for attribute ${name}`,
    );
  }
}
