import { join, resolve } from "node:path";

import { LIVE_ALIAS } from "@pilotlight/core";
import { scaledClock, startEmulator } from "@pilotlight/emulator";
import type { Emulator } from "@pilotlight/emulator";
import { requestMetrics } from "@pilotlight/metrics";
import type { RequestMetrics } from "@pilotlight/metrics";

import { buildApplication } from "../application.ts";
import type { BuiltApplication } from "../application.ts";
import { sampleRequest } from "../artifact-files.ts";
import { Deployment } from "../deployment.ts";
import { definitionPath, readDevSettings } from "../environment.ts";
import type { DevSettings } from "../environment.ts";
import { FunctionLines } from "../function-lines.ts";
import { faultLine, reloadOnChange } from "../reload.ts";
import { coldnessOf, modelOfPath, requestLine } from "../request-line.ts";
import type { AnsweredRequest } from "../request-line.ts";
import { takeStateDirectory } from "../state-directory.ts";
import { stopSignal, untilAborted } from "../stop-signal.ts";
import { TraceFile } from "../trace-file.ts";
import { makeWorkDirectory } from "../work-directory.ts";

export const DEV_HELP = `pilotlight dev [definition]

Runs a definition on this machine: HTTP API, route function, Lambda and a process for each execution environment.

  definition               path of an inference.config.ts; also PILOTLIGHT_DEFINITION; default ./inference.config.ts
  PILOTLIGHT_API_PORT      port of the HTTP API, default 4700; 0 takes a free one
  PILOTLIGHT_AWS_PORT      port of the AWS endpoint, default 4701; 0 takes a free one
  PILOTLIGHT_SPEED         how many times faster service delays (keep-alive, retries) run, default 1
  PILOTLIGHT_STATE         folder that queues, buckets and events are kept in from one start to the next,
                           default .pilotlight/NAME beside the definition
  PILOTLIGHT_TRACE         file that gets a line of JSON for every environment, request, throttle, fault and log line

The last line at start-up is {"event":"ready","api":"http://…","aws":"http://…"}. Changes of the definition, a handler
or a model are picked up while it runs. SIGINT (Ctrl-C) and SIGTERM stop everything.`;

/**
 * Serves a definition until a stop signal comes.
 *
 * @param file - Path of the definition; by default PILOTLIGHT_DEFINITION, else ./inference.config.ts.
 */
export async function dev(file: string | undefined): Promise<void> {
  const settings = readDevSettings(process.env);
  const stop = stopSignal();
  const work = await makeWorkDirectory();
  try {
    await serve(definitionPath(file, process.env), { settings, workDirectory: work.path, stop });
  } catch (error) {
    // A start that was interrupted has nothing to complain of.
    if (!stop.aborted) throw error;
    say("stopping …");
  } finally {
    await work.remove();
  }
}

interface ServeOptions {
  readonly settings: DevSettings;
  readonly workDirectory: string;
  /** Looked at between the stages of the start, so that none begins after it. */
  readonly stop: AbortSignal;
}

async function serve(definitionFile: string, options: ServeOptions): Promise<void> {
  const { workDirectory, stop } = options;
  say(`building ${definitionFile} …`);
  const application = await buildApplication(definitionFile, { workDirectory, signal: stop });
  const state = await takeStateDirectory(stateDirectoryOf(application, options.settings));
  if (state.note !== undefined) say(state.note);
  try {
    await serveApplication(application, { ...options, definitionFile, stateDirectory: state.path });
  } finally {
    await state.release();
  }
}

function stateDirectoryOf(
  { loaded, manifest }: BuiltApplication,
  { stateDirectory }: DevSettings,
): string {
  return resolve(stateDirectory ?? join(loaded.directory, ".pilotlight", manifest.name));
}

async function serveApplication(
  application: BuiltApplication,
  options: ServeOptions & { definitionFile: string; stateDirectory: string },
): Promise<void> {
  const { definitionFile, workDirectory, stop } = options;
  const { traceFile } = options.settings;
  const trace = traceFile === undefined ? undefined : new TraceFile(resolve(traceFile), sayFault);
  const { server, deployment } = await start(application, { ...options, trace });
  const endReloads = reloadOnChange(application, {
    build: ({ onInputs }) =>
      buildApplication(definitionFile, { workDirectory, signal: stop, onInputs }),
    deployment,
    say,
  });
  const greeting = await greetingLines(application, server);
  // Nothing awaits between here and the ready line, so that none is printed after the signal.
  if (!stop.aborted) for (const line of greeting) say(line);
  await untilAborted(stop);
  say("stopping …");
  await Promise.all([endReloads(), server.stop()]);
  trace?.close();
}

interface Running {
  readonly server: Emulator;
  readonly deployment: Deployment;
}

async function start(
  application: BuiltApplication,
  {
    settings,
    workDirectory,
    stateDirectory,
    trace,
    stop,
  }: ServeOptions & { stateDirectory: string; trace: TraceFile | undefined },
): Promise<Running> {
  const metrics = requestMetrics();
  const functionLines = new FunctionLines(say);
  // Requests may come before there is one.
  const running: { deployment?: Deployment } = {};
  const server = await startEmulator({
    apiPort: settings.apiPort,
    awsPort: settings.awsPort,
    clock: scaledClock(settings.speed),
    defaultFunction: `${application.manifest.route.name}:${LIVE_ALIAS}`,
    stateDirectory,
    codeDirectory: join(workDirectory, "code"),
    onRequest: (request) =>
      logRequest(request, { metrics, modelNames: running.deployment?.modelNames ?? new Set() }),
    onLog: (record) => functionLines.note(record),
    onError: sayFault,
    ...(trace === undefined ? {} : { onTrace: (event) => trace.add(event) }),
    metrics: () => metrics.expose(),
  });
  const deployment = new Deployment(server);
  running.deployment = deployment;
  try {
    await deployment.apply(application, { signal: stop });
    stop.throwIfAborted();
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

async function greetingLines(
  { manifest, loaded }: BuiltApplication,
  server: Emulator,
): Promise<readonly string[]> {
  const lines = manifest.models.flatMap((model) => [
    `  ${model.name.padEnd(16)} POST ${server.apiUrl}/v2/models/${model.name}/infer`,
    ...(model.handler === null
      ? []
      : [`  ${"".padEnd(16)} POST ${server.apiUrl}/predict/${model.name}`]),
  ]);
  const [first] = manifest.models;
  if (first !== undefined) {
    const sample = await sampleRequest(resolve(loaded.directory, first.artifact));
    const body = sample === undefined ? "" : `/infer --data-binary @${sample}`;
    lines.push(`try: curl ${server.apiUrl}/v2/models/${first.name}${body}`);
  }
  return [...lines, JSON.stringify({ event: "ready", api: server.apiUrl, aws: server.awsUrl })];
}

function sayFault(error: unknown): void {
  say(faultLine(error));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
