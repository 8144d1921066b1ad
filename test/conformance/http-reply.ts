/** An answer over HTTP, read to its end. */
export interface HttpReply {
  readonly status: number;
  /** Names in lower case; one that comes twice is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body parsed, or `undefined` when it is not JSON. */
  readonly json: unknown;
}

export interface HttpRequest {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  readonly signal?: AbortSignal;
}

/** Makes one HTTP call and reads its answer. */
export async function httpCall(url: string, request: HttpRequest): Promise<HttpReply> {
  const { method, headers = {}, body, signal } = request;
  const response = await fetch(url, {
    method,
    headers: { ...headers },
    redirect: "manual",
    ...(body !== undefined && { body: typeof body === "string" ? body : new Uint8Array(body) }),
    ...(signal !== undefined && { signal }),
  });
  return httpReply({
    status: response.status,
    headers: { ...Object.fromEntries(response.headers), ...cookiesOf(response.headers) },
    text: await response.text(),
  });
}

/** The reply with its body parsed. */
export function httpReply(reply: Omit<HttpReply, "json">): HttpReply {
  return { ...reply, json: parsed(reply.text) };
}

/** Cookies are the one header whose lines are not joined by whoever reads them. */
function cookiesOf(headers: Headers): { readonly "set-cookie"?: string } {
  const cookies = headers.getSetCookie();
  return cookies.length === 0 ? {} : { "set-cookie": cookies.join(", ") };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not every body is JSON; whoever compares has the text.
    return undefined;
  }
}
