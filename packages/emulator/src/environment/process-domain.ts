import path from "node:path";

import type { Timers } from "@pilotlight/core";

import type { RuntimeApi, ShutdownReason } from "../runtime-api/index.ts";
import { EXTENSIONS_MAX } from "../runtime-api/index.ts";
import type { ProcessExit } from "./outcome-text.ts";
import type { EnvironmentParts, Folders, RunningProcess, RunningRuntime } from "./parts.ts";
import type { CommandLine } from "./process-group.ts";
import type { RuntimeProcessOptions } from "./runtime-process.ts";
import { planShutdown, shutDown } from "./shutdown.ts";
import { extensionVariables } from "./variables.ts";

/** The end of a process that nobody asked for. */
export type Loss =
  | { readonly kind: "runtime"; readonly exit: ProcessExit }
  | {
      readonly kind: "extension";
      /** An extension that could not be started has not run at all. */
      readonly isLaunched: boolean;
      readonly exit: ProcessExit;
    };

export interface ProcessDomainOptions {
  readonly api: RuntimeApi;
  readonly clock: Timers;
  readonly parts: Pick<EnvironmentParts, "startRuntime" | "startExtension">;
  /** What the runtime is started with. */
  readonly runtime: Omit<RuntimeProcessOptions, "clock" | "onExit" | "wrap">;
  readonly folders: Folders | undefined;
  /** A process has started. */
  readonly onStarted: (pid: number | undefined) => void;
  /** The first end of a process that nobody asked for; it is the last news of this domain. */
  readonly onLoss: (loss: Loss) => void;
}

interface LaunchedExtension {
  readonly name: string;
  readonly group: RunningProcess;
}

/**
 * The processes of an environment, from one start to the next: the runtime and the external extensions,
 * which live and end together.
 *
 * The extensions start first, and the runtime when all of them have registered.
 */
export class ProcessDomain {
  readonly #options: ProcessDomainOptions;
  readonly #extensions: LaunchedExtension[] = [];
  #runtime: RunningRuntime | undefined;
  #ending: Promise<void> | undefined;
  #isLost = false;
  #isFrozen = false;

  constructor(options: ProcessDomainOptions) {
    this.#options = options;
    const { extensionPaths = [] } = options.folders ?? {};
    for (const file of extensionPaths) this.#launch(file);
    if (extensionPaths.length === 0) this.#startRuntime();
  }

  get runtime(): RunningRuntime | undefined {
    return this.#runtime;
  }

  /** Whether it takes part in nothing any more. */
  get isEnding(): boolean {
    return this.#isLost || this.#ending !== undefined;
  }

  /** Leaders of the process groups that run. */
  get pids(): number[] {
    return this.#groups().flatMap(({ pid, hasExited }) =>
      pid === undefined || hasExited ? [] : [pid],
    );
  }

  /** An extension has registered: when all have, the runtime starts. */
  extensionsChanged(): void {
    if (this.#runtime !== undefined || this.isEnding) return;
    if (this.#options.api.extensions.haveRegistered) this.#startRuntime();
  }

  signal(signal: NodeJS.Signals): void {
    for (const group of this.#groups()) group.signal(signal);
  }

  /** Stops all processes where they are; what they wait for goes on. */
  freeze(): void {
    this.#isFrozen = true;
    this.signal("SIGSTOP");
  }

  /** Lets frozen processes go on. */
  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.signal("SIGCONT");
  }

  /** Settles when the runtime has ended and all that it wrote has been read. */
  get runtimeGone(): Promise<void> {
    return this.#runtime?.gone ?? Promise.resolve();
  }

  /**
   * Ends what runs, with the time that its extensions give it.
   *
   * @returns Settles when nothing is left and all that was written has been read.
   */
  shutDown(reason: ShutdownReason, budgetMsMax?: number): Promise<void> {
    this.#ending ??= this.#end(reason, budgetMsMax);
    return this.#ending;
  }

  /** Gives a shutdown phase that is under way no more than this. */
  hurry(budgetMsMax: number): void {
    const cancel = this.#options.clock.after(budgetMsMax, () => this.signal("SIGKILL"));
    void this.#ending?.then(cancel);
  }

  async #end(reason: ShutdownReason, budgetMsMax: number | undefined): Promise<void> {
    const { api, clock } = this.#options;
    const plan = planShutdown(api.extensions, budgetMsMax);
    if (plan.totalMs === 0) this.signal("SIGKILL");
    this.thaw();
    await shutDown(
      {
        runtime: this.#runtime,
        extensions: this.#extensions,
        tell: (name, event) => api.extensions.shutDown(name, event),
      },
      { plan, reason, clock },
    );
    await Promise.all(this.#groups().map((group) => group.gone));
  }

  #groups(): RunningProcess[] {
    const groups = this.#extensions.map(({ group }) => group);
    return this.#runtime === undefined ? groups : [this.#runtime, ...groups];
  }

  #startRuntime(): void {
    const { runtime, clock, api, parts } = this.#options;
    this.#runtime = parts.startRuntime({
      ...runtime,
      clock,
      wrap: (command) => this.#wrapped(command),
      onExit: (exit) => this.#lost({ kind: "runtime", exit }),
    });
    this.#options.onStarted(this.#runtime.pid);
    const { channel } = this.#runtime;
    if (channel !== undefined) api.connect(channel);
  }

  #launch(file: string): void {
    const { api, clock, runtime, parts } = this.#options;
    const name = path.basename(file);
    api.extensions.launch(name);
    if (this.#extensions.length >= EXTENSIONS_MAX) {
      queueMicrotask(() => this.#unlaunchable(name, "ErrTooManyExtensions"));
      return;
    }
    const group = parts.startExtension({
      ...this.#wrapped({ command: file, args: [] }),
      directory: "/",
      variables: extensionVariables(runtime.variables),
      stdio: ["ignore", "pipe", "pipe"],
      clock,
      onLog: runtime.onLog,
      onExit: (exit) => {
        if (exit.kind === "unstartable") this.#unlaunchable(name, launchError(file, exit.reason));
        else this.#lost({ kind: "extension", isLaunched: true, exit });
      },
    });
    this.#extensions.push({ name, group });
    this.#options.onStarted(group.pid);
  }

  #wrapped(command: CommandLine): CommandLine {
    return this.#options.folders?.wrap(command) ?? command;
  }

  #unlaunchable(name: string, reason: string): void {
    const isDenied = reason.endsWith("permission denied");
    const isTooMany = reason === "ErrTooManyExtensions";
    const errorType = isDenied
      ? "PermissionDenied"
      : isTooMany
        ? "TooManyExtensions"
        : "UnknownError";
    this.#options.api.extensions.unlaunchable(name, errorType);
    this.#lost({ kind: "extension", isLaunched: false, exit: { kind: "unstartable", reason } });
  }

  #lost(loss: Loss): void {
    if (this.isEnding) return;
    this.#isLost = true;
    this.#options.onLoss(loss);
  }
}

/** AWS's own words for what the system says. */
function launchError(file: string, reason: string): string {
  const text = reason.includes("EACCES")
    ? "permission denied"
    : reason.includes("ENOENT")
      ? "no such file or directory"
      : reason;
  return `fork/exec /opt/extensions/${path.basename(file)}: ${text}`;
}
