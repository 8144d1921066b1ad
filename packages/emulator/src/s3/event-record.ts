import type { NotificationRule } from "./notification-configuration.ts";
import { urlEncodedKey } from "./key-encoding.ts";

/** A change of an object, as notifications tell of it. */
export interface ObjectEvent {
  /** With `s3:` in front, `s3:ObjectCreated:Put`. */
  readonly name: string;
  readonly bucket: string;
  readonly key: string;
  /** What the key holds now; absent where it holds nothing any more. */
  readonly content?: { readonly sizeBytes: number; readonly etag: string };
  readonly sequencer: number;
  readonly timeMs: number;
  readonly requestId: string;
  readonly hostId: string;
  /** The trace that the change is part of. */
  readonly traceId?: string | undefined;
}

/** Who owns what is in the account, and who has called; there are no identities here. */
export const OWNER_ID = "PILOTLIGHTOWNER";
const CALLER_ID = "AWS:PILOTLIGHTCALLER";
const CALLER_ADDRESS = "127.0.0.1";
const REGION = "us-east-1";
const ACCOUNT = "000000000000";

/** Operations of EventBridge's `reason`, by the event. */
const REASONS: Readonly<Record<string, string>> = {
  "s3:ObjectCreated:Put": "PutObject",
  "s3:ObjectCreated:Post": "POST Object",
  "s3:ObjectCreated:Copy": "CopyObject",
  "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
  "s3:ObjectRemoved:Delete": "DeleteObject",
};

const DETAIL_TYPES: Readonly<Record<string, string>> = {
  "s3:ObjectTagging:Put": "Object Tags Added",
  "s3:ObjectTagging:Delete": "Object Tags Deleted",
};

/**
 * The message of an event for a queue or a function.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html, read 2026-11-24.
 */
export function notificationBody(event: ObjectEvent, rule: NotificationRule): string {
  const { bucket, key, content } = event;
  const record = {
    // Tags came later than the first events, with a version of their own.
    eventVersion: isTagging(event) ? "2.3" : "2.1",
    eventSource: "aws:s3",
    awsRegion: REGION,
    eventTime: new Date(event.timeMs).toISOString(),
    eventName: event.name.replace(/^s3:/, ""),
    userIdentity: { principalId: CALLER_ID },
    requestParameters: { sourceIPAddress: CALLER_ADDRESS },
    responseElements: { "x-amz-request-id": event.requestId, "x-amz-id-2": event.hostId },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: rule.id,
      bucket: {
        name: bucket,
        ownerIdentity: { principalId: OWNER_ID },
        arn: `arn:aws:s3:::${bucket}`,
      },
      object: {
        key: urlEncodedKey(key),
        ...sizeOf(event),
        ...(content !== undefined && { eTag: content.etag }),
        ...sequencerOf(event),
      },
    },
  };
  return JSON.stringify({ Records: [record] });
}

/**
 * The same event for an event bus.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html, read 2026-11-24.
 */
export function eventBridgeDetail(event: ObjectEvent): { detailType: string; body: string } {
  const { name, bucket, key, content } = event;
  const isRemoval = name.startsWith("s3:ObjectRemoved:");
  const detail = {
    version: "0",
    bucket: { name: bucket },
    object: {
      key,
      ...sizeOf(event),
      ...(content !== undefined && { etag: content.etag }),
      ...sequencerOf(event),
    },
    "request-id": event.requestId,
    requester: ACCOUNT,
    "source-ip-address": CALLER_ADDRESS,
    ...(REASONS[name] !== undefined && { reason: REASONS[name] }),
    ...(isRemoval && { "deletion-type": "Permanently Deleted" }),
  };
  const detailType = DETAIL_TYPES[name] ?? (isRemoval ? "Object Deleted" : "Object Created");
  return { detailType, body: JSON.stringify(detail) };
}

/** What S3 sends to a queue that a configuration names for the first time. */
export function testEventBody(event: {
  readonly bucket: string;
  readonly timeMs: number;
  readonly requestId: string;
  readonly hostId: string;
}): string {
  return JSON.stringify({
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date(event.timeMs).toISOString(),
    Bucket: event.bucket,
    RequestId: event.requestId,
    HostId: event.hostId,
  });
}

/** Tags are no content: their events tell neither of its size nor of its order. */
function isTagging({ name }: ObjectEvent): boolean {
  return name.startsWith("s3:ObjectTagging:");
}

function sizeOf(event: ObjectEvent): { readonly size?: number } {
  return event.content === undefined || isTagging(event) ? {} : { size: event.content.sizeBytes };
}

/** Of two events of a key, the later one has the larger text. */
function sequencerOf(event: ObjectEvent): { readonly sequencer?: string } {
  if (isTagging(event)) return {};
  return { sequencer: `00${event.sequencer.toString(16).toUpperCase().padStart(16, "0")}` };
}
