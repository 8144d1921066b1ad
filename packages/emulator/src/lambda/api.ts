import { LAMBDA_LIMITS } from "@pilotlight/core";

import {
  EVENT_SOURCE_ROUTES,
  type EventSourceContext,
} from "../event-source/mapping-operations.ts";
import type { FunctionUrls } from "../function-url/function-urls.ts";
import { FUNCTION_URL_ROUTES } from "../function-url/url-operations.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import type { StreamedReply } from "../http/streamed-reply.ts";
import type { ServiceRequest } from "../service.ts";
import {
  createAlias,
  deleteAlias,
  getAlias,
  listAliases,
  updateAlias,
} from "./alias-operations.ts";
import { calledFunction, type Call } from "./api-request.ts";
import {
  EVENT_INVOKE_ROUTES,
  type EventInvokeContext,
} from "./asynchronous/event-invoke-operations.ts";
import { notEmulated } from "./aws-error.ts";
import {
  PROVISIONED_ROUTES,
  type ProvisionedContext,
} from "./concurrency/provisioned-operations.ts";
import { RESERVED_ROUTES } from "./concurrency/reserved-operations.ts";
import {
  createFunction,
  deleteFunction,
  type FunctionContext,
  getFunction,
  getFunctionConfiguration,
  listFunctions,
  listVersionsByFunction,
  publishVersion,
  updateFunctionCode,
  updateFunctionConfiguration,
} from "./function-operations.ts";
import type { Invoker } from "./invoke.ts";
import { KEPT_ROUTES } from "./kept-operations.ts";
import { LAYER_ROUTES } from "./layers/layer-operations.ts";
import { PERMISSION_ROUTES } from "./permissions/permission-operations.ts";
import { matches, type Route, route } from "./route.ts";
import { STREAMING_ROUTES } from "./streaming/invoke-with-response-stream.ts";
import { TAG_ROUTES } from "./tags/tag-operations.ts";

/** What the Lambda API works with. */
export interface LambdaContext
  extends FunctionContext, EventInvokeContext, EventSourceContext, ProvisionedContext {
  readonly invoker: Invoker;
  readonly urls: FunctionUrls;
}

/** Paths and methods are those of the service model, https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
const ROUTES: readonly Route<LambdaContext>[] = [
  // The first one is by far the most frequent.
  route("POST /2015-03-31/functions/*/invocations", "Invoke", invoke),
  route("POST /2015-03-31/functions", "CreateFunction", createFunction),
  route("GET /2015-03-31/functions", "ListFunctions", listFunctions),
  route("GET /2015-03-31/functions/*", "GetFunction", getFunction),
  route("DELETE /2015-03-31/functions/*", "DeleteFunction", deleteFunction),
  route(
    "GET /2015-03-31/functions/*/configuration",
    "GetFunctionConfiguration",
    getFunctionConfiguration,
  ),
  route(
    "PUT /2015-03-31/functions/*/configuration",
    "UpdateFunctionConfiguration",
    updateFunctionConfiguration,
  ),
  route("PUT /2015-03-31/functions/*/code", "UpdateFunctionCode", updateFunctionCode),
  route("POST /2015-03-31/functions/*/versions", "PublishVersion", publishVersion),
  route("GET /2015-03-31/functions/*/versions", "ListVersionsByFunction", listVersionsByFunction),
  route("POST /2015-03-31/functions/*/aliases", "CreateAlias", createAlias),
  route("GET /2015-03-31/functions/*/aliases", "ListAliases", listAliases),
  route("GET /2015-03-31/functions/*/aliases/*", "GetAlias", getAlias),
  route("PUT /2015-03-31/functions/*/aliases/*", "UpdateAlias", updateAlias),
  route("DELETE /2015-03-31/functions/*/aliases/*", "DeleteAlias", deleteAlias),
  ...RESERVED_ROUTES,
  ...PROVISIONED_ROUTES,
  ...EVENT_INVOKE_ROUTES,
  ...EVENT_SOURCE_ROUTES,
  ...STREAMING_ROUTES,
  ...FUNCTION_URL_ROUTES,
  ...PERMISSION_ROUTES,
  ...TAG_ROUTES,
  ...LAYER_ROUTES,
  ...KEPT_ROUTES,
  route("POST /2014-11-13/functions/*/invoke-async", "InvokeAsync", invokeAsync),
  route("GET /2016-08-19/account-settings", "GetAccountSettings", getAccountSettings),
];

/** Largest body of the operations that carry code: the recorded error of CreateFunction names it. */
const CODE_REQUEST_BYTES_MAX = 70_167_211;

/** Largest body that the request at `path` may have, and the operation's name in the error. */
export function bodyLimit(path: string): { bytesMax: number; operation: string } {
  if (path.endsWith("/invocations") || path.endsWith("/response-streaming-invocations")) {
    return { bytesMax: LAMBDA_LIMITS.invokeRequestBytesMax, operation: "InvokeFunction" };
  }
  const operation = path.endsWith("/code") ? "UpdateFunctionCode" : "CreateFunction";
  return { bytesMax: CODE_REQUEST_BYTES_MAX, operation };
}

/**
 * Answers a request to the Lambda API.
 *
 * @throws AwsError for every error of the API; 501 for an operation that the emulator does not have.
 */
export async function answerLambda(
  context: LambdaContext,
  request: ServiceRequest,
): Promise<Reply | StreamedReply> {
  const segments = request.path.split("/");
  for (const candidate of ROUTES) {
    if (!matches(candidate, { method: request.method, segments })) continue;
    const parameters = segments
      .filter((_, index) => candidate.segments[index] === "*")
      .map(percentDecoded);
    return candidate.run(context, { ...request, operation: candidate.operation, parameters });
  }
  const known = ROUTES.map(({ operation }) => operation).join(", ");
  throw notEmulated(
    `${request.method} ${request.path} is no operation of Lambda that this emulator has; it has ${known}.`,
  );
}

/** A path with a broken escape names nothing that exists, so that it may stay as it is. */
function percentDecoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function invoke({ invoker }: LambdaContext, call: Call): Promise<Reply> {
  return invoker.invoke({
    reference: calledFunction(call),
    headers: call.headers,
    body: call.body,
  });
}

/** The older operation for asynchronous events. */
async function invokeAsync({ invoker }: LambdaContext, call: Call): Promise<Reply> {
  const headers = { ...call.headers, "x-amz-invocation-type": "Event" };
  const { headers: answered } = await invoker.invoke({
    reference: calledFunction(call),
    headers,
    body: call.body,
  });
  const requestId = String(answered["x-amzn-RequestId"]);
  return jsonReply(202, { Status: 202 }, { "x-amzn-RequestId": requestId });
}

function getAccountSettings({ store, ledger }: LambdaContext): Reply {
  const codes = new Map(
    store
      .list()
      .flatMap((record) => [record.latest, ...record.versions.values()])
      .map(({ code }) => [code.directory, code.sizeBytes]),
  );
  return jsonReply(200, {
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: LAMBDA_LIMITS.unzippedBytesMax,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: ledger.concurrencyMax,
      UnreservedConcurrentExecutions: ledger.unreserved,
    },
    AccountUsage: {
      TotalCodeSize: [...codes.values()].reduce((sum, bytes) => sum + bytes, 0),
      FunctionCount: store.list().length,
    },
  });
}
