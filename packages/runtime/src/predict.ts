import { validateHeaderName, validateHeaderValue } from "node:http";

import { isPilotlightError, PilotlightError } from "@pilotlight/core";
import { encodeError, tensorFromHandler } from "@pilotlight/protocol";
import type { InvocationAnswer, ModelSignature, Tensor } from "@pilotlight/protocol";

import type { Handler, HandlerRequest, HandlerResponse } from "./handler.ts";
import type { Model } from "./model.ts";

/**
 * Runs a user's handler around the model.
 *
 * @returns The handler's answer; an error that it threw with a `statusCode` from 400 to 499 is an answer too.
 * @throws PilotlightError ERR_HANDLER_INVALID when preprocess gives no tensors for the model's inputs,
 *   ERR_HANDLER_FAILED when the handler throws anything else.
 */
export async function predict(
  request: HandlerRequest,
  { model, handler }: { model: Model; handler: Handler },
): Promise<InvocationAnswer> {
  try {
    const made = await handler.preprocess(request);
    const inputs = inputsFromHandler(made, model.signature);
    const names = model.signature.outputs.map((output) => output.name);
    const outputs = await model.run(inputs, names);
    const byName = Object.fromEntries(outputs.map((output) => [output.name, output]));
    return answerFromHandler(await handler.postprocess(byName, request));
  } catch (error) {
    if (isPilotlightError(error)) throw error;
    return refusalFromHandler(error);
  }
}

function inputsFromHandler(made: unknown, signature: ModelSignature): readonly Tensor[] {
  if (typeof made !== "object" || made === null) {
    throw handlerInvalid(
      `preprocess returned ${made === null ? "null" : `a ${typeof made}`}`,
      signature,
    );
  }
  const surplus = Object.keys(made).find(
    (name) => !signature.inputs.some((input) => input.name === name),
  );
  if (surplus !== undefined) throw handlerInvalid(`preprocess returned "${surplus}"`, signature);
  return signature.inputs.map((input) => {
    const value: unknown = Reflect.get(made, input.name);
    if (value === undefined)
      throw handlerInvalid(`preprocess returned no "${input.name}"`, signature);
    return tensorFromHandler(input, value);
  });
}

function handlerInvalid(fault: string, signature: ModelSignature): PilotlightError {
  const accepted = signature.inputs
    .map((input) => `${input.name} (${input.datatype} [${input.shape.join(", ")}])`)
    .join(", ");
  return new PilotlightError(
    "ERR_HANDLER_INVALID",
    `${fault}; accepted: an object of tensors for ${accepted}`,
  );
}

function answerFromHandler(value: unknown): InvocationAnswer {
  if (!isHandlerResponse(value)) return jsonAnswer(200, value);
  const { status, body } = value;
  const headers = checkedHeaders(value.headers ?? {});
  if (body instanceof Uint8Array) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return { statusCode: status, headers, body: bytes.toString("base64"), isBase64Encoded: true };
  }
  if (typeof body === "string" || body === undefined) {
    return { statusCode: status, headers, body: body ?? "", isBase64Encoded: false };
  }
  const answer = jsonAnswer(status, body);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** @throws PilotlightError ERR_HANDLER_INVALID naming the header that HTTP cannot carry. */
function checkedHeaders(headers: object): Record<string, string> {
  const checked = Object.entries(headers).map(([name, text]): [string, string] => {
    if (typeof text !== "string") {
      throw headerInvalid(name, `its value is a ${typeof text}`);
    }
    try {
      validateHeaderName(name);
      validateHeaderValue(name, text);
    } catch (error) {
      throw headerInvalid(name, error instanceof Error ? error.message : String(error));
    }
    return [name.toLowerCase(), text];
  });
  return Object.fromEntries(checked);
}

function headerInvalid(name: string, fault: string): PilotlightError {
  return new PilotlightError(
    "ERR_HANDLER_INVALID",
    `postprocess returned the header ${JSON.stringify(name)}: ${fault}; accepted: names and values of one line of text that HTTP carries`,
  );
}

const RESPONSE_FIELDS: readonly string[] = ["status", "headers", "body"];

/**
 * A response has a final status (200 to 599) and no other field than headers and body; anything else is a JSON value.
 */
function isHandlerResponse(value: unknown): value is HandlerResponse {
  if (typeof value !== "object" || value === null || !("status" in value)) return false;
  const { status } = value;
  const isStatus =
    typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599;
  const { headers } = value as HandlerResponse;
  const hasHeaders = headers === undefined || (typeof headers === "object" && headers !== null);
  return (
    isStatus && hasHeaders && Object.keys(value).every((field) => RESPONSE_FIELDS.includes(field))
  );
}

function jsonAnswer(statusCode: number, value: unknown): InvocationAnswer {
  const body = JSON.stringify(value, plainNumbers) as string | undefined;
  if (body === undefined) {
    throw new PilotlightError(
      "ERR_HANDLER_INVALID",
      "postprocess returned nothing; accepted: a JSON value, or { status, headers, body }",
    );
  }
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body,
    isBase64Encoded: false,
  };
}

/**
 * JSON has no typed arrays and no 64-bit integers: a handler should be able to return a tensor's data as it is.
 * An integer beyond 2^53 becomes text, since most JSON readers would round it.
 */
function plainNumbers(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  // A Buffer's own toJSON has run before the replacer: what it was is still in its holder.
  const original: unknown = Reflect.get(this as object, key);
  const isTyped = ArrayBuffer.isView(original) && !(original instanceof DataView);
  return isTyped ? Array.from(original as Uint8Array) : value;
}

function refusalFromHandler(error: unknown): InvocationAnswer {
  const statusCode: unknown =
    typeof error === "object" && error !== null && Reflect.get(error, "statusCode");
  const message = error instanceof Error ? error.message : String(error);
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode <= 499) {
    return jsonAnswer(statusCode, { error: message });
  }
  console.error(error);
  const failed = new PilotlightError(
    "ERR_HANDLER_FAILED",
    `the model's handler failed: ${message}`,
    { cause: error },
  );
  return jsonAnswer(failed.statusCode, JSON.parse(encodeError(failed).body));
}
