import { readFile } from "node:fs/promises";
import { extname } from "node:path";

import { PilotlightError, resolveManifest } from "@pilotlight/core";
import type { ModelSpec } from "@pilotlight/core";
import type { InvocationAnswer, InvocationEvent } from "@pilotlight/protocol";
import { inferHandler, readSettings } from "@pilotlight/runtime";
import type { InferSettings } from "@pilotlight/runtime";

import { requireFiles } from "../artifact-files.ts";
import type { Command } from "../command-line.ts";
import { loadDefinition } from "../definition-file.ts";
import { definitionPath } from "../environment.ts";
import { FunctionBuilder } from "../function-build.ts";
import { makeWorkDirectory } from "../work-directory.ts";

export const INFER_HELP = `pilotlight infer <model> --input FILE [--definition FILE] [--url URL]

Asks a model and prints its answer as JSON. A .json file is an Open Inference Protocol request; any other file goes
through the model's handler, as POST /predict/{model} would take it.

  --input, -i FILE         what to send
  --definition, -d FILE    path of an inference.config.ts; also PILOTLIGHT_DEFINITION; default ./inference.config.ts
  --url URL                ask a running server (http://127.0.0.1:4700) instead of loading the model here`;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".png": "image/png",
};

type InferArguments = Extract<Command, { verb: "infer" }>;

/**
 * Asks a model, in this process or over HTTP, and prints the answer.
 *
 * @throws PilotlightError ERR_COMMAND_INVALID when the file or the model is not there; an answer with an error
 *   status is printed and sets the exit status 1.
 */
export async function infer(command: InferArguments): Promise<void> {
  const body = await readFile(command.input).catch((cause: unknown) => {
    throw new PilotlightError(
      "ERR_COMMAND_INVALID",
      `--input: the file ${command.input} cannot be read`,
      { cause },
    );
  });
  const extension = extname(command.input).toLowerCase();
  const question: Question = {
    action: extension === ".json" ? "infer" : "predict",
    contentType: CONTENT_TYPES[extension] ?? "application/octet-stream",
    body,
  };
  const answer =
    command.url === undefined
      ? await inferHere(command, question)
      : await inferOverHttp(command, { ...question, url: command.url });
  process.stdout.write(`${answer.body}\n`);
  if (answer.statusCode >= 400) process.exitCode = 1;
}

interface Question {
  readonly action: "infer" | "predict";
  readonly contentType: string;
  readonly body: Buffer;
}

async function inferHere(command: InferArguments, question: Question): Promise<InvocationAnswer> {
  const work = await makeWorkDirectory();
  try {
    const loaded = await loadDefinition(definitionPath(command.definition, process.env), work.path);
    const manifest = resolveManifest(loaded.definition, { stage: "local" });
    await requireFiles(manifest, loaded);
    const model = findModel(manifest.models, command.model);
    const { codeDirectory } = await new FunctionBuilder(work.path).infer(model, loaded.directory);
    const handler = await inferHandler(
      await readSettings<InferSettings>(codeDirectory),
      codeDirectory,
    );
    return await handler(eventOf(question));
  } finally {
    await work.remove();
  }
}

function eventOf({ action, contentType, body }: Question): InvocationEvent {
  const headers = { "content-type": contentType };
  return { action, headers, body: body.toString("base64"), isBase64Encoded: true };
}

function findModel(models: readonly ModelSpec[], name: string): ModelSpec {
  const model = models.find((candidate) => candidate.name === name);
  if (model !== undefined) return model;
  throw new PilotlightError(
    "ERR_COMMAND_INVALID",
    `the definition has no model "${name}"; accepted: ${models.map((candidate) => candidate.name).join(", ")}`,
  );
}

async function inferOverHttp(
  command: InferArguments,
  { url, action, contentType, body }: Question & { url: string },
): Promise<{ statusCode: number; body: string }> {
  const model = encodeURIComponent(command.model);
  const path = action === "infer" ? `/v2/models/${model}/infer` : `/predict/${model}`;
  try {
    const response = await fetch(`${url.replace(/\/+$/, "")}${path}`, {
      method: "POST",
      headers: { "content-type": contentType },
      body: new Uint8Array(body),
    });
    return { statusCode: response.status, body: await response.text() };
  } catch (cause) {
    throw new PilotlightError(
      "ERR_COMMAND_INVALID",
      `--url: no answer from ${url}: start a server there with npm start, or leave --url out to run the model here`,
      { cause },
    );
  }
}
