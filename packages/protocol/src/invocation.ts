/** What route asks of a model's function: the payload of the Invoke between the two. */
export interface InvocationEvent {
  /**
   * infer: Open Inference Protocol request in `body`; predict: the user's handler around the model;
   * metadata: the model's names, shapes and datatypes; ready: proof that the model is loaded.
   */
  readonly action: "infer" | "predict" | "metadata" | "ready";
  /** Lower-case request headers that the action may need. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent when the request had no body. */
  readonly body?: string;
  /** Whether `body` is base64 of bytes instead of text. */
  readonly isBase64Encoded?: boolean;
}

/** What the function answers: an HTTP response in the manner of payload format 2.0. */
export interface InvocationAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}
