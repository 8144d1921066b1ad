import { tmpdir } from "node:os";

import type { Timers } from "@pilotlight/core";

import type { RuntimeApi, RuntimeApiListener, ShutdownReason } from "../runtime-api/index.ts";
import { EnvironmentMemory } from "./environment-memory.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import { strikeInvocation } from "./fault-effect.ts";
import type { Flight } from "./flight.ts";
import { FunctionLog } from "./function-log.ts";
import { functionIdentity, logStreamName } from "./names.ts";
import type { EnvironmentParts, Folders } from "./parts.ts";
import { type Loss, ProcessDomain } from "./process-domain.ts";
import { DRAIN_MS_MAX } from "./process-group.ts";
import { Readiness } from "./readiness.ts";
import { extensionLines, initReportLines, initStartLines } from "./platform-lines.ts";
import type { Status } from "./report.ts";
import { environmentVariables } from "./variables.ts";

/** What a sandbox tells its environment. */
export interface SandboxListener extends Pick<
  RuntimeApiListener,
  "onAnswer" | "onStream" | "onInitError"
> {
  /** The processes wait for an event. */
  onReady(domain: ProcessDomain): void;
  /** A process has ended that nobody has asked to. */
  onLoss(domain: ProcessDomain, loss: Loss): void;
  onLog(line: string): void;
}

export interface SandboxOptions {
  readonly id: string;
  readonly environment: EnvironmentOptions;
  readonly clock: Timers;
  readonly parts: EnvironmentParts;
  readonly listener: SandboxListener;
}

/**
 * Where the processes of an environment run, one domain of them after the other: the Runtime API, the
 * folders, the memory and the log.
 */
export class Sandbox {
  readonly log: FunctionLog;
  readonly memory: EnvironmentMemory;
  readonly #options: SandboxOptions;
  readonly #api: RuntimeApi;
  readonly #readiness: Readiness;
  readonly #logStreamName: string;
  #address = "";
  #folders: Folders | undefined;
  #domain: ProcessDomain | undefined;

  constructor(options: SandboxOptions) {
    this.#options = options;
    const { id, environment, clock, parts, listener } = options;
    const { version, memoryLimit = "watchdog" } = environment;
    this.#logStreamName = logStreamName(version.version, clock.epochMs());
    this.log = new FunctionLog(
      (line) => listener.onLog(line),
      () => this.#domain?.runtime?.flushLines(),
    );
    this.memory = new EnvironmentMemory({
      name: id,
      limitMb: version.memoryMb,
      limit: memoryLimit,
      clock,
      onTrouble: (line) => listener.onLog(line),
    });
    this.#api = parts.openApi(this.#apiListener(listener), functionIdentity(version));
    this.#readiness = new Readiness(this.#api.extensions, () => this.#advance());
  }

  /** What runs now. */
  get domain(): ProcessDomain | undefined {
    return this.#domain;
  }

  /** The error that an extension told before it ended. */
  get toldError() {
    return this.#api.extensions.toldError;
  }

