import { randomBytes } from "node:crypto";

import { virtualHost } from "../http/foreign-request.ts";
import type { Reply } from "../http/reply.ts";
import type { StreamedRequest, StreamingService } from "../service.ts";
import { checkExpectedOwner } from "./bucket-operations.ts";
import { headerOf, type S3Call, type S3Context, type S3Reply } from "./call.ts";
import { addressOf } from "./names.ts";
import { operationOf } from "./operations.ts";
import { checkPresigned, presignedHeaders } from "./presigned.ts";
import { accessDenied, S3Error } from "./s3-error.ts";
import { writePlainXml } from "./xml.ts";

interface S3ServiceOptions extends S3Context {
  /** Told of errors that are the emulator's own. */
  readonly onError: (error: unknown) => void;
}

/** S3, as one of the services behind the AWS endpoint. */
export function s3Service({ store, onError }: S3ServiceOptions): StreamingService {
  return {
    scope: "s3",
    async answerStreamed(request) {
      const ids = newIds();
      const reply = await answered({ store }, request, ids).catch((error: unknown) => {
        if (error instanceof S3Error) return errorReply(error, { request, ids });
        if (!isGone(error)) onError(error);
        return errorReply(internalError(error), { request, ids });
      });
      return withCommonHeaders(reply, { request, ids });
    },
  };
}

/** Both are in the headers of an answer, and S3's support asks for them. */
interface Ids {
  readonly requestId: string;
  readonly hostId: string;
}

function newIds(): Ids {
  return {
    requestId: randomBytes(8).toString("hex").toUpperCase(),
    hostId: randomBytes(56).toString("base64"),
  };
}

async function answered(context: S3Context, request: StreamedRequest, ids: Ids): Promise<S3Reply> {
  checkSigned(request);
  checkPresigned(request.query, context.store.wallClock.epochMs());
  const call: S3Call = {
    ...request,
    headers: { ...presignedHeaders(request.query), ...request.headers },
    ...addressOf({ virtualBucket: virtualHost(request.headers.host), path: request.path }),
    ...ids,
    traceId: headerOf(request, "x-amzn-trace-id"),
  };
  checkExpectedOwner(call);
  return operationOf(call)(context, call);
}

/** Whether the client went away in the middle of its body. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

/** Nothing here is public. */
function checkSigned({ headers, query }: StreamedRequest): void {
  const isSigned =
    headers.authorization !== undefined ||
    query.has("X-Amz-Credential") ||
    query.has("AWSAccessKeyId");
  if (!isSigned) throw accessDenied();
}

function errorReply(
  { code, message, statusCode, details }: S3Error,
  { request, ids }: { request: StreamedRequest; ids: Ids },
): Reply {
  const body = writePlainXml("Error", {
    Code: code,
    Message: message,
    ...details,
    RequestId: ids.requestId,
    HostId: ids.hostId,
  });
  return {
    statusCode,
    headers: { "Content-Type": "application/xml" },
    // The answer to HEAD tells of an error by its status only.
    body: request.method === "HEAD" ? "" : body,
  };
}

function internalError(error: unknown): S3Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new S3Error("InternalError", {
    statusCode: 500,
    message: `We encountered an internal error. Please try again. The emulator failed: ${reason}`,
  });
}

function withCommonHeaders(
  reply: S3Reply,
  { request, ids }: { request: StreamedRequest; ids: Ids },
): S3Reply {
  const common = {
    "x-amz-request-id": ids.requestId,
    "x-amz-id-2": ids.hostId,
    Server: "AmazonS3",
    // A document that somebody has put here must not act as this endpoint in a browser.
    ...(headerOf(request, "sec-fetch-site") !== undefined && {
      "Content-Security-Policy": "sandbox",
      "X-Content-Type-Options": "nosniff",
    }),
  };
  return { ...reply, headers: { ...reply.headers, ...common } };
}
