import type { Datatype, Tensor } from "@pilotlight/protocol";

import type { Ask } from "./infer.ts";
import type {
  GenerateCase,
  IoCase,
  IoModel,
  IoTensor,
  SequenceCase,
  SingleCase,
} from "./io-file.ts";
import { fromValues, readIoSteps, readIoTensor, sizeOf } from "./io-tensor.ts";
import { argmax, tensorDifference } from "./tensor-difference.ts";

/** stories260k ends a text with one of these; tiny-gpt2, whose texts do not end, has only ids below 1000. */
const END_TOKENS: Readonly<Record<string, readonly number[]>> = { stories260k: [1, 2] };

/**
 * Runs one case of a model.
 *
 * @param stepsMax - Calls after which a sequence or a text is left, and compared as far as it went.
 * @returns What differs from the expected outputs, nothing when all is within the tolerance.
 */
export async function runIoCase(
  each: IoCase,
  { model, ask, stepsMax = Infinity }: { model: IoModel; ask: Ask; stepsMax?: number },
): Promise<readonly string[]> {
  switch (each.kind) {
    case "single":
      return await runSingle(each, model, ask);
    case "sequence":
      return await runSequence(each, { model, ask, steps: Math.min(each.steps, stepsMax) });
    case "generate":
      return await runGenerate(each, { model, ask, tokens: Math.min(each.maxNewTokens, stepsMax) });
  }
}

async function runSingle(
  { inputs, outputs, tolerance, expect }: SingleCase,
  { directory }: IoModel,
  ask: Ask,
): Promise<readonly string[]> {
  const got = byName(await ask(inputs.map((input) => readIoTensor(directory, input))));
  const differences = outputs.map((output) =>
    tensorDifference(got.get(output.name), readIoTensor(directory, output), tolerance),
  );
  const first = got.get(outputs[0]?.name ?? "");
  if (expect?.argmax !== undefined && first !== undefined && argmax(first) !== expect.argmax) {
    differences.push(`top index ${argmax(first)}, not ${expect.argmax}`);
  }
  return differences.filter((difference) => difference !== undefined);
}

async function runSequence(
  { inputs, outputs, carry, final = [], tolerance, ...each }: SequenceCase,
  { model: { directory }, ask, steps }: { model: IoModel; ask: Ask; steps: number },
): Promise<readonly string[]> {
  const differences: string[] = [];
  const compare = (place: string, got: Tensor | undefined, want: Tensor): void => {
    const difference = tensorDifference(got, want, tolerance);
    if (difference !== undefined) differences.push(`${place}: ${difference}`);
  };
  const feeds = inputs.map((input) => readIoSteps(directory, input));
  const wanted = outputs.map((output) => readIoSteps(directory, output));
  let state = carry.map(({ to, datatype, shape }) =>
    filled({ name: to, datatype, shape, value: 0 }),
  );
  let got: ReadonlyMap<string, Tensor> = new Map();
  for (let step = 0; step < steps; step += 1) {
    got = byName(await ask([...feeds.map((feed) => feed(step)), ...state]));
    for (const want of wanted.map((at) => at(step))) {
      compare(`step ${step}`, got.get(want.name), want);
    }
    state = carry.map(({ from, to }) => renamed(got.get(from), to));
  }
  if (steps === each.steps) compareAll(final, { directory, got, compare });
  return differences;
}

function compareAll(
  tensors: readonly IoTensor[],
  {
    directory,
    got,
    compare,
  }: {
    directory: string;
    got: ReadonlyMap<string, Tensor>;
    compare: (place: string, got: Tensor | undefined, want: Tensor) => void;
  },
): void {
  for (const tensor of tensors) {
    compare("at the end", got.get(tensor.name), readIoTensor(directory, tensor));
  }
}

async function runGenerate(
  each: GenerateCase,
  { model, ask, tokens }: { model: IoModel; ask: Ask; tokens: number },
): Promise<readonly string[]> {
  const batch = each.prompt.length;
  const texts = each.prompt.map((ids) => [...ids]);
  let fresh: readonly (readonly number[])[] = texts.map((ids) => [...ids]);
  let cache = each.kv.map(({ to, datatype, emptyShape }) => {
    const shape = emptyShape.map((size) => (size === "B" ? batch : size));
    return filled({ name: to, datatype, shape, value: 0 });
  });
  for (let count = 0; count < tokens; count += 1) {
    const length = texts[0]?.length ?? 0;
    const got = byName(await ask([...tokenInputs(each, { fresh, length }), ...cache]));
    const next = nextTokens(got.get(each.io.logits));
    cache = each.kv.map(({ from, to }) => renamed(got.get(from), to));
    if (END_TOKENS[model.name]?.includes(next[0] ?? -1)) break;
    for (const [index, text] of texts.entries()) text.push(next[index] ?? -1);
    fresh = next.map((id) => [id]);
  }
  const wanted = each.expectedTokens.map((ids, index) => ids.slice(0, texts[index]?.length));
  const isAsLong =
    tokens < each.maxNewTokens || wanted[0]?.length === each.expectedTokens[0]?.length;
  if (isAsLong && JSON.stringify(texts) === JSON.stringify(wanted)) return [];
  return [`tokens ${JSON.stringify(texts)}, not ${JSON.stringify(each.expectedTokens)}`];
}

function tokenInputs(
  { datatype, io }: GenerateCase,
  { fresh, length }: { fresh: readonly (readonly number[])[]; length: number },
): readonly Tensor[] {
  const batch = fresh.length;
  const freshLength = fresh[0]?.length ?? 0;
  const shape = [batch, freshLength];
  const positions = fresh.flatMap((ids) => ids.map((_, index) => length - freshLength + index));
  return [
    { name: io.ids, datatype, shape, data: fromValues(datatype, fresh.flat()) },
    ...(io.positions === undefined
      ? []
      : [{ name: io.positions, datatype, shape, data: fromValues(datatype, positions) }]),
    ...(io.mask === undefined
      ? []
      : [filled({ name: io.mask, datatype, shape: [batch, length], value: 1 })]),
  ];
}

/** The greatest logit of each row's last position; logits are `[batch, length, vocabulary]`. */
function nextTokens(logits: Tensor | undefined): readonly number[] {
  if (logits === undefined) throw new Error("the answer has no logits");
  const [batch = 0, length = 0, vocabulary = 0] = logits.shape;
  const data = logits.data as Float32Array;
  return Array.from({ length: batch }, (_, row) => {
    const end = (row + 1) * length * vocabulary;
    return argmax({ ...logits, data: data.subarray(end - vocabulary, end) });
  });
}

function filled({
  name,
  datatype,
  shape,
  value,
}: {
  name: string;
  datatype: Datatype;
  shape: readonly number[];
  value: number;
}): Tensor {
  const values = Array.from({ length: sizeOf(shape) }, () => value);
  return { name, datatype, shape, data: fromValues(datatype, values) };
}

function renamed(tensor: Tensor | undefined, name: string): Tensor {
  if (tensor === undefined) throw new Error(`the answer has nothing to feed "${name}" with`);
  return { ...tensor, name };
}

function byName(tensors: readonly Tensor[]): ReadonlyMap<string, Tensor> {
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}
