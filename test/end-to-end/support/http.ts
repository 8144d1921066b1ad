import { Agent, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";

/** A request as it goes over the wire: fetch would add and forbid headers. */
export interface HttpQuestion {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** An answer as it came over the wire. */
export interface HttpAnswer {
  readonly statusCode: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const CONNECTIONS_MAX = 8;
const ANSWER_TIMEOUT_MS = 60_000;

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

/**
 * Sends one request; POST when it has a body.
 *
 * @throws Error when the connection is dropped, or nothing comes back for a minute.
 */
export async function send(url: string, question: HttpQuestion = {}): Promise<HttpAnswer> {
  const { body, headers = {}, method = body === undefined ? "GET" : "POST" } = question;
  return await new Promise((settle, fail) => {
    const outgoing = request(url, { method, headers, agent }, (incoming) => {
      buffer(incoming).then((bytes) => {
        settle({
          statusCode: incoming.statusCode ?? 0,
          headers: plainHeaders(incoming.headers),
          body: bytes,
        });
      }, fail);
    });
    outgoing.setTimeout(ANSWER_TIMEOUT_MS, () => {
      outgoing.destroy(new Error(`${method} ${url}: no answer in ${ANSWER_TIMEOUT_MS} ms`));
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

/** Sends a request whose answer is JSON. */
export async function sendForJson(
  url: string,
  question: HttpQuestion = {},
): Promise<HttpAnswer & { readonly json: unknown }> {
  const answer = await send(url, question);
  const text = answer.body.toString();
  try {
    return { ...answer, json: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new Error(`${url}: ${answer.statusCode}, not JSON: ${text.slice(0, 200)}`, { cause });
  }
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
}
