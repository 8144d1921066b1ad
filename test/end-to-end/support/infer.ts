import { decodeInferResponse, encodeInferRequest } from "@pilotlight/protocol";
import type { Tensor } from "@pilotlight/protocol";

import { send } from "./http.ts";

/** JSON alone, or the binary tensor extension for inputs and outputs. */
export type WireForm = "JSON" | "binary";

/** Asks a model over HTTP: tensors in, tensors out. */
export type Ask = (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

/**
 * A way to ask one model of a running server.
 *
 * @returns Throws the server's words when it answers with an error.
 */
export function askOver(url: string, { form }: { form: WireForm }): Ask {
  return async (inputs) => {
    const isBinary = form === "binary";
    const { headers, body } = encodeInferRequest({ inputs, isBinary });
    const answer = await send(url, { headers, body });
    const isBinaryAnswer = answer.headers["inference-header-content-length"] !== undefined;
    if (answer.statusCode !== 200 || isBinaryAnswer !== isBinary) {
      const text = isBinaryAnswer ? "in binary" : answer.body.toString().slice(0, 500);
      throw new Error(`${url}: ${answer.statusCode} ${text}`);
    }
    return decodeInferResponse({ body: answer.body, headers: answer.headers }).outputs;
  };
}
