import type { ContainerHost, ContainerProcess } from "../contract.ts";

/** A process that does what a test says. */
export class ScriptedProcess implements ContainerProcess {
  readonly pid: number;
  readonly port: number;
  readonly gone: Promise<void>;
  /** Whether it answers health checks. */
  isWell = true;
  /** Whether it ends when it is asked to. */
  isObedient = true;
  isRunning = true;
  terminations = 0;
  readonly #onExit: (reason: string) => void;
  readonly #resolveGone: () => void;

  constructor(port: number, onExit: (reason: string) => void) {
    this.pid = port;
    this.port = port;
    this.#onExit = onExit;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#resolveGone = resolve;
  }

  terminate(): void {
    this.terminations += 1;
    if (this.isObedient) this.exit("exited with status 0");
  }

  kill(): void {
    this.exit("was ended by SIGKILL");
  }

  exit(reason: string): void {
    if (!this.isRunning) return;
    this.isRunning = false;
    this.#resolveGone();
    this.#onExit(reason);
  }
}

/** A host without processes. */
export class ScriptedHost implements ContainerHost {
  readonly processes: ScriptedProcess[] = [];
  /** What new processes are like. */
  next: { isWell?: boolean; isObedient?: boolean } = {};
  #port = 10_000;

  get running(): ScriptedProcess[] {
    return this.processes.filter(({ isRunning }) => isRunning);
  }

  freePort(): Promise<number> {
    this.#port += 1;
    return Promise.resolve(this.#port);
  }

  start({ port, onExit }: Parameters<ContainerHost["start"]>[0]): ScriptedProcess {
    const started = new ScriptedProcess(port, onExit);
    Object.assign(started, this.next);
    this.processes.push(started);
    return started;
  }

  check(url: string): Promise<boolean> {
    const { port } = new URL(url);
    const process = this.processes.find((candidate) => String(candidate.port) === port);
    return Promise.resolve(process !== undefined && process.isRunning && process.isWell);
  }
}
