import { resolve } from "node:path";

import { isPilotlightError, LIVE_ALIAS } from "@pilotlight/core";
import { scaledClock, startEmulator } from "@pilotlight/emulator";
import type { Emulator } from "@pilotlight/emulator";
import { requestMetrics } from "@pilotlight/metrics";
import type { RequestMetrics } from "@pilotlight/metrics";

import { buildApplication, Deployment, makeWorkDirectory } from "../application.ts";
import type { BuiltApplication } from "../application.ts";
import { sampleRequest } from "../artifact-files.ts";
import { readDevSettings } from "../environment.ts";
import type { DevSettings } from "../environment.ts";
import { coldnessOf, modelOfPath, requestLine } from "../request-line.ts";
import type { AnsweredRequest } from "../request-line.ts";
import { untilStopSignal } from "../stop-signal.ts";
import { SERVER_VERSION } from "../version.ts";
import { watchFiles } from "../watch.ts";

export const DEV_HELP = `pilotlight dev [definition]

Runs a definition on this machine: HTTP API, route function, Lambda and a process for each execution environment.

  definition               path of an inference.config.ts; also PILOTLIGHT_DEFINITION; default ./inference.config.ts
  PILOTLIGHT_API_PORT      port of the HTTP API, default 4700; 0 takes a free one
  PILOTLIGHT_AWS_PORT      port of the AWS endpoint, default 4701; 0 takes a free one
  PILOTLIGHT_SPEED         how many times faster service delays (keep-alive, retries) run, default 1

The last line at start-up is {"event":"ready","api":"http://…","aws":"http://…"}. Changes of the definition, a handler
or a model are picked up while it runs. SIGINT (Ctrl-C) and SIGTERM stop everything.`;

const DEFAULT_DEFINITION = "inference.config.ts";

/**
 * Serves a definition until a stop signal comes.
 *
 * @param file - Path of the definition; by default PILOTLIGHT_DEFINITION, else ./inference.config.ts.
 */
export async function dev(file: string | undefined): Promise<void> {
  const settings = readDevSettings(process.env);
  const definitionFile = file ?? settings.definition ?? DEFAULT_DEFINITION;
  const stopped = untilStopSignal();
  const work = await makeWorkDirectory();
  try {
    say(`building ${definitionFile} …`);
    const build = () =>
      buildApplication(definitionFile, { workDirectory: work.path, serverVersion: SERVER_VERSION });
    const application = await build();
    const emulator = await start(application, { settings, stateDirectory: work.path });
    const closeWatch = reloadOnChange(application, { build, emulator });
    await greet(application, emulator.server);
    await stopped;
    say("stopping …");
    await Promise.all([closeWatch(), emulator.server.stop()]);
  } finally {
    await work.remove();
  }
}

interface Running {
  readonly server: Emulator;
  readonly deployment: Deployment;
}

async function start(
  application: BuiltApplication,
  { settings, stateDirectory }: { settings: DevSettings; stateDirectory: string },
): Promise<Running> {
  const metrics = requestMetrics();
  let deployment: Deployment | undefined;
  const server = await startEmulator({
    apiPort: settings.apiPort,
    awsPort: settings.awsPort,
    clock: scaledClock(settings.speed),
    defaultFunction: `${application.manifest.route.name}:${LIVE_ALIAS}`,
    stateDirectory,
    onRequest: (request) =>
      logRequest(request, { metrics, modelNames: deployment?.modelNames ?? new Set() }),
    onLog: ({ functionName, line }) => logFunctionLine(functionName, line),
    onError: report,
    metrics: () => metrics.expose(),
  });
  deployment = new Deployment(server);
  try {
    await deployment.apply(application);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { server, deployment };
}

function logRequest(
  request: AnsweredRequest,
  { metrics, modelNames }: { metrics: RequestMetrics; modelNames: ReadonlySet<string> },
): void {
  const model = modelOfPath(request.path);
  metrics.record({
    // A name that somebody made up must not become a time series.
    model: modelNames.has(model) ? model : "",
    statusCode: request.statusCode,
    durationMs: request.durationMs,
    isColdStart: coldnessOf(request) === "cold",
  });
  say(requestLine(request));
}

/** The platform's own lines (START, END, REPORT, INIT_START, INIT_REPORT) say nothing that the request's line does not. */
const PLATFORM_LINE = /^(START|END|REPORT|INIT_START|INIT_REPORT)\b/;

function logFunctionLine(functionName: string, line: string): void {
  if (!PLATFORM_LINE.test(line)) say(`  ${functionName}: ${line.trimEnd()}`);
}

function reloadOnChange(
  first: BuiltApplication,
  { build, emulator }: { build: () => Promise<BuiltApplication>; emulator: Running },
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  const watch = watchFiles((paths) => {
    running = running
      .then(() => reload(paths))
      .catch((error: unknown) => {
        report(error);
        say("the functions that ran before still run");
      });
  });
  const reload = async (paths: readonly string[]) => {
    if (isClosed) return;
    say(`changed: ${paths.join(", ")}`);
    const application = await build();
    // Watching again would keep the process alive, and an emulator that stops takes no functions.
    if (isClosed) return;
    watch.set(application.inputs);
    const replaced = await emulator.deployment.apply(application, paths);
    say(replaced.length === 0 ? "nothing to replace" : `replaced: ${replaced.join(", ")}`);
  };
  watch.set(first.inputs);
  return async () => {
    isClosed = true;
    watch.close();
    // A build that is under way writes into the folder that is removed next.
    await running;
  };
}

function report(error: unknown): void {
  say(isPilotlightError(error) ? `${error.code}: ${error.message}` : String(error));
}

async function greet({ manifest, loaded }: BuiltApplication, server: Emulator): Promise<void> {
  for (const model of manifest.models) {
    say(`  ${model.name.padEnd(16)} POST ${server.apiUrl}/v2/models/${model.name}/infer`);
    if (model.handler !== null)
      say(`  ${"".padEnd(16)} POST ${server.apiUrl}/predict/${model.name}`);
  }
  const [first] = manifest.models;
  if (first !== undefined) {
    const sample = await sampleRequest(resolve(loaded.directory, first.artifact));
    const body = sample === undefined ? "" : `/infer --data-binary @${sample}`;
    say(`try: curl ${server.apiUrl}/v2/models/${first.name}${body}`);
  }
  say(JSON.stringify({ event: "ready", api: server.apiUrl, aws: server.awsUrl }));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
