import { join } from "node:path";

import { invariant } from "@pilotlight/core";

import { Account } from "./account.ts";
import { awsEndpoint } from "./aws-endpoint.ts";
import { realClock } from "./clock.ts";
import type { ContainerService } from "./container/container-service.ts";
import type { ContainerDefinition, ContainerEvent } from "./container/contract.ts";
import type { FunctionVersion } from "./environment/contract.ts";
import type { EmulatorOptions, LogRecord } from "./emulator-options.ts";
import { startEnvironment as startProcess, sweepOwnedFolders } from "./environment/index.ts";
import type { FaultAction } from "./faults/fault-kind.ts";
import { type FaultRequest, readFaultRequest } from "./faults/fault-order.ts";
import { networkHop } from "./faults/slow-network.ts";
import { httpApiFront } from "./http-api/front.ts";
import { listen, type ListeningServer } from "./http/listen.ts";
import type { EnvironmentSummary } from "./lambda/environment-summary.ts";
import { codeInPlace } from "./lambda/code.ts";
import type { MetricSeries } from "./lambda/concurrency/metrics.ts";
import type { FunctionRecord } from "./lambda/function-record.ts";
import { aliasesOf } from "./lambda/function-store.ts";
import { type FunctionReference, parseFunctionReference } from "./lambda/names.ts";
import type { StartPooledEnvironment } from "./lambda/pool.ts";
import { type LocalFunction, settingsOf } from "./local-function.ts";
import { processRandom } from "./random.ts";

/** What was not finished when an emulator stopped. */
export interface StopReport {
  /** Asynchronous events that the next emulator with the same state directory goes on with. */
  readonly keptEvents: number;
  /** Deliveries of event buses that were under way. */
  readonly lostDeliveries: number;
}

/** The local AWS, running. */
export interface Emulator {
  readonly apiUrl: string;
  readonly awsUrl: string;
  /** @throws AwsError as CreateFunction; also when the name is taken. */
  createFunction(spec: LocalFunction): Promise<void>;
  /**
   * Gives a function new code and settings at once: what runs finishes on the old ones.
   *
   * Where the spec has an alias, it moves to the new version, and the version that it leaves is deleted.
   */
  updateFunction(spec: LocalFunction): Promise<void>;
  deleteFunction(functionName: string): Promise<void>;
  /**
   * Makes something go wrong, once or as often as the request says.
   *
   * @returns The id of the order, which takes it back by `stopFailing`; for what is done at once, a word that says so.
   */
  fail(request: FaultRequest): string;
  /** Takes back one order of {@link Emulator.fail}, or all of them. @returns How many there were. */
  stopFailing(id?: string): number;
  /**
   * Makes a container service with no task; it ends with the emulator.
   */
  createContainer(
    definition: ContainerDefinition,
    onEvent?: (event: ContainerEvent) => void,
  ): ContainerService;
  /** Live environments, and the last ones that have ended. */
  listEnvironments(): EnvironmentSummary[];
  /** Lambda's metrics of concurrency of the last three hours of service time, minute by minute. */
  listMetrics(): MetricSeries[];
  /**
   * Refuses new requests, ends every environment, removes code that nothing uses any more and closes
   * every connection; within 2 s.
   */
  stop(): Promise<StopReport>;
}

/** Functions of one account run at most this many at a time on AWS by default: 1,000. A laptop holds fewer. */
const CONCURRENCY_MAX = 256;

/** Environments and code get this long to end; the rest of the 2 s is for connections. */
const STOP_MS_MAX = 1_800;

