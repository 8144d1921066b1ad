import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { afterEach, describe, expect, test } from "vitest";

import { startQueueServer, stopQueueServers } from "./testing/queue-server.ts";

const AWS_COMMAND = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "aws"))
  .find((path) => existsSync(path));

/** The command is a Python program, which a busy machine takes seconds to start. */
const PATIENCE_MS = 60_000;

afterEach(stopQueueServers);

describe.skipIf(AWS_COMMAND === undefined)(
  "sqsService (needs the aws command)",
  { timeout: PATIENCE_MS },
  () => {
    test("answers the aws command", async () => {
      const { url, directory, queues } = await startQueueServer();
      const aws = async (...words: string[]): Promise<string> => {
        const command = ["--endpoint-url", url, "sqs", ...words];
        const { stdout } = await promisify(execFile)(AWS_COMMAND ?? "aws", command, {
          env: {
            ...process.env,
            // Whatever configuration the user has stays out of the test.
            HOME: directory,
            AWS_CONFIG_FILE: join(directory, "no-config"),
            AWS_ACCESS_KEY_ID: "test",
            AWS_SECRET_ACCESS_KEY: "test",
            AWS_DEFAULT_REGION: "us-east-1",
          },
        });
        return stdout;
      };
      const queue = queues.create("jobs", { attributes: {}, tags: {} });
      queue.send({ body: "hello", attributes: {} });
      const received = aws("receive-message", "--queue-url", `${url}/000000000000/jobs`);
      // The two run at once, because each takes a while to start.
      const refused = aws("receive-message", "--queue-url", `${url}/000000000000/none`);
      await expect(refused).rejects.toThrow(
        "(AWS.SimpleQueueService.NonExistentQueue) when calling the ReceiveMessage operation: The specified queue does not exist.",
      );
      expect(JSON.parse(await received)).toMatchObject({ Messages: [{ Body: "hello" }] });
    });
  },
);
