import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { EventEmitter } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";

import type {
  ExecutionEnvironment,
  FunctionVersion,
  Invocation,
  InvocationOutcome,
  LogSettings,
} from "../contract.ts";
import type { EnvironmentOptions } from "../environment-options.ts";
import { startEnvironment } from "../environment.ts";

/** What a test says about its function; `files` maps names to contents. */
export interface FunctionSketch {
  readonly files: Readonly<Record<string, string>>;
  readonly handler?: string;
  readonly timeoutSec?: number;
  readonly variables?: Readonly<Record<string, string>>;
  readonly memoryMb?: number;
  readonly logging?: LogSettings;
  /** Files of a layer, by their names under /opt. */
  readonly layer?: Readonly<Record<string, string>>;
  readonly options?: Partial<EnvironmentOptions>;
}

type InvocationExtra = Pick<Invocation, "clientContext" | "traceId" | "responseSink" | "fault">;

/** An outcome as a test reads it. */
export interface ReadOutcome extends Omit<InvocationOutcome, "payload" | "logTail"> {
  readonly value: unknown;
  readonly text: string;
  readonly tail: string;
}

/** A small function in a folder of its own, and one environment of it. */
export class FunctionUnderTest {
  readonly environment: ExecutionEnvironment;
  readonly lines: string[] = [];
  readonly stops: string[] = [];
  readonly #folder: string;
  readonly #events = new EventEmitter();
  #requestCount = 0;

  static async start(sketch: FunctionSketch): Promise<FunctionUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), "pilotlight-test-"));
    await writeFiles(path.join(folder, "task"), sketch.files);
    await writeFiles(path.join(folder, "layer"), sketch.layer ?? {});
    return new FunctionUnderTest(folder, sketch);
  }

  private constructor(folder: string, sketch: FunctionSketch) {
    this.#folder = folder;
    const version: FunctionVersion = {
      functionName: "f",
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
      version: "$LATEST",
      handler: sketch.handler ?? "index.handler",
      codeDirectory: path.join(folder, "task"),
      memoryMb: sketch.memoryMb ?? 128,
      timeoutSec: sketch.timeoutSec ?? 10,
      variables: sketch.variables ?? {},
      nodePath: [],
      logging: sketch.logging,
      ...(sketch.layer !== undefined && { layerDirectories: [path.join(folder, "layer")] }),
    };
    this.environment = startEnvironment({
      version,
      listener: {
        onIdle: () => this.#events.emit("idle"),
        onStopped: (_environment, cause) => {
          this.stops.push(cause);
          this.#events.emit("stopped");
        },
        onLog: (_environment, line) => this.lines.push(line),
      },
      ...sketch.options,
    });
  }

  /** Waits for the environment to be idle. */
  async idle(): Promise<void> {
    while (this.environment.phase !== "idle") await once(this.#events, "idle");
  }

  /** Waits for the environment to end by itself. */
  async stopped(): Promise<void> {
    while (this.stops.length === 0) await once(this.#events, "stopped");
  }

  /** Invokes and waits until the environment is free again. */
  async invoke(event: unknown = {}, extra: InvocationExtra = {}): Promise<ReadOutcome> {
    const outcome = await this.send(event, extra);
    const { payload, logTail, ...rest } = outcome;
    await this.idle();
    const text = Buffer.from(payload).toString("utf8");
    const tail = Buffer.from(await logTail).toString("utf8");
    const value: unknown = text === "" ? undefined : JSON.parse(text);
    return { ...rest, text, value, tail };
  }

  /** Invokes and waits for the outcome only. */
  send(event: unknown = {}, extra: InvocationExtra = {}): Promise<InvocationOutcome> {
    this.#requestCount += 1;
    return this.environment.invoke({
      requestId: `r-${this.#requestCount}`,
      invokedArn: this.environment.version.functionArn,
      payload: Buffer.from(JSON.stringify(event)),
      ...extra,
    });
  }

  async end(): Promise<void> {
    await this.environment.stop("the test is over", { budgetMsMax: 0 });
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content, { mode: 0o755 });
  }
}
