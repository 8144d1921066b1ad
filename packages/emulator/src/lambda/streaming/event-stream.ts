import { EventStreamCodec } from "@smithy/eventstream-codec";

/** Content type of the whole body. */
export const EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream";

/** The last event of a streamed invocation: how it ended. */
export interface InvokeComplete {
  /** Where the function failed. */
  readonly ErrorCode?: string;
  readonly ErrorDetails?: string;
  /** Base64 of the log's tail, where the caller asked for it. */
  readonly LogResult?: string;
}

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8")),
  (text) => Buffer.from(text, "utf8"),
);

/**
 * One part of the response as a frame of the event stream.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html, read 2026-11-24.
 */
export function payloadChunkFrame(part: Uint8Array): Uint8Array {
  return frame(part, { event: "PayloadChunk", contentType: "application/octet-stream" });
}

/** The frame that ends the stream. */
export function invokeCompleteFrame(complete: InvokeComplete): Uint8Array {
  const body = Buffer.from(JSON.stringify(complete));
  return frame(body, { event: "InvokeComplete", contentType: "application/json" });
}

function frame(
  body: Uint8Array,
  { event, contentType }: { event: string; contentType: string },
): Uint8Array {
  return codec.encode({
    headers: {
      ":message-type": { type: "string", value: "event" },
      ":event-type": { type: "string", value: event },
      ":content-type": { type: "string", value: contentType },
    },
    body,
  });
}
