import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  CreateFunctionCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  TooManyRequestsException,
} from "@aws-sdk/client-lambda";
import { type Emulator, scaledClock, startEmulator } from "@pilotlight/emulator";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { eventually } from "./support/eventually.ts";

/** Twenty processes start here, on machines that may be busy. */
const PATIENCE_MS = 60_000;

/** AWS's one to two minutes of preparation take one to two seconds. */
const SPEED = 60;

/** It answers when the file is there, so that requests that are sent together are there together. */
const HANDLER = `
import { existsSync } from "node:fs";
let count = 0;
export const handler = async ({ gate }) => {
  while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 10));
  count += 1;
  return { isFirst: count === 1, type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE };
};`;

interface Answer {
  readonly isFirst: boolean;
  readonly type: string;
}

interface Together {
  /** The file that the function waits for. */
  readonly gate: string;
  readonly qualifier: string | undefined;
}

describe("the concurrency of functions in real processes", () => {
  let directory: string;
  let emulator: Emulator;
  let client: LambdaClient;
  let gates = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "pilotlight-concurrency-"));
    emulator = await startEmulator({
      apiPort: 0,
      awsPort: 0,
      defaultFunction: "none",
      stateDirectory: directory,
      clock: scaledClock(SPEED),
      // Minutes of service time pass here, and no environment is to end meanwhile.
      keepAlive: { kind: "fixed", ms: 86_400_000 },
      lifetime: { kind: "fixed", ms: 86_400_000 },
    });
    client = new LambdaClient({
      endpoint: emulator.awsUrl,
      region: "us-east-1",
      credentials: { accessKeyId: "any", secretAccessKey: "any" },
      maxAttempts: 1,
    });
  }, PATIENCE_MS);

  afterAll(async () => {
    client.destroy();
    await emulator.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function createFunction(name: string): Promise<void> {
    await client.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Timeout: 30,
        Publish: true,
        Code: { ZipFile: zipSync({ "index.mjs": strToU8(HANDLER) }) },
      }),
    );
  }

  async function invoke(name: string, { gate, qualifier }: Together): Promise<Answer> {
    const { Payload } = await client.send(
      new InvokeCommand({
        FunctionName: name,
        Payload: JSON.stringify({ gate }),
        ...(qualifier === undefined ? {} : { Qualifier: qualifier }),
      }),
    );
    return JSON.parse(Buffer.from(Payload ?? []).toString("utf8")) as Answer;
  }

  /** Sends requests together; none is answered before so many run at the same time. */
  async function settledTogether(
    count: number,
    { name, qualifier, running = count }: { name: string; qualifier?: string; running?: number },
  ): Promise<PromiseSettledResult<Answer>[]> {
    gates += 1;
    const gate = join(directory, `gate-${gates}`);
    const invocations = Promise.allSettled(
      Array.from({ length: count }, () => invoke(name, { gate, qualifier })),
    );
    const isRunning = () => {
      return startsOf(name).filter(({ phase }) => phase === "invoking").length === running;
    };
    await eventually(`${running} requests that run together`, isRunning);
    await writeFile(gate, "");
    return await invocations;
  }

  async function invokeTogether(
    count: number,
    name: string,
    qualifier?: string,
  ): Promise<Answer[]> {
    const results = await settledTogether(count, {
      name,
      ...(qualifier === undefined ? {} : { qualifier }),
    });
    return results.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
  }

  const startsOf = (name: string) =>
    emulator.listEnvironments().filter((environment) => environment.function === name);

  test(
    "starts 20 environments for 20 requests together, and none for the next 20",
    async () => {
      await createFunction("burst");
      const first = await invokeTogether(20, "burst");
      expect(first.filter(({ isFirst }) => isFirst)).toHaveLength(20);
      expect(startsOf("burst")).toHaveLength(20);

      const second = await invokeTogether(20, "burst");
      expect(second.filter(({ isFirst }) => isFirst)).toEqual([]);
      expect(startsOf("burst")).toHaveLength(20);
    },
    PATIENCE_MS,
  );

  test(
    "serves 5 of 8 requests together from 5 provisioned environments, and 3 on demand",
    async () => {
      await createFunction("provisioned");
      const target = { FunctionName: "provisioned", Qualifier: "1" };
      await client.send(
        new PutProvisionedConcurrencyConfigCommand({
          ...target,
          ProvisionedConcurrentExecutions: 5,
        }),
      );
      await eventually("provisioned concurrency that is ready", async () => {
        const command = new GetProvisionedConcurrencyConfigCommand(target);
        return (await client.send(command)).Status === "READY";
      });
      expect(startsOf("provisioned").map(({ startedBy }) => startedBy)).toEqual(
        Array.from({ length: 5 }, () => "provisioned"),
      );

      const answers = await invokeTogether(8, "provisioned", "1");
      const types = answers.map(({ type }) => type).toSorted();
      expect(types).toEqual([
        ...Array.from({ length: 3 }, () => "on-demand"),
        ...Array.from({ length: 5 }, () => "provisioned-concurrency"),
      ]);
      const values = emulator
        .listMetrics()
        .filter(
          ({ functionName, qualifier }) => functionName === "provisioned" && qualifier === "1",
        )
        .flatMap(({ points }) => points.map((point) => point.values));
      expect(sumOf(values, "ProvisionedConcurrencyInvocations")).toBe(5);
      expect(sumOf(values, "ProvisionedConcurrencySpilloverInvocations")).toBe(3);
    },
    PATIENCE_MS,
  );

  test(
    "throttles the fourth request together of a function that has three reserved",
    async () => {
      await createFunction("reserved");
      await client.send(
        new PutFunctionConcurrencyCommand({
          FunctionName: "reserved",
          ReservedConcurrentExecutions: 3,
        }),
      );
      const results = await settledTogether(4, { name: "reserved", running: 3 });
      const refused = results.flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );
      expect(refused).toHaveLength(1);
      expect(refused[0]).toBeInstanceOf(TooManyRequestsException);
      expect(refused[0]).toMatchObject({
        Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
        $metadata: { httpStatusCode: 429 },
      });
    },
    PATIENCE_MS,
  );
});

function sumOf<Name extends string>(
  values: readonly Readonly<Partial<Record<Name, number>>>[],
  name: Name,
): number {
  return values.reduce((sum, value) => sum + (value[name] ?? 0), 0);
}
