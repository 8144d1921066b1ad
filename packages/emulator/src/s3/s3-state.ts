import { OrderedMap } from "./key-order.ts";
import type { NotificationConfiguration } from "./notification-configuration.ts";
import type {
  BucketRecord,
  Notice,
  ObjectRecord,
  PartRecord,
  S3Entry,
  Segment,
  UploadRecord,
} from "./records.ts";

/** A bucket with all that is in it. */
export interface BucketState {
  readonly record: BucketRecord;
  readonly objects: OrderedMap<ObjectRecord>;
  /** By key and then by id, as they are listed. */
  readonly uploads: OrderedMap<UploadState>;
  configuration: NotificationConfiguration | undefined;
}

export interface UploadState {
  readonly record: UploadRecord;
  /** By their numbers. */
  readonly parts: Map<number, PartRecord>;
}

/** A key has no U+0000 in XML, so that it separates the parts of a name. */
const SEPARATOR = "\0";

/**
 * What S3 keeps, as the sum of its changes.
 *
 * Nothing here touches a file: {@link S3State.apply} says which content nobody needs any more.
 */
export class S3State {
  readonly buckets = new OrderedMap<BucketState>();
  readonly notices = new Map<string, Notice>();
  objectCount = 0;
  sequencer = 0;
  readonly #uploadKeys = new Map<string, string>();

  /** Uploads in progress, in all buckets. */
  get uploadCount(): number {
    return this.#uploadKeys.size;
  }

  /** @returns The upload of that id in the bucket. */
  upload(bucket: BucketState, uploadId: string): UploadState | undefined {
    return bucket.uploads.get(this.#uploadKeys.get(uploadId) ?? "");
  }

  /**
   * Takes one change over.
   *
   * @returns Content that belongs to nothing any more.
   * @throws Error when the change does not fit what was before it: then the list of changes is broken.
   */
  apply(entry: S3Entry): readonly Segment[] {
    for (const notice of entry.notices ?? []) this.notices.set(notice.id, notice);
    this.sequencer = entry.sequencer ?? this.sequencer;
    switch (entry.type) {
      case "bucket":
        this.#addBucket(entry.bucket);
        return [];
      case "bucket-deleted":
        return this.#deleteBucket(entry.name);
      case "notification":
        this.#bucket(entry.name).configuration = entry.configuration;
        return [];
      case "object":
        return this.#putObject(entry);
      case "object-deleted":
        return this.#deleteObject(this.#bucket(entry.name), entry.key);
      case "upload":
        this.#addUpload(this.#bucket(entry.name), entry.upload);
        return [];
      case "part":
        return this.#putPart(entry);
      case "upload-ended":
        return this.#endUpload(this.#bucket(entry.name), entry.uploadId).map(
          ({ segment }) => segment,
        );
      case "delivered":
        this.notices.delete(entry.id);
        return [];
      case "notices":
        return [];
    }
  }

  /** The shortest list of changes that leads to this state. */
  *entries(): Generator<S3Entry> {
    for (const { record, objects, uploads, configuration } of this.buckets.values()) {
      const { name } = record;
      yield { type: "bucket", bucket: record };
      if (configuration !== undefined) yield { type: "notification", name, configuration };
      for (const object of objects.values()) yield { type: "object", name, object };
      for (const upload of uploads.values()) {
        const { uploadId } = upload.record;
        yield { type: "upload", name, upload: upload.record };
        for (const part of upload.parts.values()) yield { type: "part", name, uploadId, part };
      }
    }
    yield { type: "notices", notices: [...this.notices.values()], sequencer: this.sequencer };
  }

  /** Every piece of content that belongs to something. */
  *segments(): Generator<Segment> {
    for (const { objects, uploads } of this.buckets.values()) {
      for (const object of objects.values()) yield* object.segments;
      for (const { parts } of uploads.values()) {
        for (const { segment } of parts.values()) yield segment;
      }
    }
  }

  #bucket(name: string): BucketState {
    const bucket = this.buckets.get(name);
    if (bucket === undefined) throw new Error(`there is no bucket "${name}" before it`);
    return bucket;
  }

  #addBucket(record: BucketRecord): void {
    this.buckets.set(record.name, {
      record,
      objects: new OrderedMap(),
      uploads: new OrderedMap(),
      configuration: undefined,
    });
  }

  #deleteBucket(name: string): readonly Segment[] {
    const { uploads } = this.#bucket(name);
    const parts = [...uploads.values()].flatMap(({ parts: kept, record }) => {
      this.#uploadKeys.delete(record.uploadId);
      return [...kept.values()];
    });
    this.buckets.delete(name);
    return parts.map(({ segment }) => segment);
  }

  #putObject({ name, object, uploadId }: Extract<S3Entry, { type: "object" }>): readonly Segment[] {
    const bucket = this.#bucket(name);
    const previous = bucket.objects.get(object.key);
    const parts = uploadId === undefined ? [] : this.#endUpload(bucket, uploadId);
    bucket.objects.set(object.key, object);
    if (previous === undefined) this.objectCount += 1;
    const kept = new Set(object.segments.map(({ file }) => file));
    return [...(previous?.segments ?? []), ...parts.map(({ segment }) => segment)].filter(
      ({ file }) => !kept.has(file),
    );
  }

  #deleteObject(bucket: BucketState, key: string): readonly Segment[] {
    const previous = bucket.objects.get(key);
    if (previous === undefined) return [];
    bucket.objects.delete(key);
    this.objectCount -= 1;
    return previous.segments;
  }

  #addUpload(bucket: BucketState, record: UploadRecord): void {
    const key = record.key + SEPARATOR + record.uploadId;
    this.#uploadKeys.set(record.uploadId, key);
    bucket.uploads.set(key, { record, parts: new Map() });
  }

  #putPart({ name, uploadId, part }: Extract<S3Entry, { type: "part" }>): readonly Segment[] {
    const upload = this.upload(this.#bucket(name), uploadId);
    if (upload === undefined) throw new Error(`there is no upload "${uploadId}" before it`);
    const previous = upload.parts.get(part.number);
    upload.parts.set(part.number, part);
    return previous === undefined ? [] : [previous.segment];
  }

  #endUpload(bucket: BucketState, uploadId: string): readonly PartRecord[] {
    const upload = this.upload(bucket, uploadId);
    if (upload === undefined) return [];
    bucket.uploads.delete(this.#uploadKeys.get(uploadId) ?? "");
    this.#uploadKeys.delete(uploadId);
    return [...upload.parts.values()];
  }
}
