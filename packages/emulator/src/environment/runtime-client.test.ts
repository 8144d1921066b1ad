import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, describe, expect, test } from "vitest";

const CLIENT = path.join(import.meta.dirname, "runtime-client.cjs");
const LOG_MARK = Buffer.from("504c4d4b".padEnd(32, "0"), "hex").toString("latin1");

const folder = mkdtempSync(path.join(tmpdir(), "pilotlight-client-"));
const main = path.join(folder, "main.cjs");
// What aws-lambda-ric does: it reads the variable, and loads its native module once.
writeFileSync(
  main,
  `console.log(process.env._LAMBDA_TELEMETRY_LOG_FD ?? "stdout");
  const client = require("./rapid-client.node");
  console.log(Object.keys(client).join());
  client.next().catch((error) => console.log(error.message || error.code));`,
);

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the client through a shell that ends with `redirections`; gives the lines of output and log. */
async function run(redirections: string, variables: Record<string, string> = {}) {
  const command = `exec "$@" ${redirections}`;
  const child = spawn("/bin/sh", ["-c", command, "sh", process.execPath, "-r", CLIENT, main], {
    // Nothing listens at this address: what goes there is refused at once.
    env: { _LAMBDA_TELEMETRY_LOG_FD: "3", AWS_LAMBDA_RUNTIME_API: "127.0.0.1:1", ...variables },
    stdio: ["ignore", "pipe", "inherit", "pipe", "pipe", "pipe"],
  });
  const [, output, , log, , channel] = child.stdio as unknown as NodeJS.ReadableStream[];
  if (output === undefined || log === undefined || channel === undefined)
    throw new Error("no pipe");
  // The end of the channel ends a call of next that waits for its event.
  const asked = new Promise<string>((resolve) => {
    channel.once("data", (bytes: Buffer) => {
      (channel as unknown as { destroy(): void }).destroy();
      resolve(bytes.toString("latin1"));
    });
    channel.once("end", () => resolve(""));
  });
  const [lines, logged] = await Promise.all([text(output), text(log)]);
  return { lines: lines.trimEnd().split("\n"), logged, asked: await asked };
}

describe("the runtime client", () => {
  test("marks the log and asks over the channel", async () => {
    const { lines, logged, asked } = await run("");
    expect(lines).toEqual(["3", "next,done,error", expect.stringContaining("channel closed")]);
    expect(logged).toBe(LOG_MARK);
    expect(asked).toContain("marked");
  });

  test("sends the log to standard output where a wrapper has closed its descriptor", async () => {
    const { lines, logged, asked } = await run("3>&-");
    expect(lines.slice(0, 2)).toEqual(["stdout", "next,done,error"]);
    expect(logged).toBe("");
    expect(asked).not.toContain("marked");
  });

  test("does the same where the descriptor is another file", async () => {
    expect((await run("3</dev/null")).lines[0]).toBe("stdout");
  });

  test.each([
    ["the channel's descriptor is closed", "5>&-", {}],
    ["a wrapper may stand in between", "", { AWS_LAMBDA_EXEC_WRAPPER: "/usr/bin/env" }],
  ])("asks by HTTP where %s", async (_what, redirections, variables) => {
    const { lines, logged, asked } = await run(redirections, variables);
    expect(lines).toEqual(["3", "next,done,error", expect.stringContaining("ECONNREFUSED")]);
    expect([logged, asked]).toEqual([LOG_MARK, ""]);
  });

  test("stays away from processes that the function starts", async () => {
    const child = spawn(
      process.execPath,
      [
        "-r",
        CLIENT,
        "-e",
        'try { require("./rapid-client.node"); } catch { console.log("none"); }',
      ],
      { env: {}, stdio: ["ignore", "pipe", "inherit"] },
    );
    expect(await text(child.stdout)).toBe("none\n");
  });
});
