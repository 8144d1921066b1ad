import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualClock } from "@pilotlight/core/testing";
import { strToU8, zipSync } from "fflate";

import { type Emulator, startEmulator } from "../emulator.ts";
import { ScriptedEnvironment } from "./scripted-environment.ts";

/** Two deployment packages that differ, base64. */
export const ZIP = zipOf("export {};");
export const OTHER_ZIP = zipOf("export { };");

export const ARN = "arn:aws:lambda:us-east-1:000000000000:function:";
export const FUNCTIONS = "/2015-03-31/functions";

const cleanUps: (() => Promise<unknown> | void)[] = [];

/** Stops every emulator that a test has started. */
export async function stopScriptedEmulators(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
}

/** An emulator without processes, in virtual time: its functions echo, or answer when the test says so. */
export async function startScriptedEmulator({ isManual = false, concurrencyMax = 10 } = {}) {
  const stateDirectory = mkdtempSync(join(tmpdir(), "pilotlight-api-"));
  const clock = new VirtualClock();
  const environments: ScriptedEnvironment[] = [];
  const emulator = await startEmulator({
    apiPort: 0,
    awsPort: 0,
    defaultFunction: "echo",
    stateDirectory,
    clock,
    concurrencyMax,
    startEnvironment: ({ version, listener }) => {
      const environment = isManual
        ? new ScriptedEnvironment(version, listener)
        : new EchoEnvironment(version, listener);
      environments.push(environment);
      return environment;
    },
  });
  cleanUps.push(
    () => rmSync(stateDirectory, { recursive: true }),
    () => emulator.stop(),
  );
  return { emulator, clock, environments, call: caller(emulator) };
}

/** Members of a CreateFunction request. */
export const newFunction = (name: string, more: Record<string, unknown> = {}) => ({
  FunctionName: name,
  Runtime: "nodejs24.x",
  Handler: "index.handler",
  Role: "arn:aws:iam::000000000000:role/any",
  Code: { ZipFile: ZIP },
  ...more,
});

class EchoEnvironment extends ScriptedEnvironment {
  override invoke(...[invocation]: Parameters<ScriptedEnvironment["invoke"]>) {
    const outcome = super.invoke(invocation);
    setImmediate(() => {
      this.answer(Buffer.from(invocation.payload).toString());
      setImmediate(() => this.free());
    });
    return outcome;
  }
}

interface Answer {
  readonly status: number;
  readonly errorType: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** Members of a JSON object; none for any other text. */
  readonly body: Record<string, unknown>;
}

function caller({ awsUrl }: Emulator) {
  return async (
    line: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const [method = "", path = ""] = line.split(" ");
    const response = await fetch(awsUrl + path, {
      method,
      headers,
      ...(body === undefined
        ? {}
        : { body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      errorType: response.headers.get("x-amzn-errortype"),
      headers: response.headers,
      text,
      body: text.startsWith("{") ? JSON.parse(text) : {},
    };
  };
}

function zipOf(code: string): string {
  return Buffer.from(zipSync({ "index.mjs": strToU8(code) })).toString("base64");
}
