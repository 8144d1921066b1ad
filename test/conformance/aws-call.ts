import { invariant } from "@pilotlight/core";

import { bytesOf } from "./constructed.ts";
import { httpCall, type HttpReply } from "./http-reply.ts";

/** One call of an AWS API, its parameters as in the service model. */
export interface AwsCall {
  /** The scope that the call is signed for. @default "lambda" */
  readonly service?: string;
  readonly api: string;
  readonly method: string;
  /** `/2015-03-31/functions/{FunctionName}`: what stands in braces is a parameter. */
  readonly uri: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** HTTP method and URI of the operations that the runner calls on its own. */
const OPERATIONS = {
  CreateFunction: { method: "POST", uri: "/2015-03-31/functions" },
  DeleteFunction: { method: "DELETE", uri: "/2015-03-31/functions/{FunctionName}" },
  GetFunction: { method: "GET", uri: "/2015-03-31/functions/{FunctionName}" },
  Invoke: { method: "POST", uri: "/2015-03-31/functions/{FunctionName}/invocations" },
  UpdateFunctionConfiguration: {
    method: "PUT",
    uri: "/2015-03-31/functions/{FunctionName}/configuration",
  },
} as const;

/** Parameters of Invoke that travel in headers; the payload is the body itself. */
const INVOKE_HEADERS: Readonly<Record<string, string>> = {
  InvocationType: "X-Amz-Invocation-Type",
  LogType: "X-Amz-Log-Type",
  ClientContext: "X-Amz-Client-Context",
};

/** Parameters that are in the query whatever the method. */
const QUERY_MEMBERS: ReadonlySet<string> = new Set(["Qualifier"]);

/** The service is chosen by the scope of the signature; the signature itself is not checked. */
const authorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

/** A call of one of the operations that the runner knows by name. */
export function operation(
  api: keyof typeof OPERATIONS,
  params: Readonly<Record<string, unknown>>,
): AwsCall {
  return { api, params, ...OPERATIONS[api] };
}

/** Calls an API of the emulator as an SDK would. */
export function callAws(awsUrl: string, call: AwsCall): Promise<HttpReply> {
  const { path, headers, body } = awsRequest(call);
  return httpCall(awsUrl + path, {
    method: call.method,
    headers: { ...headers, Authorization: authorization(call.service ?? "lambda") },
    body,
  });
}

interface AwsRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string | undefined;
}

/**
 * Puts the parameters where the service model has them: URI, query, headers or body.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
 */
export function awsRequest({ service, api, method, uri, params }: AwsCall): AwsRequest {
  const target = TARGETS[service ?? ""];
  if (target !== undefined) return targetRequest(target, { api, params });
  const rest = new Map(Object.entries(params));
  const path = uri.replaceAll(/\{(\w+)\+?\}/g, (_braced, name: string) => {
    const value = rest.get(name);
    invariant(typeof value === "string", `${api} needs the parameter ${name} in its URI`);
    rest.delete(name);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of rest) {
    if (!QUERY_MEMBERS.has(name) && method !== "GET" && method !== "DELETE") continue;
    query.set(name, String(value));
    rest.delete(name);
  }
  const search = query.size === 0 ? "" : `?${query.toString()}`;
  if (api === "PutObject") return { path, headers: {}, body: bytesOf(rest.get("Body")) };
  return { path: path + search, ...(api === "Invoke" ? invokeParts(rest) : jsonParts(rest)) };
}

interface Target {
  readonly prefix: string;
  readonly version: string;
}

/** Services with one address for all operations, which a header names: AWS JSON. */
const TARGETS: Readonly<Record<string, Target>> = {
  sqs: { prefix: "AmazonSQS", version: "1.0" },
  events: { prefix: "AWSEvents", version: "1.1" },
};

function targetRequest(
  { prefix, version }: Target,
  { api, params }: Pick<AwsCall, "api" | "params">,
): AwsRequest {
  const headers = {
    "Content-Type": `application/x-amz-json-${version}`,
    "X-Amz-Target": `${prefix}.${api}`,
  };
  return { path: "/", headers, body: JSON.stringify(params) };
}

type Parts = Omit<AwsRequest, "path">;

function invokeParts(params: ReadonlyMap<string, unknown>): Parts {
  const headers: Record<string, string> = {};
  for (const [name, value] of params) {
    if (name === "Payload") continue;
    const header = INVOKE_HEADERS[name];
    invariant(header !== undefined, `the runner does not know where Invoke has ${name}`);
    headers[header] = String(value);
  }
  const payload = params.get("Payload");
  return { headers, body: payload === undefined ? undefined : bytesOf(payload) };
}

function jsonParts(params: ReadonlyMap<string, unknown>): Parts {
  if (params.size === 0) return { headers: {}, body: undefined };
  const body = JSON.stringify(Object.fromEntries(params));
  return { headers: { "Content-Type": "application/json" }, body };
}
