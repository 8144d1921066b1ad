import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MAIN = join(import.meta.dirname, "../packages/cli/src/main.ts");

/** A `pilotlight dev` in a process of its own, on free ports. */
export interface DevServer {
  readonly api: string;
  readonly aws: string;
  /** What the server has printed so far, line by line. */
  readonly lines: readonly string[];
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
}

/**
 * Starts `pilotlight dev` and waits for its ready line.
 *
 * @throws Error with the server's output when it ends before it is ready.
 */
export async function startDevServer(
  definition: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<DevServer> {
  const child = spawn(process.execPath, [MAIN, "dev", definition], {
    env: { ...process.env, PILOTLIGHT_API_PORT: "0", PILOTLIGHT_AWS_PORT: "0", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const ready = await new Promise<{ api: string; aws: string }>((settle, fail) => {
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line);
      if (line.startsWith('{"event":"ready"'))
        settle(JSON.parse(line) as { api: string; aws: string });
    });
    child.on("exit", () =>
      fail(new Error(`the server ended before it was ready:\n${lines.join("\n")}`)),
    );
  });
  return {
    api: ready.api,
    aws: ready.aws,
    lines,
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}
