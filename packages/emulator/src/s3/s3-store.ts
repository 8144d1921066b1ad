import { randomUUID } from "node:crypto";
import { join } from "node:path";

import { type Clock, PilotlightError, type Timers } from "@pilotlight/core";

import type { Deliveries } from "../delivery.ts";
import { Journal } from "../state/journal.ts";
import { ContentFiles } from "./content-files.ts";
import { eventBridgeDetail, notificationBody, type ObjectEvent } from "./event-record.ts";
import { readEntry } from "./journal-entry.ts";
import { ruleMatches } from "./notification-configuration.ts";
import { Notifier } from "./notifier.ts";
import type { Notice, ObjectRecord, S3Change, S3Entry, UploadRecord } from "./records.ts";
import { noSuchBucket, noSuchKey, noSuchUpload, serviceUnavailable, slowDown } from "./s3-error.ts";
import { type BucketState, S3State, type UploadState } from "./s3-state.ts";

/** Objects are listed from memory, and each takes about a kilobyte of it. */
const OBJECTS_MAX = 250_000;

/** Multipart uploads in progress, each with up to 10,000 parts. */
const UPLOADS_MAX = 1_000;

/** Notifications that may wait for their targets. */
const NOTICES_MAX = 100_000;

/** A journal is rewritten when it has twice as many entries as its state, and so many more. */
const SPARE_ENTRIES = 1_000;

const EVENT_BUS_ARN = "arn:aws:events:us-east-1:000000000000:event-bus/default";

/** Sequencers per millisecond: they follow the clock, and always grow. */
const SEQUENCERS_PER_MS = 4_096;

export interface S3StoreOptions {
  /** Folder of its own; made where it does not exist. */
  readonly directory: string;
  /** Service time, for repeated deliveries. */
  readonly clock: Timers;
  /** The time of the machine: objects are compared with files by their time. */
  readonly wallClock: Clock;
  readonly deliveries: Deliveries;
  readonly onError: (error: unknown) => void;
}

/** What is told of a change; the rest of the event is the store's. */
export type EventCause = Pick<ObjectEvent, "name" | "key" | "requestId" | "hostId" | "traceId">;

/** The buckets with all that is in them, on the disk and in memory. */
export class S3Store {
  readonly files: ContentFiles;
  readonly wallClock: Clock;
  readonly #options: S3StoreOptions;
  readonly #state = new S3State();
  readonly #journal: Journal<S3Entry>;
  readonly #notifier: Notifier;
  #entryCount = 0;
  #isClosed = false;

