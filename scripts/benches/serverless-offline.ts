import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { lambdaServer, type LambdaServer } from "./lambda-server.ts";

/** The last major version that runs with the free serverless 3; 14 needs a licensed installer. */
const PACKAGES = ["serverless@3.40.0", "serverless-offline@13.10.1"] as const;
const INSTALL_MS_MAX = 240_000;
const START_MS_MAX = 60_000;

/** A server, or in a sentence why there is none. */
export type Peer = { readonly server: LambdaServer } | { readonly absent: string };

/** Installs serverless-offline in a temporary folder and starts it with so many equal functions. */
export async function startServerlessOffline(functionCount: number): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), "pilotlight-bench-peer-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await install(folder);
    const server = await start(folder, functionCount);
    return {
      server: {
        ...server,
        async [Symbol.asyncDispose]() {
          await server[Symbol.asyncDispose]();
          await remove();
        },
      },
    };
  } catch (error) {
    await remove();
    return { absent: error instanceof Error ? error.message : String(error) };
  }
}

async function install(folder: string): Promise<void> {
  await writeFile(join(folder, "package.json"), '{"private":true}');
  const child = spawn(
    "npm",
    ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...PACKAGES],
    { cwd: folder, stdio: "ignore", timeout: INSTALL_MS_MAX },
  );
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`npm install ${PACKAGES.join(" ")} did not succeed`);
}

async function start(folder: string, functionCount: number): Promise<LambdaServer> {
  const [httpPort, lambdaPort] = [await freePort(), await freePort()];
  const indices = Array.from({ length: functionCount }, (_, index) => index);
  await cp(join(import.meta.dirname, "trivial-function"), folder, {
    recursive: true,
    force: false,
  });
  // YAML reads JSON.
  const configuration = {
    service: "bench",
    frameworkVersion: "3",
    provider: { name: "aws", runtime: "nodejs20.x" },
    plugins: ["serverless-offline"],
    functions: Object.fromEntries(
      indices.map((index) => [`trivial${index}`, { handler: "index.handler" }]),
    ),
    custom: { "serverless-offline": { host: "127.0.0.1", httpPort, lambdaPort } },
  };
  await writeFile(join(folder, "serverless.yml"), JSON.stringify(configuration));
  const child = spawn(
    process.execPath,
    [join(folder, "node_modules/serverless/bin/serverless.js"), "offline", "start"],
    {
      cwd: folder,
      stdio: "ignore",
      env: { ...process.env, SLS_TELEMETRY_DISABLED: "1", SLS_NOTIFICATIONS_MODE: "off" },
    },
  );
  const address = `http://127.0.0.1:${lambdaPort}`;
  const server = lambdaServer(child, (index) => {
    return `${address}/2015-03-31/functions/bench-dev-trivial${index}/invocations`;
  });
  try {
    await untilAnswered(address);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function untilAnswered(address: string): Promise<void> {
  const endMs = performance.now() + START_MS_MAX;
  for (;;) {
    // Any answer will do; the address is refused until the server is up.
    const isUp = await fetch(address).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    if (performance.now() > endMs) throw new Error("serverless-offline did not start");
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
