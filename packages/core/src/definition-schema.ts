import { z } from "zod";

import { LAMBDA_LIMITS } from "./limits.ts";

/** Names of functions that Pilotlight adds of its own; a model may not take them. */
export const RESERVED_MODEL_NAMES: readonly string[] = ["route", "warm", "consume", "container"];

const LATENCY_BUDGET_MS_MAX = 900_000;
const THREADS_MAX = 64;
const MODELS_MAX = 500;
const DEFAULT_MEMORY_MB = LAMBDA_LIMITS.memoryMbPerVcpu;
const DEFAULT_TIMEOUT_SEC = 30;

/** A message of this schema says what is accepted: the path and the value are put before it. */
function accepted(text: string): { error: string } {
  return { error: text };
}

function wholeNumber({ min, max, unit }: { min: number; max: number; unit: string }) {
  const text = `a whole number from ${min} to ${max}${unit}`;
  return z.int(accepted(text)).min(min, accepted(text)).max(max, accepted(text));
}

function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const fields = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? fields : `an object with ${fields}`),
  });
}

const REMOTE_ARTIFACT = /^[a-z][a-z0-9+.-]*:\/\//;

const artifact = z
  .string(accepted("the path of an ONNX file, relative to the definition or absolute"))
  .min(1, accepted("the path of an ONNX file, relative to the definition or absolute"))
  .refine((text) => !REMOTE_ARTIFACT.test(text), {
    error:
      "the path of an ONNX file, relative to the definition or absolute; s3://, https:// and hf:// are not served yet: download the file and name its path",
  });

const handler = z
  .string(
    accepted(
      "the path of a .ts, .mts, .js, .mjs or .cjs file, relative to the definition or absolute",
    ),
  )
  .regex(
    /\.[cm]?[jt]s$/,
    accepted(
      "the path of a .ts, .mts, .js, .mjs or .cjs file, relative to the definition or absolute",
    ),
  );

const ENVIRONMENT_TEXT =
  'variables as NAME: "text", names of at least two letters, digits and _, none beginning with PILOTLIGHT_ or reserved by Lambda';
const RESERVED_VARIABLE = /^(PILOTLIGHT_|AWS_|LAMBDA_|_HANDLER$|_X_AMZN_TRACE_ID$)/;

/** User variables leave room for those that Pilotlight sets. */
const ENVIRONMENT_BYTES_MAX = LAMBDA_LIMITS.environmentBytesMax - 512;

const environment = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]+$/),
    z.string(accepted("text")),
    accepted(ENVIRONMENT_TEXT),
  )
  .refine((variables) => !Object.keys(variables).some((name) => RESERVED_VARIABLE.test(name)), {
    error: ENVIRONMENT_TEXT,
  })
  .refine(
    (variables) =>
      new TextEncoder().encode(JSON.stringify(variables)).length <= ENVIRONMENT_BYTES_MAX,
    {
      error: `variables of at most ${ENVIRONMENT_BYTES_MAX} bytes together (Lambda allows ${LAMBDA_LIMITS.environmentBytesMax}, Pilotlight needs some)`,
    },
  );

const functionSchema = strictObject({
  memoryMb: wholeNumber({
    min: LAMBDA_LIMITS.memoryMbMin,
    max: LAMBDA_LIMITS.memoryMbMax,
    unit: " (MB)",
  }).default(DEFAULT_MEMORY_MB),
  timeoutSec: wholeNumber({
    min: LAMBDA_LIMITS.timeoutSecMin,
    max: LAMBDA_LIMITS.timeoutSecMax,
    unit: " (seconds)",
  }).default(DEFAULT_TIMEOUT_SEC),
  architecture: z.enum(["arm64", "x86_64"], accepted('"arm64" or "x86_64"')).default("arm64"),
  environment: environment.default({}),
});

const sessionSchema = strictObject({
  threads: wholeNumber({ min: 1, max: THREADS_MAX, unit: "" }).optional(),
  optimization: z
    .enum(
      ["disabled", "basic", "extended", "all"],
      accepted('"disabled", "basic", "extended" or "all"'),
    )
    .default("all"),
  warmUp: z.boolean(accepted("true or false")).default(true),
});

const modelSchema = strictObject({
  artifact,
  handler: handler.optional(),
  latencyBudgetMs: wholeNumber({
    min: 1,
    max: LATENCY_BUDGET_MS_MAX,
    unit: " (milliseconds)",
  }).default(1000),
  function: functionSchema.prefault({}),
  session: sessionSchema.prefault({}),
});

const MODEL_NAME_TEXT = `a model name of letters, digits, - and _, beginning with a letter or digit, none of ${RESERVED_MODEL_NAMES.join(", ")}`;
const MODELS_TEXT = `1 to ${MODELS_MAX} models as name: { artifact: "./model.onnx" }`;

const modelName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/)
  .refine((name) => !RESERVED_MODEL_NAMES.includes(name));

const models = z
  .record(modelName, modelSchema, {
    error: (issue) => (issue.code === "invalid_key" ? MODEL_NAME_TEXT : MODELS_TEXT),
  })
  .refine((record) => Object.keys(record).length > 0, accepted(MODELS_TEXT))
  .refine((record) => Object.keys(record).length <= MODELS_MAX, accepted(MODELS_TEXT));

const NAME_TEXT =
  "a name of lower-case letters, digits and hyphens that begins with a letter, at most 32 characters";

/** The shape of a definition; each message says what is accepted there. */
export const definitionSchema = strictObject({
  name: z
    .string(accepted(NAME_TEXT))
    .regex(/^[a-z][a-z0-9-]{0,31}$/, accepted(NAME_TEXT))
    .default("pilotlight"),
  models,
});
