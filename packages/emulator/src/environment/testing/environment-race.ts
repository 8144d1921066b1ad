import { VirtualClock } from "@pilotlight/core/testing";
import type fc from "fast-check";

import {
  type FunctionIdentity,
  RuntimeApi,
  type RuntimeApiListener,
} from "../../runtime-api/index.ts";
import type { ExecutionEnvironment, FunctionVersion, InvocationOutcome } from "../contract.ts";
import { startEnvironment } from "../environment.ts";
import type { EnvironmentParts } from "../parts.ts";
import { type ExtensionScript, ScriptedExtension } from "./scripted-extension.ts";
import type { Schedule } from "./scripted-process.ts";
import { type RuntimeScript, ScriptedRuntime } from "./scripted-runtime.ts";

/** What happens to one environment, in an order that the scheduler chooses. */
export interface RaceScript {
  /** One for each start of the processes; those that come later are well. */
  readonly runtimes: readonly RuntimeScript[];
  readonly extensions: readonly ExtensionScript[];
  readonly requests: number;
  /** Budgets of the stops that are asked for. */
  readonly stops: readonly (number | undefined)[];
  readonly advancesMs: readonly number[];
  /** Whether a process that has left its group keeps a connection of the runtime open. */
  readonly isConnectionKept: boolean;
}

const WELL: RuntimeScript = {
  init: "ready",
  event: "answer",
  workMs: 0,
  isDoomed: false,
  way: "channel",
};
const WELL_EXTENSION = { init: "ready", event: "next", isDoomed: false } as const;

const VERSION: FunctionVersion = {
  functionName: "f",
  functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  version: "$LATEST",
  handler: "index.handler",
  codeDirectory: "/nowhere",
  memoryMb: 128,
  timeoutSec: 1,
  variables: {},
  nodePath: [],
};

/** No script of the world needs more turns; one that does goes round for ever. */
const STEPS_MAX = 2_000;

/** The real Runtime API without its server. */
class ScriptedApi extends RuntimeApi {
  readonly #race: EnvironmentRace;

  constructor(race: EnvironmentRace, listener: RuntimeApiListener, identity: FunctionIdentity) {
    super(listener, identity);
    this.#race = race;
  }

  override listen(): Promise<string> {
    return this.#race.step("the API listens").then(() => "127.0.0.1:1");
  }

  override disconnected(): Promise<void> {
    return this.#race.disconnected();
  }

  override reset(): void {
    super.reset();
    this.#race.cut();
  }

  override close(): Promise<void> {
    return this.#race.step("the API is closed");
  }
}

/** One environment of scripted processes in virtual time, and all that it tells. */
export class EnvironmentRace {
  readonly environment: ExecutionEnvironment;
  readonly outcomes = new Map<string, InvocationOutcome>();
  readonly tails = new Set<string>();
  readonly stops: string[] = [];
  /** What is against the contract. */
  readonly faults: string[] = [];
  /** The phase of the environment at each end of a process that nobody had asked for. */
  readonly losses: string[] = [];
  /** Folders that are there. */
  folderCount = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #script: RaceScript;
  readonly #clock = new VirtualClock();
  #api: ScriptedApi | undefined;
  #runtimes: ScriptedRuntime[] = [];
  #extensions: ScriptedExtension[] = [];
  #startCount = 0;
  #sentCount = 0;
  #openConnections = new Set<ScriptedRuntime>();
  #onDisconnected: (() => void)[] = [];

  constructor(scheduler: fc.Scheduler, script: RaceScript) {
    this.#scheduler = scheduler;
    this.#script = script;
    this.environment = startEnvironment(
      {
        version: VERSION,
        clock: this.#clock,
        memoryLimit: "none",
        listener: {
          onIdle: () => this.#becameIdle(),
          onStopped: (_environment, cause) => this.stops.push(cause),
          onLog: () => undefined,
        },
      },
      this.#parts(),
    );
  }