  /** Makes ready for processes. */
  async prepare(): Promise<void> {
    const { parts, environment, listener } = this.#options;
    const making = parts.makeFolders(environment, (line) => listener.onLog(line));
    const [listening, made] = await Promise.allSettled([this.#api.listen(), making]);
    // What there is must be known where the other one fails, so that it is cleared away.
    if (made.status === "fulfilled") this.#folders = made.value;
    if (listening.status === "fulfilled") this.#address = listening.value;
    const failed = [listening, made].find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  startDomain(): ProcessDomain {
    const { parts, environment, clock, listener } = this.#options;
    const { version, endpointUrl, initializationType = "on-demand" } = environment;
    const at = { epochMs: clock.epochMs(), initializationType };
    for (const line of initStartLines(version, at)) this.log.write(line);
    const domain: ProcessDomain = new ProcessDomain({
      api: this.#api,
      clock,
      parts,
      runtime: {
        handler: version.handler,
        directory: version.codeDirectory,
        variables: environmentVariables({
          version,
          runtimeApi: this.#address,
          logStreamName: this.#logStreamName,
          temporaryDirectory: this.#folders?.temporaryDirectory ?? tmpdir(),
          optDirectory: this.#folders?.optDirectory,
          initializationType,
          endpointUrl,
        }),
        onLog: (line) => this.log.write(line),
        onLogMark: () => this.#readiness.logMarked(),
      },
      folders: this.#folders,
      onStarted: (pid) => this.memory.add(pid),
      onLoss: (loss) => listener.onLoss(domain, loss),
    });
    this.#domain = domain;
    this.memory.watch(domain);
    return domain;
  }

  /** Gives an invocation to processes that wait for one. */
  offer(flight: Flight, domain: ProcessDomain): void {
    this.#readiness.taken();
    domain.thaw();
    this.memory.watch(domain);
    strikeInvocation(domain, flight.fault);
    this.#api.offer(flight.event);
  }

  /** Lets the processes wait, still where the environment freezes. */
  rest(): void {
    this.memory.unwatch();
    if (this.#options.environment.freezes === true) this.#domain?.freeze();
  }

  /** Settles when all that a runtime sent before it ended has been read. */
  async drained(domain: ProcessDomain): Promise<void> {
    await Promise.all([domain.runtimeGone, this.#disconnected()]);
  }

  /** Ends processes; settles when nothing of them is on its way any more. */
  async shutDown(domain: ProcessDomain, reason: ShutdownReason): Promise<void> {
    await domain.shutDown(reason);
    await this.#disconnected();
  }

  /** Forgets processes that have ended. */
  clear(): void {
    if (!this.#readiness.isInitialised) this.#logExtensions();
    this.#domain = undefined;
    this.#readiness.reset();
    this.#api.reset();
  }

  /** Tells of an init phase that went wrong. */
  logInitFailure(failure: { readonly durationMs: number; readonly status: Status }): void {
    const { environment, clock } = this.#options;
    const { version, initializationType = "on-demand" } = environment;
    const at = { epochMs: clock.epochMs(), initializationType, ...failure };
    for (const line of initReportLines(version, at)) this.log.write(line);
  }

  /** Removes all there is, when no process is left. */
  async close(): Promise<void> {
    this.log.flush();
    this.#domain = undefined;
    this.memory.close();
    await this.#api.close();
    await this.#folders?.remove();
  }

  #apiListener(listener: SandboxListener): RuntimeApiListener {
    return {
      onNext: (isLogMarked) => this.#readiness.nextAsked(isLogMarked),
      onAnswer: (answer) => listener.onAnswer(answer),
      onStream: (head) => listener.onStream(head),
      onInitError: (payload) => listener.onInitError(payload),
      onExtensionChange: () => {
        this.#domain?.extensionsChanged();
        this.#advance();
      },
    };
  }

  /** Goes on when the runtime and the extensions that have a part in it wait for the next event. */
  #advance(): void {
    const domain = this.#domain;
    // A process that ended right after it asked will take nothing any more.
    if (domain === undefined || domain.isEnding || !this.#readiness.isComplete) return;
    if (!this.#readiness.isInitialised) {
      this.#readiness.initialised();
      this.#logExtensions();
    }
    this.#options.listener.onReady(domain);
  }

  #logExtensions(): void {
    const { environment, clock } = this.#options;
    const extensions = this.#api.extensions.summaries();
    const at = { epochMs: clock.epochMs(), extensions };
    for (const line of extensionLines(environment.version, at)) this.log.write(line);
  }

  /** A process that has left its group may keep its connection, which then holds up nobody. */
  async #disconnected(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(DRAIN_MS_MAX, resolve);
    await Promise.race([this.#api.disconnected(), promise]);
    cancel();
  }
}
