import type { Tensor, TensorData, Datatype } from "@pilotlight/protocol";

/** What the user's handler sees of an HTTP request. */
export interface HandlerRequest {
  /** The request's bytes, gzip or deflate undone; empty when it had none. */
  readonly body: Uint8Array;
  /** Lower case, without parameters; empty when the request named none. */
  readonly contentType: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A tensor that a handler makes: its name is the key that it is returned under. */
export interface HandlerTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** A typed array of the datatype, or a plain, possibly nested, array. */
  readonly data: TensorData | Float16Array | readonly unknown[];
}

/** An HTTP response that a handler makes itself, instead of a JSON value. */
export interface HandlerResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, bytes, or a value that is written as JSON. */
  readonly body?: unknown;
}

/**
 * Pre- and post-processing around a model: the default export of a handler file.
 *
 * An error that is thrown with a `statusCode` from 400 to 499 becomes that answer; any other is a 500.
 */
export interface Handler {
  /** Turns a request into the model's inputs, by name. */
  preprocess(
    request: HandlerRequest,
  ): Readonly<Record<string, HandlerTensor>> | Promise<Readonly<Record<string, HandlerTensor>>>;
  /** Turns the model's outputs into a JSON value, or into `{ status, headers, body }`. */
  postprocess(outputs: Readonly<Record<string, Tensor>>, request: HandlerRequest): unknown;
}
