import { InvokeCommand, LambdaClient, LambdaServiceException } from "@aws-sdk/client-lambda";
import type { InvokeCommandOutput } from "@aws-sdk/client-lambda";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import { LAMBDA_LIMITS, LIVE_ALIAS } from "@pilotlight/core";
import type { InvocationAnswer, InvocationEvent } from "@pilotlight/protocol";
import type { FunctionInvoker, InvokeOutcome } from "@pilotlight/router";

/** One repeat hides a dropped connection; more would answer after every budget has run out. */
const ATTEMPTS_MAX = 2;

/** A route environment carries one request; hedging will need a second connection. */
const SOCKETS_MAX = 4;

/**
 * Invokes model functions through the Lambda API, always by the `live` alias.
 *
 * Region, credentials and endpoint come from the environment, as in every SDK client.
 */
export function functionInvoker(): FunctionInvoker {
  const client = new LambdaClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: new NodeHttpHandler({
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    }),
  });
  return { invoke: (functionName, event) => invoke(client, functionName, event) };
}

async function invoke(
  client: LambdaClient,
  functionName: string,
  event: InvocationEvent,
): Promise<InvokeOutcome> {
  const payload = Buffer.from(JSON.stringify(event));
  const bytesMax = LAMBDA_LIMITS.invokeRequestBytesMax;
  if (payload.length > bytesMax) return { kind: "too-large", bytes: payload.length, bytesMax };
  try {
    const command = new InvokeCommand({
      FunctionName: functionName,
      Qualifier: LIVE_ALIAS,
      Payload: payload,
    });
    return outcomeOf(await client.send(command));
  } catch (error) {
    return refusalOf(error, payload.length);
  }
}

function outcomeOf({ FunctionError, Payload }: InvokeCommandOutput): InvokeOutcome {
  const value: unknown = JSON.parse(Payload?.transformToString() ?? "null");
  if (FunctionError === undefined) return { kind: "answered", answer: value as InvocationAnswer };
  const failure = (value ?? {}) as { errorType?: string; errorMessage?: string };
  return {
    kind: "failed",
    errorType: failure.errorType ?? FunctionError,
    errorMessage: failure.errorMessage ?? "no message",
  };
}

function refusalOf(error: unknown, bytes: number): InvokeOutcome {
  if (!(error instanceof LambdaServiceException)) {
    return { kind: "unreachable", cause: error instanceof Error ? error.message : String(error) };
  }
  if (error.name === "TooManyRequestsException") {
    const reason: unknown = Reflect.get(error, "Reason");
    return { kind: "throttled", reason: typeof reason === "string" ? reason : error.message };
  }
  if (error.name === "RequestTooLargeException" || error.$metadata.httpStatusCode === 413) {
    return { kind: "too-large", bytes, bytesMax: LAMBDA_LIMITS.invokeRequestBytesMax };
  }
  return { kind: "unreachable", cause: `${error.name}: ${error.message}` };
}
