import { isPilotlightError, LAMBDA_LIMITS, PilotlightError } from "@pilotlight/core";
import {
  decodeInferRequest,
  decompressed,
  encodeError,
  encodeInferResponse,
  encodeMetadata,
} from "@pilotlight/protocol";
import type { InferRequest, InvocationAnswer, InvocationEvent, Tensor } from "@pilotlight/protocol";

import type { Handler } from "./handler.ts";
import type { Model } from "./model.ts";
import { predict } from "./predict.ts";

/** What a function serves: one model, its name and, where there is one, its handler. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly model: Model;
  /** Loads the handler at its first use; absent where the model has none. */
  readonly loadHandler?: () => Promise<Handler>;
}

/** Room for the other members of the answer's JSON and for headers that route adds. */
const ENVELOPE_BYTES = 8192;
const ANSWER_BYTES_MAX = LAMBDA_LIMITS.invokeResponseBytesMax - ENVELOPE_BYTES;

/** An UTF-16 unit takes at most six bytes of JSON (`\u0000`), so that shorter bodies need not be measured. */
const JSON_BYTES_PER_UNIT_MAX = 6;

/**
 * Answers what route asks of a model's function.
 *
 * It never rejects for bad input: a refusal is an answer, so that the environment stays as it was.
 *
 * @returns The HTTP answer, with `Server-Timing: infer;dur=…` in milliseconds where the model ran.
 */
export async function answerInvocation(
  event: InvocationEvent,
  served: ServedModel,
): Promise<InvocationAnswer> {
  try {
    const answer = await dispatch(event, served);
    const isPredict = event.action === "predict";
    return refuseOversize(answer, isPredict ? PREDICT_REMEDY : remedyOf(answer.isBase64Encoded));
  } catch (error) {
    // The writer of a handler looks for its faults in the function's log.
    if (!isPilotlightError(error) || HANDLER_FAULTS.includes(error.code)) console.error(error);
    const { statusCode, body } = encodeError(error);
    return json(statusCode, body);
  }
}

function dispatch(
  event: InvocationEvent,
  served: ServedModel,
): Promise<InvocationAnswer> | InvocationAnswer {
  switch (event.action) {
    case "infer":
      return infer(event, served);
    case "predict":
      return predictWithHandler(event, served);
    case "metadata": {
      const { name, version, model } = served;
      return json(
        200,
        JSON.stringify(encodeMetadata({ name, version, signature: model.signature })),
      );
    }
    case "ready":
      // The function would not run at all if its init phase had not loaded the model.
      return json(200, JSON.stringify({ name: served.name, ready: true }));
    default:
      throw new PilotlightError(
        "ERR_BODY_MALFORMED",
        `the event's action is ${JSON.stringify((event as { action?: unknown }).action)}; accepted: infer, predict, metadata, ready`,
      );
  }
}

async function infer(event: InvocationEvent, served: ServedModel): Promise<InvocationAnswer> {
  const { name, version, model } = served;
  const startedMs = performance.now();
  const request = decodeInferRequest(
    { body: bodyBytes(event), headers: event.headers },
    model.signature,
  );
  const decodedMs = performance.now();
  const outputs = await model.run(
    request.inputs,
    request.outputs.map((output) => output.name),
  );
  const ranMs = performance.now();
  refuseHopeless(outputs, request);
  const id = request.id === undefined ? {} : { id: request.id };
  const { headers, body } = encodeInferResponse({ model: name, version, ...id, outputs, request });
  const encodedMs = performance.now();
  const timing = serverTiming({
    decode: decodedMs - startedMs,
    infer: ranMs - decodedMs,
    encode: encodedMs - ranMs,
  });
  const isText = typeof body === "string";
  return {
    statusCode: 200,
    headers: { ...headers, "server-timing": timing },
    body: isText
      ? body
      : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
    isBase64Encoded: !isText,
  };
}

async function predictWithHandler(
  event: InvocationEvent,
  served: ServedModel,
): Promise<InvocationAnswer> {
  if (served.loadHandler === undefined) {
    throw new PilotlightError(
      "ERR_HANDLER_MISSING",
      `the model "${served.name}" has no handler: post tensors to /v2/models/${served.name}/infer, or name a handler file in the definition`,
    );
  }
  const handler = await served.loadHandler();
  const contentType = (event.headers["content-type"] ?? "").split(";", 1)[0] ?? "";
  const request = {
    body: decompressed({ body: bodyBytes(event), headers: event.headers }),
    contentType: contentType.trim().toLowerCase(),
    headers: event.headers,
  };
  const startedMs = performance.now();
  const answer = await predict(request, { model: served.model, handler });
  const timing = serverTiming({ predict: performance.now() - startedMs });
  return { ...answer, headers: { ...answer.headers, "server-timing": timing } };
}

function bodyBytes(event: InvocationEvent): Uint8Array {
  return Buffer.from(event.body ?? "", event.isBase64Encoded === true ? "base64" : "utf8");
}

/** @see https://www.w3.org/TR/server-timing/ for the header; durations in milliseconds. */
function serverTiming(stages: Readonly<Record<string, number>>): string {
  return Object.entries(stages)
    .map(([stage, durationMs]) => `${stage};dur=${durationMs.toFixed(2)}`)
    .join(", ");
}

const HANDLER_FAULTS: readonly string[] = ["ERR_HANDLER_INVALID", "ERR_HANDLER_FAILED"];

/** A number and the comma after it. */
const JSON_BYTES_PER_ELEMENT_MIN = 2;
const BASE64_GROWTH = 4 / 3;

/** Refuses outputs that cannot fit whatever their values are, before gigabytes of text are made of them. */
function refuseHopeless(outputs: readonly Tensor[], request: InferRequest): void {
  const bytes = outputs.reduce((sum, { data }, index) => {
    const isBinary = request.outputs[index]?.isBinary === true && ArrayBuffer.isView(data);
    const bytesMin = isBinary
      ? data.byteLength * BASE64_GROWTH
      : data.length * JSON_BYTES_PER_ELEMENT_MIN;
    return sum + bytesMin;
  }, 0);
  if (bytes <= ANSWER_BYTES_MAX) return;
  throw tooLarge(
    `at least ${Math.ceil(bytes)}`,
    remedyOf(request.outputs.every(({ isBinary }) => isBinary)),
  );
}

/** Lambda would drop an oversize answer and blame the function: saying it here names the remedy. */
function refuseOversize(answer: InvocationAnswer, remedy: string): InvocationAnswer {
  if (answer.body.length * JSON_BYTES_PER_UNIT_MAX <= ANSWER_BYTES_MAX) return answer;
  const bytes = answer.isBase64Encoded
    ? answer.body.length
    : Buffer.byteLength(JSON.stringify(answer.body));
  if (bytes > ANSWER_BYTES_MAX) throw tooLarge(String(bytes), remedy);
  return answer;
}

const PREDICT_REMEDY = "have the handler answer with less";

function remedyOf(isBinary: boolean): string {
  const less = "ask for fewer outputs or send a smaller batch";
  if (isBinary) return `bytes travel as base64, which takes a third more; ${less}`;
  return `ask for the outputs in binary ("parameters": {"binary_data_output": true}, the binary tensor data extension), or ${less}`;
}

function tooLarge(bytes: string, remedy: string): PilotlightError {
  return new PilotlightError(
    "ERR_ANSWER_TOO_LARGE",
    `the answer takes ${bytes} bytes on its way; Lambda carries ${ANSWER_BYTES_MAX}: ${remedy}`,
  );
}

function json(statusCode: number, body: string): InvocationAnswer {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body,
    isBase64Encoded: false,
  };
}
