import { LAMBDA_LIMITS, LIVE_ALIAS } from "@pilotlight/core";
import type { InvocationAnswer, InvocationEvent } from "@pilotlight/protocol";
import type { FunctionInvoker, InvokeOutcome } from "@pilotlight/router";

import { connectionFromEnvironment, send } from "./connection.ts";
import type { Connection, ServiceAnswer } from "./connection.ts";

/** The HTTP API ends a request at 30 s: waiting longer for an answer would serve nobody. */
const INVOKE_TIMEOUT_MS = 29_000;

/**
 * Invokes model functions through the Lambda API, always by the `live` alias.
 *
 * @param variables - Environment variables: region, credentials and endpoint as every SDK reads them.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html for the call and its errors.
 */
export function functionInvoker(
  variables: NodeJS.ProcessEnv,
  { timeoutMs }: { timeoutMs: number } = { timeoutMs: INVOKE_TIMEOUT_MS },
): FunctionInvoker {
  const connection = connectionFromEnvironment("lambda", variables);
  return {
    invoke: (functionName, event) => invoke(connection, { functionName, event, timeoutMs }),
  };
}

async function invoke(
  connection: Connection,
  {
    functionName,
    event,
    timeoutMs,
  }: { functionName: string; event: InvocationEvent; timeoutMs: number },
): Promise<InvokeOutcome> {
  const body = Buffer.from(JSON.stringify(event));
  const bytesMax = LAMBDA_LIMITS.invokeRequestBytesMax;
  if (body.length > bytesMax) return { kind: "too-large", bytes: body.length, bytesMax };
  try {
    const answer = await send(connection, {
      service: "lambda",
      method: "POST",
      path: `/2015-03-31/functions/${functionName}/invocations?Qualifier=${LIVE_ALIAS}`,
      headers: { "Content-Type": "application/json" },
      body,
      timeoutMs,
    });
    return outcomeOf(answer, body.length);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isTimeout = error.name === "AbortError" || error.name === "TimeoutError";
    if (isTimeout) return { kind: "timed-out", afterMs: timeoutMs };
    return { kind: "unreachable", cause: error.message };
  }
}

interface FunctionFailure {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

interface ServiceError {
  readonly message?: string;
  readonly Message?: string;
  readonly Reason?: string;
}

function outcomeOf({ statusCode, headers, body }: ServiceAnswer, bytes: number): InvokeOutcome {
  const value = parsed(body);
  if (statusCode === 200) {
    const functionError = headers["x-amz-function-error"];
    if (functionError === undefined) return answered(value);
    const { errorType = String(functionError), errorMessage = "no message" } =
      value as FunctionFailure;
    return { kind: "failed", errorType, errorMessage };
  }
  const { message, Message, Reason } = value as ServiceError;
  const text = message ?? Message ?? `status ${statusCode}`;
  if (statusCode === 429) return { kind: "throttled", reason: Reason ?? text };
  if (statusCode === 413) {
    return { kind: "too-large", bytes, bytesMax: LAMBDA_LIMITS.invokeRequestBytesMax };
  }
  const type = String(headers["x-amzn-errortype"] ?? statusCode).split(":", 1)[0];
  return { kind: "unreachable", cause: `${type}: ${text}` };
}

/** A function of ours always answers so; another one behind the same name does not. */
function answered(value: object): InvokeOutcome {
  const { statusCode, headers, body } = value as Partial<InvocationAnswer>;
  const isAnswer =
    typeof statusCode === "number" && typeof headers === "object" && typeof body === "string";
  if (isAnswer) return { kind: "answered", answer: value as InvocationAnswer };
  const errorMessage = "its answer has no statusCode, headers and body";
  return { kind: "failed", errorType: "Function.InvalidAnswer", errorMessage };
}

/** @returns An empty object for what is no JSON object, so that a strange answer is an error like any other. */
function parsed(body: Buffer): object {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
