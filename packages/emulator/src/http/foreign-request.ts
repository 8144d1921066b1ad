import type { IncomingMessage } from "node:http";

/** The names of this machine; a page that rebinds a name of its own to 127.0.0.1 sends that name. */
const LOCAL_HOST_PATTERN = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

/**
 * A name below this machine's own: `bucket.localhost`. The domain is reserved and nobody can register a name in it,
 * so that no foreign page has one.
 *
 * @see RFC 6761, section 6.3.
 */
const VIRTUAL_HOST_PATTERN = /^([a-z0-9][a-z0-9._-]*)\.localhost(?::\d+)?$/i;

/** What browsers say of a request that no other site has caused. */
const OWN_SITES: ReadonlySet<unknown> = new Set([undefined, "none", "same-origin"]);

/**
 * Why a request is refused for the host that it names; `undefined` when it is this machine.
 *
 * A server on the loopback interface is open to every page in the developer's browser: by DNS
 * rebinding such a page even becomes of the same origin. HTTP/1.0 has no Host, and browsers do not
 * speak it.
 *
 * @see RFC 9110, section 7.2, for Host.
 */
export function hostRefusal({ headers }: IncomingMessage): string | undefined {
  const { host } = headers;
  if (host === undefined || LOCAL_HOST_PATTERN.test(host)) return undefined;
  if (virtualHost(host) !== undefined) return undefined;
  return `The request names the host "${host}"; this server answers as 127.0.0.1, localhost and [::1] only, so that no web page reaches it under a name of its own: send the request to one of these`;
}

/** What stands before `.localhost` in the host that a request names; `undefined` for any other host. */
export function virtualHost(host: string | undefined): string | undefined {
  return VIRTUAL_HOST_PATTERN.exec(host ?? "")?.[1];
}

/**
 * Why a request is refused as one of a web page; `undefined` when it is none.
 *
 * Browsers send Origin with every POST, also with those that need no permission of the server, and
 * Sec-Fetch-Site with every request to a loopback address. SDKs and command lines send neither.
 *
 * @see https://fetch.spec.whatwg.org/#origin-header and https://www.w3.org/TR/fetch-metadata/
 */
export function pageRefusal({ headers }: IncomingMessage): string | undefined {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (origin === undefined && OWN_SITES.has(site)) return undefined;
  const got = origin === undefined ? `Sec-Fetch-Site: ${String(site)}` : `Origin: ${origin}`;
  return `The request comes from a web page (${got}); this endpoint can run code on this machine and answers AWS clients only: call it from an SDK or a command line, or give the page a route of the HTTP API`;
}
