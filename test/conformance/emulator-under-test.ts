import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Emulator, scaledClock, startEmulator } from "@pilotlight/emulator";
import { vi } from "vitest";

import { type DeploymentPackage, packageOf, zipped } from "./deployment-package.ts";
import type { HttpReply } from "./http-reply.ts";
import { callAws, type AwsCall, operation } from "./aws-call.ts";

/** The function behind the HTTP API. */
const HTTP_API_FUNCTION = "conformance-http-api";

const RUNTIME = "nodejs24.x";
const ROLE = "arn:aws:iam::000000000000:role/conformance";

/** Longest wait for something that has been caused already; a busy machine may need seconds. */
const WAIT_MS_MAX = 20_000;
const WAIT_INTERVAL_MS = 10;

/** Waits until `look` no longer throws, and gives what it gives. */
export function eventually<Value>(look: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(look, { timeout: WAIT_MS_MAX, interval: WAIT_INTERVAL_MS });
}

/** One emulator for all cases, with its log; each case has functions of its own in it. */
export class EmulatorUnderTest {
  readonly #emulator: Emulator;
  readonly #directory: string;
  readonly #logs: ReadonlyMap<string, string[]>;

  private constructor(parts: {
    emulator: Emulator;
    directory: string;
    logs: ReadonlyMap<string, string[]>;
  }) {
    this.#emulator = parts.emulator;
    this.#directory = parts.directory;
    this.#logs = parts.logs;
  }

  /**
   * Starts it on free ports, with a function behind its HTTP API.
   *
   * @param speed - Of its service time.
   */
  static async start(speed = 1): Promise<EmulatorUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), "pilotlight-conformance-"));
    const logs = new Map<string, string[]>();
    const emulator = await startEmulator({
      apiPort: 0,
      awsPort: 0,
      defaultFunction: HTTP_API_FUNCTION,
      stateDirectory: directory,
      clock: scaledClock(speed),
      onLog: ({ functionName, line }) => {
        const lines = logs.get(functionName) ?? [];
        logs.set(functionName, lines);
        lines.push(line);
      },
    });
    const started = new EmulatorUnderTest({ emulator, directory, logs });
    await started.create(HTTP_API_FUNCTION, { code: packageOf("http-api.handler") });
    return started;
  }

  get awsUrl(): string {
    return this.#emulator.awsUrl;
  }

  get apiUrl(): string {
    return this.#emulator.apiUrl;
  }

  call(call: AwsCall): Promise<HttpReply> {
    return callAws(this.#emulator.awsUrl, call);
  }

  /** Creates a function and waits until it is active. */
  async create(
    functionName: string,
    { code, settings = {} }: { code: DeploymentPackage; settings?: object },
  ): Promise<HttpReply> {
    const params = { FunctionName: functionName, ...creationDefaults(code), ...settings };
    const reply = await this.call(operation("CreateFunction", params));
    if (reply.status !== 201) throw new Error(`CreateFunction: ${reply.status} ${reply.text}`);
    await this.settled(functionName);
    return reply;
  }

  /** Waits until neither a creation nor an update of the function is in progress. */
  async settled(functionName: string): Promise<void> {
    await eventually(async () => {
      const reply = await this.call(operation("GetFunction", { FunctionName: functionName }));
      const { Configuration } = reply.json as { Configuration?: FunctionState };
      const { State, LastUpdateStatus } = Configuration ?? {};
      if (State !== "Active" || LastUpdateStatus !== "Successful") {
        throw new Error(`the function is not ready: ${reply.text}`);
      }
    });
  }

  /** All lines of the function's log so far. */
  log(functionName: string): readonly string[] {
    return this.#logs.get(functionName) ?? [];
  }

  async stop(): Promise<void> {
    await this.#emulator.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface FunctionState {
  readonly State?: string;
  readonly LastUpdateStatus?: string;
}

/** What CreateFunction needs and the cases leave out. */
export function creationDefaults(code: DeploymentPackage): Readonly<Record<string, unknown>> {
  return {
    Role: ROLE,
    Runtime: RUNTIME,
    Handler: code.handler,
    Code: { ZipFile: zipped(code) },
  };
}