/**
 * Starts the emulator: an HTTP API, an endpoint for AWS clients, and the functions behind both.
 *
 * @throws PilotlightError ERR_PORT_TAKEN when a port is in use.
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const emulator = new LocalEmulator(options);
  // What an emulator that was killed has left.
  await Promise.all([emulator.start(), sweepOwnedFolders()]);
  return emulator;
}

class LocalEmulator implements Emulator {
  readonly #options: EmulatorOptions;
  readonly #account: Account;
  readonly #onError: (error: unknown) => void;
  readonly #defaultFunction: FunctionReference;
  #api: ListeningServer | undefined;
  #aws: ListeningServer | undefined;
  #stopping: Promise<StopReport> | undefined;

  constructor(options: EmulatorOptions) {
    this.#options = options;
    this.#onError = options.onError ?? (() => undefined);
    this.#defaultFunction = parseFunctionReference({
      functionName: options.defaultFunction,
      operation: "Invoke",
    });
    this.#account = new Account({
      clock: options.clock ?? realClock,
      random: options.random ?? processRandom,
      stateDirectory: options.stateDirectory,
      codeDirectory: options.codeDirectory ?? join(options.stateDirectory, "code"),
      awsUrl: () => this.awsUrl,
      concurrencyMax: options.concurrencyMax ?? CONCURRENCY_MAX,
      laws: {
        keepAlive: options.keepAlive,
        lifetime: options.lifetime,
        preparation: options.preparation,
      },
      trace: options.onTrace,
      startEnvironment: (...start) => this.#startEnvironment(...start),
      onLog: ({ id, version }, line) => this.#logged(version, { environmentId: id, line }),
      onError: this.#onError,
    });
  }

  get apiUrl(): string {
    return this.#api?.url ?? "";
  }

  get awsUrl(): string {
    return this.#aws?.url ?? "";
  }

  async start(): Promise<void> {
    this.#aws = await listen(
      awsEndpoint({
        services: this.#account.services,
        control: {
          faults: this.#account.faults,
          act: (action, functionName) => this.#act(action, functionName),
          listMetrics: () => this.listMetrics(),
          listEnvironments: () => this.listEnvironments(),
        },
        arrived: networkHop("aws-endpoint", { faults: this.#account.faults, timers: realClock }),
        onError: this.#onError,
      }),
      { port: this.#options.awsPort, variable: "PILOTLIGHT_AWS_PORT" },
    );
    const front = httpApiFront({
      invoke: (event) => this.#invokeDefault(event),
      arrived: networkHop("http-api", { faults: this.#account.faults, timers: realClock }),
      timers: realClock,
      onRequest: this.#options.onRequest,
      metrics: this.#options.metrics,
      onError: this.#onError,
    });
    try {
      this.#api = await listen(front, {
        port: this.#options.apiPort,
        variable: "PILOTLIGHT_API_PORT",
      });
    } catch (error) {
      await this.#aws.close();
      throw error;
    }
  }

  async createFunction(spec: LocalFunction): Promise<void> {
    const settings = settingsOf(spec);
    const code = await codeInPlace(spec.codeDirectory);
    const record = this.#account.store.create(spec.functionName, { settings, code });
    this.#account.store.finishCreation(record);
    this.#publish(record, spec);
  }

  async updateFunction(spec: LocalFunction): Promise<void> {
    const settings = settingsOf(spec);
    const code = await codeInPlace(spec.codeDirectory);
    const record = this.#account.store.get(spec.functionName);
    this.#account.store.replace(record, { settings, code });
    this.#publish(record, spec);
  }

  deleteFunction(functionName: string): Promise<void> {
    this.#account.store.delete(this.#account.store.get(functionName));
    return Promise.resolve();
  }

  fail(request: FaultRequest): string {
    const reading = readFaultRequest(request);
    invariant(reading.kind !== "refused", reading.kind === "refused" ? reading.reason : "");
    if (reading.kind === "action") {
      this.#act(reading.action, reading.functionName);
      return "done";
    }
    const id = this.#account.faults.add(reading.order);
    invariant(id !== undefined, "there are too many faults; take some back with stopFailing");
    return id;
  }

  stopFailing(id?: string): number {
    const { faults } = this.#account;
    if (id === undefined) return faults.clear();
    return faults.delete(id) ? 1 : 0;
  }

  createContainer(
    definition: ContainerDefinition,
    onEvent?: (event: ContainerEvent) => void,
  ): ContainerService {
    return this.#account.createContainer(definition, onEvent);
  }

  listEnvironments(): EnvironmentSummary[] {
    return this.#account.concurrency.pool.list();
  }

  listMetrics(): MetricSeries[] {
    return this.#account.concurrency.metrics.list();
  }

  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<StopReport> {
    this.#api?.refuse();
    this.#aws?.refuse();
    const lostDeliveries = this.#account.refuse();
    await withinMs(STOP_MS_MAX, this.#account.end());
    const keptEvents = this.#account.close();
    await Promise.all([this.#api?.close(), this.#aws?.close(), this.#account.urls.close()]);
    return { keptEvents, lostDeliveries };
  }

  #startEnvironment(...[version, listener, startedBy]: Parameters<StartPooledEnvironment>) {
    const start = this.#options.startEnvironment ?? startProcess;
    const fault = this.#account.faults.take("init", { functionName: version.functionName });
    return start({
      ...this.#options.environments,
      version,
      listener,
      clock: realClock,
      endpointUrl: this.awsUrl,
      initializationType: startedBy === "provisioned" ? "provisioned-concurrency" : "on-demand",
      ...(fault === undefined ? {} : { fault }),
    });
  }

  #act(action: FaultAction, functionName: string | undefined): number {
    const { pool } = this.#account.concurrency;
    return action === "reap-all" ? pool.reap(functionName) : pool.recycle(functionName);
  }

  #logged(
    { functionName, version }: FunctionVersion,
    logged: Pick<LogRecord, "environmentId" | "line">,
  ): void {
    const { onLog, onTrace, clock = realClock } = this.#options;
    onLog?.({ functionName, version, ...logged });
    onTrace?.({
      event: "log",
      atEpochMs: clock.epochMs(),
      function: functionName,
      version,
      ...logged,
    });
  }

  #invokeDefault(event: { requestId: string; payload: Uint8Array; traceId: string }) {
    const target = this.#account.store.findTarget(this.#defaultFunction);
    return target === undefined ? undefined : this.#account.invoker.run(target, event);
  }

  #publish(record: FunctionRecord, { publish, alias }: LocalFunction): void {
    if (publish !== true && alias === undefined) return;
    const version = this.#account.store.publish(record);
    if (alias === undefined) return;
    const left = record.aliases.get(alias)?.functionVersion;
    this.#account.store.putAlias(record, {
      name: alias,
      functionVersion: version.version,
      description: "",
    });
    if (left !== undefined && aliasesOf(record, left).length === 0)
      this.#account.store.deleteVersion(record, left);
  }
}

/** Waits for `work`, but no longer than `ms` of real time. */
async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = realClock.after(ms, resolve);
  await Promise.race([work, promise]);
  cancel();
}
