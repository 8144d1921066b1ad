export type { InvocationAnswer, InvocationEvent } from "./invocation.ts";
export type { Datatype, ModelSignature, Tensor, TensorData, TensorSpec } from "./tensor.ts";
