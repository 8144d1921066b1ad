import { validateHeaderName, validateHeaderValue } from "node:http";

import type { Reply } from "../http/reply.ts";

const JSON_TYPE = "application/json";

/**
 * What an HTTP API calls a body that its function has given no type.
 *
 * @see aws-lambda-dotnet, Tools/LambdaTestTool-v2, ApiGatewayResponseExtensions.cs, read 2026-11-25.
 */
const TEXT_TYPE = "text/plain;charset=UTF-8";

/** What an HTTP API answers when its function fails or returns something that is no response. */
export const INTERNAL_ERROR = errorBody(500, "Internal Server Error");

/** What it answers when the function is throttled or takes longer than the integration timeout. */
export const UNAVAILABLE = errorBody(503, "Service Unavailable");

/** Set by the server itself, from the body that is really sent. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
]);

/**
 * What a function's result becomes as an HTTP response: payload format 2.0.
 *
 * A JSON object with `statusCode` is a response; any other JSON value is the body of a 200. Whatever does not
 * fit is a 500, as a function error is.
 *
 * @param payload - The function's result, JSON in UTF-8.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function httpApiResponse(payload: Uint8Array): Reply {
  const result = parsed(payload);
  if (result === undefined) return INTERNAL_ERROR;
  const { value } = result;
  if (isObject(value) && value["statusCode"] !== undefined) {
    return structuredReply(value, TEXT_TYPE) ?? INTERNAL_ERROR;
  }
  return {
    statusCode: 200,
    headers: { "Content-Type": JSON_TYPE },
    body: typeof value === "string" ? value : payload,
  };
}

/** Status and headers of a response. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly headers: Record<string, string | string[]>;
}

/**
 * Status and headers that a function's result asks for; `undefined` where they cannot be sent.
 *
 * @param contentType - Of a result that names none.
 */
export function responseHead(
  result: Readonly<Record<string, unknown>>,
  contentType: string,
): ResponseHead | undefined {
  const statusCode = statusOf(result["statusCode"]);
  const given = result["headers"] ?? {};
  const headers = headersOf(given, { cookies: result["cookies"] ?? [], contentType });
  return statusCode === undefined || headers === undefined ? undefined : { statusCode, headers };
}

/**
 * A response in payload format 2.0; `undefined` where it cannot be sent.
 *
 * @param contentType - Of a result that names none.
 */
export function structuredReply(
  result: Readonly<Record<string, unknown>>,
  contentType: string,
): Reply | undefined {
  const head = responseHead(result, contentType);
  const body = bodyOf(result["body"] ?? "", result["isBase64Encoded"] ?? false);
  return head === undefined || body === undefined ? undefined : { ...head, body };
}

/** A number, or a string of digits, of a final status. */
function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  if (typeof status !== "number" || !Number.isInteger(status)) return undefined;
  return status >= 200 && status <= 599 ? status : undefined;
}

function headersOf(
  given: unknown,
  { cookies, contentType }: { cookies: unknown; contentType: string },
): Record<string, string | string[]> | undefined {
  if (!isObject(given) || !Array.isArray(cookies)) return undefined;
  const headers: Record<string, string | string[]> = {};
  const cookieLines: string[] = [];
  let hasContentType = false;
  for (const [name, value] of Object.entries(given)) {
    const text = headerText(name, value);
    if (text === undefined) return undefined;
    const lowerName = name.toLowerCase();
    if (OWN_HEADERS.has(lowerName)) continue;
    hasContentType ||= lowerName === "content-type";
    if (lowerName === "set-cookie") cookieLines.push(text);
    else headers[name] = text;
  }
  if (!hasContentType) headers["Content-Type"] = contentType;
  for (const cookie of cookies as unknown[]) {
    const line = headerText("set-cookie", cookie);
    if (line === undefined) return undefined;
    cookieLines.push(line);
  }
  if (cookieLines.length > 0) headers["set-cookie"] = cookieLines;
  return headers;
}

/** The value as text; `undefined` where it cannot stand in a header. */
function headerText(name: string, value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    return undefined;
  }
  try {
    validateHeaderName(name);
    validateHeaderValue(name, String(value));
    return String(value);
  } catch {
    // The caller answers 500, as AWS does for a response that it cannot send.
    return undefined;
  }
}

function bodyOf(body: unknown, isBase64Encoded: unknown): string | Buffer | undefined {
  if (typeof body !== "string") return undefined;
  return isBase64Encoded === true ? Buffer.from(body, "base64") : body;
}

/** The payload as JSON; `undefined` where it is none. */
export function parsed(payload: Uint8Array): { value: unknown } | undefined {
  try {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    return { value: JSON.parse(bytes.toString("utf8")) };
  } catch {
    return undefined;
  }
}

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function errorBody(statusCode: number, message: string): Reply {
  return {
    statusCode,
    headers: { "Content-Type": JSON_TYPE },
    body: JSON.stringify({ message }),
  };
}
