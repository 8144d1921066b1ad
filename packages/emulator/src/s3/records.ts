import type { Checksum, ChecksumAlgorithm, ChecksumType } from "./checksum.ts";
import type { NotificationConfiguration } from "./notification-configuration.ts";

/** A piece of an object's content: a file of its own that never changes. */
export interface Segment {
  readonly file: string;
  readonly sizeBytes: number;
}

/** What a writer says of an object beside its content. */
export interface ObjectDescription {
  /** Standard headers that are given back as they came, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** User-defined metadata, names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly Tag[];
  readonly storageClass: string;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface ObjectRecord extends ObjectDescription {
  readonly key: string;
  readonly segments: readonly Segment[];
  readonly sizeBytes: number;
  /** Without its quotation marks. */
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum?: Checksum;
  /** Numbers of the parts that it was uploaded in; each has one segment. */
  readonly partNumbers?: readonly number[];
}

export interface PartRecord {
  readonly number: number;
  readonly segment: Segment;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum?: Checksum;
}

/** A multipart upload that is in progress. */
export interface UploadRecord extends ObjectDescription {
  readonly uploadId: string;
  readonly key: string;
  readonly startedMs: number;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
}

export interface BucketRecord {
  readonly name: string;
  readonly createdMs: number;
  /** The location constraint that it was made with; empty for us-east-1. */
  readonly location: string;
}

/** A notification that has not reached its target yet. */
export interface Notice {
  readonly id: string;
  /** ARN of the target. */
  readonly target: string;
  readonly body: string;
  /** What an event bus needs beside the detail. */
  readonly event?: { readonly detailType: string; readonly resources: readonly string[] };
  /** The trace that the change is part of; it goes to the target beside the body. */
  readonly traceId?: string | undefined;
  /** Service time, epoch milliseconds. */
  readonly createdMs: number;
}

/** One change of what S3 keeps; their list, from the first on, is the state. */
export type S3Change =
  | { readonly type: "bucket"; readonly bucket: BucketRecord }
  | { readonly type: "bucket-deleted"; readonly name: string }
  | {
      readonly type: "notification";
      readonly name: string;
      readonly configuration: NotificationConfiguration;
    }
  | {
      readonly type: "object";
      readonly name: string;
      readonly object: ObjectRecord;
      /** The upload that ends with it. */
      readonly uploadId?: string;
    }
  | { readonly type: "object-deleted"; readonly name: string; readonly key: string }
  | { readonly type: "upload"; readonly name: string; readonly upload: UploadRecord }
  | {
      readonly type: "part";
      readonly name: string;
      readonly uploadId: string;
      readonly part: PartRecord;
    }
  | { readonly type: "upload-ended"; readonly name: string; readonly uploadId: string }
  | { readonly type: "notices" }
  | { readonly type: "delivered"; readonly id: string };

/** A change as the journal has it. */
export type S3Entry = S3Change & {
  /** Notifications that come with the change: they are kept with it, or neither is. */
  readonly notices?: readonly Notice[];
  /** The last sequencer that was given, where one was. */
  readonly sequencer?: number;
};
