import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

const CLIENT = join(
  import.meta.dirname,
  "../../packages/emulator/src/environment/runtime-client.cjs",
);

/**
 * Milliseconds from the start of a Node with AWS's runtime client and the trivial function to its first answer, against
 * a Runtime API that does nothing but give one event and take the answer: the floor of a cold start.
 */
export async function bareColdStartMs(): Promise<number> {
  const { promise: answered, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === "GET") {
      response.writeHead(200, {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "1",
        "Lambda-Runtime-Deadline-Ms": String(Date.now() + 6_000),
        "Lambda-Runtime-Invoked-Function-Arn":
          "arn:aws:lambda:us-east-1:000000000000:function:trivial",
      });
      response.end("{}");
      return;
    }
    resolve(performance.now());
    response.writeHead(202).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const startMs = performance.now();
  const child = spawn(process.execPath, ["--require", CLIENT, runtimePath(), "index.handler"], {
    cwd: join(import.meta.dirname, "trivial-function"),
    stdio: "ignore",
    env: variables((server.address() as AddressInfo).port),
  });
  const exited = once(child, "exit");
  void exited.then(() => reject(new Error("the bare runtime ended before it answered")));
  const endMs = await answered;
  child.kill("SIGKILL");
  await exited;
  server.closeAllConnections();
  server.close();
  return endMs - startMs;
}

function runtimePath(): string {
  const emulator = join(import.meta.dirname, "../../packages/emulator/package.json");
  return createRequire(emulator).resolve("aws-lambda-ric");
}

/** What AWS's runtime client asks for. */
function variables(port: number): Record<string, string> {
  return {
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_LAMBDA_FUNCTION_NAME: "trivial",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/trivial",
    AWS_LAMBDA_LOG_STREAM_NAME: "stream",
    LAMBDA_TASK_ROOT: join(import.meta.dirname, "trivial-function"),
    _HANDLER: "index.handler",
    // It makes the client take the place of AWS's native one; there is no such descriptor, so it speaks HTTP.
    _LAMBDA_TELEMETRY_LOG_FD: "3",
  };
}
