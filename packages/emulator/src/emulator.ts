import { join } from "node:path";

import { invariant, type LIVE_ALIAS, type Random, type Timers } from "@pilotlight/core";

import { Account } from "./account.ts";
import { awsEndpoint } from "./aws-endpoint.ts";
import { realClock } from "./clock.ts";
import type { EnvironmentListener } from "./environment/contract.ts";
import type { EnvironmentOptions } from "./environment/environment-options.ts";
import { startEnvironment as startProcess } from "./environment/index.ts";
import { type FaultRequest, readFaultRequest } from "./faults/fault-order.ts";
import { httpApiFront, type MetricsSource, type RequestRecord } from "./http-api/front.ts";
import { listen, type ListeningServer } from "./http/listen.ts";
import type { EnvironmentSummary } from "./lambda/environment-summary.ts";
import { codeInPlace } from "./lambda/code.ts";
import type { DurationLaw } from "./lambda/concurrency/duration-law.ts";
import type { MetricSeries } from "./lambda/concurrency/metrics.ts";
import { checkSettings } from "./lambda/function-input.ts";
import type { Architecture, FunctionRecord, FunctionSettings } from "./lambda/function-record.ts";
import { aliasesOf } from "./lambda/function-store.ts";
import { ACCOUNT_ID, type FunctionReference, parseFunctionReference } from "./lambda/names.ts";
import type { StartPooledEnvironment } from "./lambda/pool.ts";
import { processRandom } from "./random.ts";
import type { Trace } from "./trace/trace-event.ts";

/** A function that is made in process, from a folder that exists. */
export interface LocalFunction {
  readonly functionName: string;
  /** `file.export`, as Lambda's Handler. */
  readonly handler: string;
  /** Absolute path of the code; it is used in place. */
  readonly codeDirectory: string;
  readonly memoryMb: number;
  readonly timeoutSec: number;
  readonly architecture: Architecture;
  readonly variables: Readonly<Record<string, string>>;
  /** Folders that layers would put on the module search path. */
  readonly nodePath: readonly string[];
  /** Absolute paths of unpacked layers, in AWS's order: files of a later one take the place of earlier ones. */
  readonly layerDirectories?: readonly string[];
  /** Publishes a version of it. An alias needs one, and implies it. */
  readonly publish?: boolean;
  /** Points at the published version. */
  readonly alias?: typeof LIVE_ALIAS;
}

/** One line of a function's log, as CloudWatch would get it. */
export interface LogRecord {
  readonly functionName: string;
  readonly version: string;
  readonly environmentId: string;
  readonly line: string;
}

/** Starts one execution environment. */
export type StartEnvironment = (options: {
  readonly version: Parameters<StartPooledEnvironment>[0];
  readonly listener: EnvironmentListener;
  /** Real time: deadlines are never scaled. */
  readonly clock: Timers;
  /** Becomes AWS_ENDPOINT_URL. */
  readonly endpointUrl: string;
  /** Becomes AWS_LAMBDA_INITIALIZATION_TYPE. */
  readonly initializationType: "on-demand" | "provisioned-concurrency";
}) => ReturnType<StartPooledEnvironment>;

export interface EmulatorOptions {
  /** Port of the HTTP API; 0 takes a free one. */
  readonly apiPort: number;
  /** Port of the AWS endpoint; 0 takes a free one. */
  readonly awsPort: number;
  /** Function behind the HTTP API's route `$default`: a name, or `name:alias`. */
  readonly defaultFunction: string;
  /** Folder that queues, objects and events are kept in, also for the next start; made where it does not exist. */
  readonly stateDirectory: string;
  /**
   * Folder that uploaded code is unpacked in; made where it does not exist.
   * @default a folder in the state directory
   */
  readonly codeDirectory?: string;
  /**
   * Service time: keep-alive and the retries of asynchronous events.
   * @default realClock
   */
  readonly clock?: Timers;
  /**
   * Chance: routing weights, keep-alive, faults. A seeded one makes a run repeatable.
   * @default Math.random
   */
  readonly random?: Random;
  /**
   * Concurrent invocations of the account, and so the number of processes.
   * @default 256
   */
  readonly concurrencyMax?: number;
  /**
   * How long an idle environment is kept, service time, drawn for each one; AWS documents none.
   * @default uniform, 5 to 10 minutes
   */
  readonly keepAlive?: DurationLaw;
  /**
   * How long an environment lives at most, service time, however busy it is.
   * @default uniform, 2 to 4 hours
   */
  readonly lifetime?: DurationLaw;
  /**
   * How long provisioned concurrency is prepared before its environments are started, service time.
   * @default uniform, 1 to 2 minutes
   */
  readonly preparation?: DurationLaw;
  readonly onRequest?: (record: RequestRecord) => void;
  readonly onLog?: (record: LogRecord) => void;
  /** Gets what happens, event by event: enough for a simulator to play it again. */
  readonly onTrace?: Trace;
  /** Told of errors that are the emulator's own; by default they only answer 500. */
  readonly onError?: (error: unknown) => void;
  readonly metrics?: MetricsSource;
  /** How environments keep to their memory, freeze, and see /opt and /tmp. */
  readonly environments?: Pick<EnvironmentOptions, "memoryLimit" | "freezes" | "isolation">;
  /** @default AWS's Node runtime in a process of its own. */
  readonly startEnvironment?: StartEnvironment;
}

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
   * @returns The id of the order, which takes it back: `stopFailing(id)`.
   */
  fail(request: FaultRequest): string;
  /** Takes back one order of {@link Emulator.fail}, or all of them. @returns How many there were. */
  stopFailing(id?: string): number;
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
  await emulator.start();
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
      startEnvironment: (...start) => this.#startEnvironment(...start),
      onLog: ({ id, version }, line) =>
        options.onLog?.({
          functionName: version.functionName,
          version: version.version,
          environmentId: id,
          line,
        }),
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
          listEnvironments: () => this.listEnvironments(),
        },
        onError: this.#onError,
      }),
      { port: this.#options.awsPort, variable: "PILOTLIGHT_AWS_PORT" },
    );
    const front = httpApiFront({
      invoke: (event) => this.#invokeDefault(event),
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
    invariant(reading.kind === "order", reading.kind === "refused" ? reading.reason : "");
    const id = this.#account.faults.add(reading.order);
    invariant(id !== undefined, "there are too many faults; take some back with stopFailing");
    return id;
  }

  stopFailing(id?: string): number {
    const { faults } = this.#account;
    if (id === undefined) return faults.clear();
    return faults.delete(id) ? 1 : 0;
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
    const initializationType =
      startedBy === "provisioned" ? "provisioned-concurrency" : "on-demand";
    const endpointUrl = this.awsUrl;
    const own = this.#options.environments;
    return start({ ...own, version, listener, clock: realClock, endpointUrl, initializationType });
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

function settingsOf(spec: LocalFunction): FunctionSettings {
  const settings = {
    description: "",
    handler: spec.handler,
    runtime: "nodejs24.x",
    role: `arn:aws:iam::${ACCOUNT_ID}:role/pilotlight`,
    memoryMb: spec.memoryMb,
    timeoutSec: spec.timeoutSec,
    architecture: spec.architecture,
    variables: spec.variables,
    ephemeralStorageMb: 512,
    nodePath: spec.nodePath,
    layerDirectories: spec.layerDirectories,
  };
  checkSettings(settings);
  return settings;
}

/** Waits for `work`, but no longer than `ms` of real time. */
async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = realClock.after(ms, resolve);
  await Promise.race([work, promise]);
  cancel();
}