  /** @throws PilotlightError ERR_STATE_BROKEN when what is on the disk cannot be read. */
  constructor(options: S3StoreOptions) {
    this.#options = options;
    this.wallClock = options.wallClock;
    const path = join(options.directory, "journal.jsonl");
    this.#journal = new Journal({ path, read: readEntry });
    this.files = new ContentFiles(join(options.directory, "content"));
    this.#replay(path);
    this.#notifier = new Notifier({
      deliveries: options.deliveries,
      clock: options.clock,
      onSettled: ({ id }) => this.#settle(id),
      onError: options.onError,
    });
  }

  /** Takes up the deliveries that were not done when the emulator ended. */
  start(): void {
    this.#notifier.take([...this.#state.notices.values()]);
  }

  get buckets(): S3State["buckets"] {
    return this.#state.buckets;
  }

  /** @throws S3Error NoSuchBucket. */
  bucket(name: string): BucketState {
    const bucket = this.#state.buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }

  /** @throws S3Error NoSuchBucket, NoSuchKey. */
  object(bucket: string, key: string): ObjectRecord {
    const object = this.bucket(bucket).objects.get(key);
    if (object === undefined) throw noSuchKey(key);
    return object;
  }

  /** @throws S3Error NoSuchBucket, NoSuchUpload. */
  upload(bucket: string, key: string, uploadId: string): UploadState {
    const upload = this.#state.upload(this.bucket(bucket), uploadId);
    if (upload === undefined || upload.record.key !== key) throw noSuchUpload(uploadId);
    return upload;
  }

  /** @throws S3Error when the emulator has no room for one more object, or for its notifications. */
  checkRoom(): void {
    if (this.#state.notices.size >= NOTICES_MAX) throw slowDown();
    if (this.#state.objectCount < OBJECTS_MAX) return;
    throw serviceUnavailable(
      `This emulator keeps at most ${OBJECTS_MAX} objects; delete some, or a bucket that nobody needs.`,
    );
  }

  /** @throws S3Error when the emulator has no room for one more multipart upload. */
  checkUploadRoom(): void {
    if (this.#state.uploadCount < UPLOADS_MAX) return;
    throw serviceUnavailable(
      `This emulator keeps at most ${UPLOADS_MAX} multipart uploads in progress; complete or abort some (ListMultipartUploads names them).`,
    );
  }

  /**
   * Makes a change, with the notifications that it causes: both survive from here on.
   *
   * Content that belongs to nothing any more is removed.
   */
  commit(change: S3Change, cause?: EventCause): void {
    if (cause === undefined) {
      this.#append(change);
      return;
    }
    const sequencer = this.#nextSequencer();
    const name = "name" in change ? change.name : "";
    const object = change.type === "object" ? change.object : undefined;
    const notices = this.#noticesOf({
      ...cause,
      bucket: name,
      ...(object !== undefined && { content: object }),
      sequencer,
      timeMs: this.wallClock.epochMs(),
    });
    this.#append({ ...change, notices, sequencer });
    this.#notifier.take(notices);
  }

  /** Sends a message to a queue on its own, as S3 tests one. */
  notify(target: string, body: string): void {
    const notices = [this.#notice({ target, body })];
    this.#append({ type: "notices", notices });
    this.#notifier.take(notices);
  }

  /** Whether notifications can be sent to the ARN. */
  isTarget(arn: string): boolean {
    return this.#options.deliveries.exists(arn);
  }

  /** Starts no delivery any more; settles when those that have started have ended. */
  stop(): Promise<void> {
    return this.#notifier.stop();
  }

  /** Takes no change any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#journal.close();
  }

  #replay(path: string): void {
    for (const [index, entry] of this.#journal.takeEntries().entries()) {
      try {
        this.#state.apply(entry);
      } catch (error) {
        throw broken(`${path}, line ${index + 1}: ${String(error)}`);
      }
    }
    this.#entryCount = [...this.#state.entries()].length;
    const inUse = new Set([...this.#state.segments()].map(({ file }) => file));
    const [missing, ...others] = this.files.missing(inUse);
    if (missing !== undefined) {
      const owner = this.#ownerOf(missing);
      throw broken(
        `${join(path, "..", "content", missing)}: the file with the content of ${owner} is not there (${others.length} more are missing)`,
      );
    }
    this.files.clean(inUse);
  }

  #ownerOf(file: string): string {
    for (const { record, objects } of this.#state.buckets.values()) {
      for (const { key, segments } of objects.values()) {
        if (segments.some((segment) => segment.file === file)) return `s3://${record.name}/${key}`;
      }
    }
    return "a part of an upload";
  }

  #append(entry: S3Entry): void {
    if (this.#isClosed) throw serviceUnavailable("The emulator is stopping.");
    this.#journal.append(entry);
    const unused = this.#state.apply(entry);
    this.files.remove(unused).catch(this.#options.onError);
    this.#compact();
  }

  #compact(): void {
    if (this.#journal.length < 2 * this.#entryCount + SPARE_ENTRIES) return;
    const entries = [...this.#state.entries()];
    this.#entryCount = entries.length;
    if (this.#journal.length >= 2 * entries.length + SPARE_ENTRIES) this.#journal.rewrite(entries);
  }

  #settle(id: string): void {
    if (!this.#isClosed) this.#append({ type: "delivered", id });
  }

  #nextSequencer(): number {
    const byClock = this.wallClock.epochMs() * SEQUENCERS_PER_MS;
    return Math.max(byClock, this.#state.sequencer + 1);
  }

  #noticesOf(event: ObjectEvent): Notice[] {
    const configuration = this.bucket(event.bucket).configuration;
    if (configuration === undefined) return [];
    const { key, name: eventName, traceId } = event;
    const notices = configuration.rules
      .filter((rule) => ruleMatches(rule, { eventName, key }))
      .map((rule) => {
        const body = notificationBody(event, rule);
        return this.#notice({ target: rule.target, body, traceId });
      });
    if (!configuration.isEventBridgeOn) return notices;
    const { detailType, body } = eventBridgeDetail(event);
    const resources = [`arn:aws:s3:::${event.bucket}`];
    return [
      ...notices,
      this.#notice({ target: EVENT_BUS_ARN, body, event: { detailType, resources }, traceId }),
    ];
  }

  #notice(parts: Omit<Notice, "id" | "createdMs">): Notice {
    return { ...parts, id: randomUUID(), createdMs: this.#options.clock.epochMs() };
  }
}

/** An id that says nothing, as S3 gives to uploads. */
export function newUploadId(): UploadRecord["uploadId"] {
  return Buffer.from(randomUUID() + randomUUID()).toString("base64url");
}

function broken(what: string): PilotlightError {
  return new PilotlightError(
    "ERR_STATE_BROKEN",
    `${what}. Put back what belongs there, or move the folder away to start without its buckets; nothing was changed.`,
  );
}