  /** Requests that were given to the environment. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Lines up what comes from outside. */
  lineUp(): void {
    this.#schedule(() => this.#sendIfFree(), "a request");
    for (const budgetMsMax of this.#script.stops) {
      this.#schedule(() => {
        const options = budgetMsMax === undefined ? {} : { budgetMsMax };
        void this.environment.stop("asked to", options);
      }, `a stop within ${budgetMsMax} ms`);
    }
    for (const ms of this.#script.advancesMs) {
      this.#schedule(() => this.#clock.advanceMs(ms), `${ms} ms pass`);
    }
  }

  /** Lets everything happen that will, as long as that takes. */
  async settle(): Promise<void> {
    let quietTurns = 0;
    for (let steps = 0; quietTurns < 5; steps += 1) {
      if (steps > STEPS_MAX) return void this.faults.push("it never comes to rest");
      await turn();
      if (this.#scheduler.count() > 0) {
        quietTurns = 0;
        await this.#scheduler.waitOne();
        continue;
      }
      quietTurns += 1;
      this.#clock.advanceMs(11_000);
    }
  }

  /** Ends the environment, if it has not ended yet. */
  async end(): Promise<void> {
    const ending = this.environment.stop("the end");
    await this.settle();
    const isEnded = await Promise.race([ending.then(() => true), turn().then(() => false)]);
    if (!isEnded) this.faults.push("it does not end");
  }

  /** A step of the world that somebody waits for. */
  step(label: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#schedule(resolve, label);
    return promise;
  }

  disconnected(): Promise<void> {
    if (this.#openConnections.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDisconnected.push(resolve);
    return promise;
  }

  /** The connections of all processes end. */
  cut(): void {
    for (const process of [...this.#runtimes, ...this.#extensions]) process.cut();
    this.#runtimes = [];
    this.#extensions = [];
    this.#openConnections.clear();
    this.#settleDisconnected();
  }

  #parts(): EnvironmentParts {
    return {
      openApi: (listener, identity) => {
        this.#api = new ScriptedApi(this, listener, identity);
        return this.#api;
      },
      makeFolders: async () => {
        await this.step("the folders are made");
        this.folderCount += 1;
        return {
          temporaryDirectory: "/nowhere",
          optDirectory: undefined,
          extensionPaths: this.#script.extensions.map((_, index) => `/opt/extensions/e${index}`),
          wrap: (command) => command,
          remove: async () => {
            await this.step("the folders are removed");
            this.folderCount -= 1;
          },
        };
      },
      startRuntime: (options) => this.#startRuntime(options),
      startExtension: (options) => this.#startExtension(options),
    };
  }

  #startRuntime({ onExit, onLogMark }: Parameters<EnvironmentParts["startRuntime"]>[0]) {
    const script = this.#script.runtimes[this.#startCount] ?? WELL;
    this.#startCount += 1;
    const runtime: ScriptedRuntime = new ScriptedRuntime({
      name: `runtime ${this.#startCount}`,
      script,
      api: this.#requireApi(),
      schedule: this.#schedule,
      onExit,
      onUnasked: () => this.losses.push(this.environment.phase),
      onLogMark,
      onWork: (ms) => this.#clock.advanceMs(ms),
      onDisconnected: () => {
        if (this.#script.isConnectionKept) return;
        if (this.#openConnections.delete(runtime)) this.#settleDisconnected();
      },
    });
    this.#runtimes.push(runtime);
    if (script.way === "http") this.#openConnections.add(runtime);
    return runtime;
  }

  #startExtension({ command, onExit }: Parameters<EnvironmentParts["startExtension"]>[0]) {
    const name = command.slice(command.lastIndexOf("/") + 1);
    const script = this.#script.extensions[Number(name.slice(1))];
    if (script === undefined) throw new Error(`there is no extension ${name}`);
    // Whatever goes wrong does so once, so that the environment comes to rest.
    const isFirst = this.#startCount === 0 && this.#extensions.every((other) => !other.isDead);
    const extension = new ScriptedExtension({
      name,
      script: isFirst ? script : { ...script, ...WELL_EXTENSION },
      api: this.#requireApi(),
      schedule: this.#schedule,
      onExit,
      onUnasked: () => this.losses.push(this.environment.phase),
    });
    this.#extensions.push(extension);
    return extension;
  }

  #requireApi(): ScriptedApi {
    if (this.#api === undefined) throw new Error("processes start when the API is there");
    return this.#api;
  }

  readonly #schedule: Schedule = (step, label) => {
    void this.#scheduler
      .schedule(Promise.resolve(), label)
      .then(step)
      .catch((error: unknown) => this.faults.push(`${label}: ${String(error)}`));
  };

  #settleDisconnected(): void {
    if (this.#openConnections.size > 0) return;
    const settle = this.#onDisconnected;
    this.#onDisconnected = [];
    for (const resolve of settle) this.#schedule(resolve, "the end of the connections is told");
  }

  #becameIdle(): void {
    if (this.stops.length > 0) this.faults.push("it became idle when it had ended");
    if (this.environment.phase !== "idle")
      this.faults.push(`${this.environment.phase} is not idle`);
    // Every other request comes at once, as from a queue, and the rest a moment later.
    if (this.#sentCount % 2 === 0) this.#sendIfFree();
    else this.#schedule(() => this.#sendIfFree(), "a request");
  }

  #sendIfFree(): void {
    const { phase } = this.environment;
    const isFree = phase === "idle" || (phase === "initialising" && this.#sentCount === 0);
    if (!isFree || this.#sentCount >= this.#script.requests) return;
    this.#sentCount += 1;
    const requestId = `r-${this.#sentCount}`;
    const invocation = {
      requestId,
      invokedArn: VERSION.functionArn,
      payload: Buffer.from("{}"),
    };
    void this.environment.invoke(invocation).then((outcome) => {
      this.outcomes.set(requestId, outcome);
      void outcome.logTail.then(() => this.tails.add(requestId));
    });
  }
}

/** Lets streams, promises and the log do what they do in their own time. */
async function turn(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}
