import { isAscii, isUtf8 } from "node:buffer";

import { ACCOUNT_ID } from "../lambda/names.ts";

/** Id of the one API; in AWS it is ten random characters. */
const API_ID = "pilotlight";

/** What a front door says of itself in the events that it makes. */
export interface FrontDoor {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly domainPrefix: string;
  /** Who is calling, where the door asks for it. */
  readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
  /** Headers that the door adds to the caller's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the event tells the length of a body that is not there. */
  readonly tellsEmptyLength: boolean;
  /** Whether the event has the path decoded. */
  readonly decodesPath: boolean;
}

/** What the front knows of one HTTP request. */
export interface HttpRequest {
  readonly method: string;
  /** As on the request line, with the query. */
  readonly url: string;
  /** Name and value in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly port: number;
  readonly requestId: string;
  readonly traceId: string;
  readonly receivedEpochMs: number;
}

/** Headers that concern one connection only, and so are not passed on. */
const HOP_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Beside `text/*`; forms are not among them.
 *
 * @see https://github.com/ministackorg/ministack/pull/766, which tried it on AWS; read 2026-11-25.
 */
const TEXT_TYPES: ReadonlySet<string> = new Set([
  "application/json",
  "application/xml",
  "application/javascript",
]);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

interface SplitHeaders {
  readonly headers: Record<string, string>;
  readonly cookies: readonly string[];
}

/**
 * The event that an HTTP API passes to its function, as the bytes of its JSON: payload format 2.0.
 *
 * The body is written straight into the JSON text, so that a large one is not copied once more than needed. The
 * path comes decoded, `%2F` too, where a function URL has it as it was sent: AWS's own test tool for .NET
 * (aws-lambda-dotnet, LambdaTestTool-v2) was held to that.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpApiEvent(request: HttpRequest): Buffer {
  return payloadEvent(request, (host) => {
    const domainName = host.replace(/:\d+$/, "");
    return {
      accountId: ACCOUNT_ID,
      apiId: API_ID,
      domainName,
      domainPrefix: domainName.split(".", 1)[0] ?? "",
      tellsEmptyLength: true,
      decodesPath: true,
    };
  });
}

/**
 * An event in payload format 2.0, which function URLs have too.
 *
 * @param doorAt - The front door, as the host that the request names makes it.
 */
export function payloadEvent(request: HttpRequest, doorAt: (host: string) => FrontDoor): Buffer {
  const { headers, cookies } = splitHeaders(request.rawHeaders);
  const door = doorAt(headers["host"] ?? "");
  addForwardingHeaders(headers, request);
  Object.assign(headers, door.headers);
  if (door.tellsEmptyLength || request.body.byteLength > 0) {
    headers["content-length"] ??= String(request.body.byteLength);
  }
  const queryStart = request.url.indexOf("?");
  const sentPath = queryStart < 0 ? request.url : request.url.slice(0, queryStart);
  const path = door.decodesPath ? decodedPath(sentPath) : sentPath;
  const query = queryStart < 0 ? "" : request.url.slice(queryStart + 1);
  const parameters = queryParameters(query);
  const members = JSON.stringify({
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: requestContext(request, { door, headers, path }),
  });
  return withBody(members, { body: request.body, isText: isTextBody(headers, request.body) });
}

/**
 * Whether a body is passed on as text; any other is passed as base64.
 *
 * @param headers - Names in lower case.
 */
export function isTextBody(headers: Readonly<Record<string, string>>, body: Uint8Array): boolean {
  if (headers["content-encoding"] !== undefined) return false;
  const contentType = headers["content-type"] ?? "";
  const end = contentType.indexOf(";");
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  const isText =
    type.startsWith("text/") || TEXT_TYPES.has(type) || /^application\/[^/]+\+json$/.test(type);
  return isText && isUtf8(body);
}

/** Lower-case names, repeated values joined by a comma, cookies apart. */
function splitHeaders(rawHeaders: readonly string[]): SplitHeaders {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    if (name === "cookie") cookies.push(...value.split(";").map((cookie) => cookie.trim()));
    else if (!HOP_HEADERS.has(name)) setHeader(headers, { name, value });
  }
  return { headers, cookies: cookies.filter((cookie) => cookie !== "") };
}

/** Decoded names and values, the values of one name joined by a comma; `undefined` without a query. */
export function queryParameters(query: string): Record<string, string> | undefined {
  if (query === "") return undefined;
  const parameters: Record<string, string> = {};
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = formDecoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : formDecoded(pair.slice(equals + 1));
    setHeader(parameters, { name, value });
  }
  return parameters;
}

/** `12/Mar/2020:19:03:58 +0000`, the time format of access logs, UTC. */
export function accessLogTime(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `${day}:${time} +0000`;
}

/** A request may name anything, so that `__proto__` must become a member like any other. */
function setHeader(
  target: Record<string, string>,
  { name, value }: { name: string; value: string },
): void {
  const joined = Object.hasOwn(target, name) ? `${target[name]},${value}` : value;
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value: joined, enumerable: true, configurable: true });
  } else {
    target[name] = joined;
  }
}

function addForwardingHeaders(headers: Record<string, string>, request: HttpRequest): void {
  const earlier = headers["x-forwarded-for"];
  headers["x-forwarded-for"] =
    earlier === undefined ? request.sourceIp : `${earlier}, ${request.sourceIp}`;
  headers["x-forwarded-port"] = String(request.port);
  headers["x-forwarded-proto"] = "http";
  headers["x-amzn-trace-id"] = request.traceId;
}

function requestContext(
  request: HttpRequest,
  {
    door,
    headers,
    path,
  }: { door: FrontDoor; headers: Readonly<Record<string, string>>; path: string },
): Record<string, unknown> {
  return {
    accountId: door.accountId,
    apiId: door.apiId,
    ...(door.authorizer === undefined ? {} : { authorizer: door.authorizer }),
    domainName: door.domainName,
    domainPrefix: door.domainPrefix,
    http: {
      method: request.method,
      path,
      protocol: "HTTP/1.1",
      sourceIp: request.sourceIp,
      userAgent: headers["user-agent"] ?? "",
    },
    requestId: request.requestId,
    routeKey: "$default",
    stage: "$default",
    time: accessLogTime(request.receivedEpochMs),
    timeEpoch: request.receivedEpochMs,
  };
}

/** @param members - JSON of an object, to which `body` and `isBase64Encoded` are added. */
function withBody(members: string, { body, isText }: { body: Buffer; isText: boolean }): Buffer {
  const head = members.slice(0, -1);
  if (body.byteLength === 0) return Buffer.from(`${head},"isBase64Encoded":false}`);
  if (isText) {
    const text = JSON.stringify(body.toString(isAscii(body) ? "latin1" : "utf8"));
    return Buffer.from(`${head},"body":${text},"isBase64Encoded":false}`);
  }
  // Base64 needs no escapes, so that it goes into the buffer as it is.
  const before = Buffer.from(`${head},"body":"`);
  const after = `","isBase64Encoded":true}`;
  const base64Bytes = Math.ceil(body.byteLength / 3) * 4;
  const event = Buffer.allocUnsafe(before.byteLength + base64Bytes + after.length);
  before.copy(event);
  event.write(body.toString("base64"), before.byteLength, "latin1");
  event.write(after, before.byteLength + base64Bytes, "latin1");
  return event;
}

function formDecoded(text: string): string {
  return decodedPath(text.replaceAll("+", " "));
}

/** A broken escape is passed through, as recorded for the paths of function URLs. */
function decodedPath(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
