import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { S3UnderTest } from "./testing/s3-under-test.ts";

const AWS_COMMAND = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "aws"))
  .find((path) => existsSync(path));

/** The command is a Python program, which a busy machine takes seconds to start. */
const PATIENCE_MS = 60_000;

/** The command uploads in parts what is larger than 8 MiB. */
const LARGE_BYTES = 9_000_000;

let s3: S3UnderTest;
beforeEach(async () => {
  s3 = new S3UnderTest();
  await s3.start();
});
afterEach(() => s3.end());

describe.skipIf(AWS_COMMAND === undefined)(
  "s3Service (needs the aws command)",
  { timeout: PATIENCE_MS },
  () => {
    test("answers aws s3 and aws s3api", async () => {
      const folder = join(s3.directory, "files");
      mkdirSync(folder);
      const aws = async (...words: string[]): Promise<string> => {
        const command = ["--endpoint-url", s3.url, ...words];
        const { stdout } = await promisify(execFile)(AWS_COMMAND ?? "aws", command, {
          cwd: folder,
          env: {
            ...process.env,
            // Whatever configuration the user has stays out of the test.
            HOME: folder,
            AWS_CONFIG_FILE: join(folder, "no-config"),
            AWS_ACCESS_KEY_ID: "test",
            AWS_SECRET_ACCESS_KEY: "test",
            AWS_DEFAULT_REGION: "us-east-1",
          },
        });
        return stdout;
      };
      const bytes = randomBytes(LARGE_BYTES);
      writeFileSync(join(folder, "large"), bytes);
      writeFileSync(join(folder, "a b.txt"), "small");
      await aws("s3", "mb", "s3://files");
      await aws("s3", "sync", ".", "s3://files/in");
      const [head] = await Promise.all([
        aws("s3api", "head-object", "--bucket", "files", "--key", "in/a b.txt"),
        aws("s3", "cp", "s3://files/in/large", "back"),
      ]);
      expect(readFileSync(join(folder, "back")).equals(bytes)).toBe(true);
      expect(JSON.parse(head)).toMatchObject({ ContentType: "text/plain", ContentLength: 5 });
    });
  },
);
