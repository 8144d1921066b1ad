import type { Reply } from "../http/reply.ts";
import type { StreamedReply } from "../http/streamed-reply.ts";
import type { Call } from "./api-request.ts";

/** One operation of the Lambda API: where it is and what answers it. */
export interface Route<Context> {
  readonly method: string;
  /** Segments of the path; `*` takes any one. */
  readonly segments: readonly string[];
  readonly operation: string;
  readonly run: (context: Context, call: Call) => Reply | Promise<Reply | StreamedReply>;
}

/** @param pattern - Method and path, `PUT /2017-10-31/functions/*` + `/concurrency`. */
export function route<Context>(
  pattern: string,
  operation: string,
  run: Route<Context>["run"],
): Route<Context> {
  const [method = "", path = ""] = pattern.split(" ");
  return { method, segments: path.split("/"), operation, run };
}

/** Whether a request goes to the route; a `/` at the end of the path makes no difference. */
export function matches<Context>(
  candidate: Route<Context>,
  { method, segments }: { method: string; segments: readonly string[] },
): boolean {
  const length = segments.at(-1) === "" ? segments.length - 1 : segments.length;
  if (candidate.method !== method || withoutSlash(candidate.segments) !== length) return false;
  return candidate.segments
    .slice(0, length)
    .every((segment, index) => segment === "*" || segment === segments[index]);
}

/** The service model ends some paths with a slash: `/2015-03-31/event-source-mappings/`. */
function withoutSlash(segments: readonly string[]): number {
  return segments.at(-1) === "" ? segments.length - 1 : segments.length;
}
