import type { IncomingHttpHeaders } from "node:http";

import type { Reply } from "./http/reply.ts";
import type { StreamedReply } from "./http/streamed-reply.ts";

/** One request to an AWS service, its body read. */
export interface ServiceRequest {
  readonly method: string;
  /** Without the query; percent-encoded as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** Aborted when the client's connection ends before the answer: whoever waits need wait no longer. */
  readonly signal?: AbortSignal;
}

/**
 * An emulated AWS service behind the address that all of them share.
 *
 * Most answer whole replies; `Answer` is wider where a service also answers in parts.
 */
export interface AwsService<Answer extends Reply | StreamedReply = Reply> {
  /** Its name in the scope of a Signature Version 4 credential: `lambda`, `sqs`. */
  readonly scope: string;
  /** The largest body that a request of this method and path may have, bytes. */
  bodyBytesMax(request: { readonly method: string; readonly path: string }): number;
  /** The service's own answer to a body that is larger. */
  tooLarge(request: { readonly method: string; readonly path: string }): Reply;
  /** Answers a request; a service's own errors are replies. */
  answer(request: ServiceRequest): Promise<Answer>;
}

/** A request whose body the service reads itself; what it leaves of it is thrown away. */
export interface StreamedRequest extends Omit<ServiceRequest, "body"> {
  readonly body: AsyncIterable<Uint8Array>;
}

/** A service whose bodies are larger than memory should hold. */
export interface StreamingService {
  readonly scope: string;
  /** Answers a request; limits on its body, and all errors, are the service's own replies. */
  answerStreamed(request: StreamedRequest): Promise<Reply | StreamedReply>;
}
