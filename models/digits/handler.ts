import type { Handler, HandlerRequest, HandlerTensor } from "@pilotlight/runtime";

import { GLYPH_SIZE, glyphOf } from "./glyph.ts";
import { inkOf } from "./ink.ts";
import { readPicture } from "./picture.ts";
import { refusal } from "./refusal.ts";

/** What `POST /predict/digits` answers. */
interface Reading {
  /** The most probable digit, 0 to 9. */
  readonly label: number;
  /** Probability of each digit, rounded to six decimals. */
  readonly probabilities: readonly number[];
}

/** `curl --data-binary` calls every body a form unless told otherwise, so the bytes decide for these. */
const ACCEPTED_TYPES: ReadonlySet<string> = new Set([
  "",
  "image/png",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
]);

/** Turns a PNG of one digit into the model's input. */
function preprocess({ body, contentType }: HandlerRequest): Record<string, HandlerTensor> {
  if (!ACCEPTED_TYPES.has(contentType)) {
    throw refusal(
      415,
      `the body is ${contentType}; accepted: a PNG image of one digit as image/png or application/octet-stream`,
    );
  }
  const glyph = glyphOf(inkOf(readPicture(body)));
  return { image: { datatype: "FP32", shape: [1, 1, GLYPH_SIZE, GLYPH_SIZE], data: glyph } };
}

/** Turns the model's outputs into the answer. */
function postprocess(outputs: Parameters<Handler["postprocess"]>[0]): Reading {
  const { label, probabilities } = outputs;
  if (label === undefined || probabilities === undefined) {
    const names = Object.keys(outputs).join(", ");
    throw new Error(`the model gave ${names}; the handler needs label and probabilities`);
  }
  return {
    label: Number(label.data[0]),
    probabilities: [...probabilities.data].map((value) => Number(Number(value).toFixed(6))),
  };
}

export default { preprocess, postprocess } satisfies Handler;
