import { formatMs } from "@pilotlight/core";

/** What the HTTP API front tells of an answered request. */
export interface AnsweredRequest {
  readonly method: string;
  /** With the query, as it was sent. */
  readonly path: string;
  readonly statusCode: number;
  readonly durationMs: number;
  /** Response headers, names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
}

const MODEL_PATH = /^\/(?:v2\/models|predict)\/([^/]+)/;

/** The model that a request's path names, decoded, or an empty text; the query counts for nothing. */
export function modelOfPath(path: string): string {
  return decoded(MODEL_PATH.exec(withoutQuery(path))?.[1] ?? "");
}

function withoutQuery(path: string): string {
  return path.split("?", 1)[0] ?? "";
}

/** Undoes percent-encoding; a text that is badly encoded, or hides control characters, stays as it is. */
function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    return /\p{Cc}/u.test(plain) ? text : plain;
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Whether an answer came from the first invocation of its environment; undefined when no model was asked. */
export function coldnessOf(request: AnsweredRequest): "cold" | "warm" | undefined {
  const cold = request.headers["x-pilotlight-cold"];
  if (cold === undefined) return undefined;
  return cold === "true" ? "cold" : "warm";
}

/** One line of the request log: model (or path), status, time, cold or warm. */
export function requestLine(request: AnsweredRequest): string {
  const subject = modelOfPath(request.path) || decoded(withoutQuery(request.path));
  const parts = [
    request.method.padEnd(4),
    subject.padEnd(16),
    String(request.statusCode),
    formatMs(request.durationMs).padStart(9),
    coldnessOf(request) ?? "",
  ];
  return parts.join("  ").trimEnd();
}
