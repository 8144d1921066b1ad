import type { CaseValue } from "../case-file.ts";
import { type CaseRun, requestIdOf } from "../case-run.ts";
import { packageOf } from "../deployment-package.ts";
import { eventually } from "../emulator-under-test.ts";
import { operation } from "../aws-call.ts";
import type { Scenario } from "../scenario.ts";
import { withParams } from "../step-changes.ts";

/** AWS prepares provisioned concurrency for one to two minutes: one to two seconds. */
const SPEED = 60;

/** A case that takes all of the account has an emulator of its own: one of another speed. */
const OWN_SPEED = 59;

/** The emulator's account runs 256 invocations at once, of which a tenth stays unreserved: docs/emulator-fidelity.md. */
const ACCOUNT = {
  concurrent_executions: 256,
  "concurrent_executions + 1": 257,
  max_reserved_concurrent_executions: 231,
};

const echo = packageOf("echo.handler");
const telling = packageOf("initialization.handler");
const firstVersion = () => ({ "v1.Version": "1", v1: "1", version: "1", function_version: "1" });

/** Limits of functions and of the account, and what they leave to provisioned concurrency. */
export const CONCURRENCY_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "reserved-crud": { code: echo },
  "reserved-errors": {
    code: echo,
    names: ({ functionArn }) => ({ qualified_arn_latest: `${functionArn}:$LATEST` }),
  },
  "reserved-account-limit": { code: echo, names: () => ACCOUNT },
  "reserved-delete-204": { speed: OWN_SPEED, code: echo, names: () => ACCOUNT },
  "reserved-zero-blocks-everything": {
    code: echo,
    prepare: createQueue,
    names: (run) => ({ fn_arn: run.functionArn, queue_arn: queueArn(run) }),
    observe: { msg: (run) => receivedRecord(run) },
    also: (run, expect) => expect(run.emulator.log(run.functionName)).toEqual([]),
  },
  "reserved-one-throttles-sync-queues-async": {
    speed: SPEED,
    code: packageOf("notifying.handler"),
    prepare: createQueue,
    names: (run) => ({ fn_arn: run.functionArn, queue_url: queueUrl(run) }),
    // Two seconds of a real process are as good as fifteen; names in JSON texts are the scenario's to fill in.
    rewrite: (step) => {
      const payload = step.when?.params?.["Payload"];
      if (typeof payload !== "string") return step;
      return withParams(step, { Payload: payload.replace('"wait": 15', '"wait": 2') });
    },
    before: { 5: (run) => startsOf(run, 2) },
    also: async (run, expect) => {
      const events = run.replies.slice(3, 5).map(requestIdOf);
      const last = requestIdOf(run.lastReply);
      const received = await eventually(() => receivedIds(run, 3));
      expect(received.toSorted()).toEqual([...events, last].toSorted());
    },
  },
  "reserved-equals-provisioned-blocks-latest": { speed: SPEED, code: echo, names: firstVersion },
  "reserved-provisioned-overlap": {
    speed: SPEED,
    code: telling,
    names: () => ({ ...firstVersion(), "v2.Version": "2" }),
    before: { 11: (run) => run.emulator.settled(run.functionName) },
    also: async (run, expect) => {
      const { json } = await run.invoke({ Qualifier: "1" });
      expect(json).toBe("provisioned-concurrency");
    },
  },
  "provisioned-put-errors": {
    code: echo,
    settings: { Publish: true },
    names: firstVersion,
  },
  "provisioned-get-and-list-errors": {
    code: echo,
    settings: { Publish: true },
    names: firstVersion,
  },
  "provisioned-account-limits": {
    code: echo,
    names: () => ({ ...firstVersion(), ...ACCOUNT }),
  },
  "provisioned-put-and-ready": {
    speed: SPEED,
    code: telling,
    names: firstVersion,
    also: (run, expect) => {
      const types = run.replies.slice(-2).map(({ json }) => json);
      expect(types).toEqual(["provisioned-concurrency", "on-demand"]);
    },
  },
  "provisioned-spillover": {
    speed: SPEED,
    code: telling,
    names: firstVersion,
    also: async (run, expect) => {
      const busy = invokeVersion(run, { wait: 2 });
      await startsOf(run, 3);
      const second = await invokeVersion(run, {});
      expect([second.json, (await busy).json]).toEqual(["on-demand", "provisioned-concurrency"]);
    },
  },
  "provisioned-init-failure": {
    speed: SPEED,
    code: packageOf("init-on-demand-only.handler"),
    names: firstVersion,
    before: {
      3: async (run) => run.expect((await invokeVersion(run, {})).json).toBe("on-demand"),
    },
    also: async (run, expect) => {
      expect((await invokeVersion(run, {})).json).toBe("on-demand");
      const lines = run.emulator.log(run.functionName);
      const failures = lines.filter((line) => line.startsWith("INIT_REPORT"));
      expect(failures).toHaveLength(6);
    },
  },
  "provisioned-version-alias-conflicts": {
    speed: SPEED,
    code: echo,
    names: () => ({ ...firstVersion(), alias: "alias1" }),
    before: { 5: (run) => isReady(run) },
  },
};

function invokeVersion(run: CaseRun, event: object) {
  const Payload = JSON.stringify(event);
  const params = { FunctionName: run.functionName, Qualifier: "1", Payload };
  return run.emulator.call(operation("Invoke", params));
}

function isReady(run: CaseRun): Promise<void> {
  return eventually(async () => {
    const reply = await run.emulator.call({
      api: "GetProvisionedConcurrencyConfig",
      method: "GET",
      uri: "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
      params: { FunctionName: run.functionName, Qualifier: "1" },
    });
    run.expect(reply.json).toMatchObject({ Status: "READY" });
  });
}

/** Waits until as many invocations have begun. */
function startsOf(run: CaseRun, count: number): Promise<void> {
  return eventually(() => {
    const lines = run.emulator.log(run.functionName);
    run.expect(lines.filter((line) => line.startsWith("START "))).toHaveLength(count);
  });
}

function queueArn({ functionName }: CaseRun): string {
  return `arn:aws:sqs:us-east-1:000000000000:${functionName}`;
}

function queueUrl(run: CaseRun): string {
  return `${run.emulator.awsUrl}/000000000000/${run.functionName}`;
}

async function createQueue(run: CaseRun): Promise<void> {
  const reply = await sqs(run, "CreateQueue", { QueueName: run.functionName });
  run.expect(reply.status).toBe(200);
}

/** The one message of the queue, its body parsed. */
function receivedRecord(run: CaseRun): Promise<object> {
  return eventually(async () => {
    const [message] = await receive(run);
    if (message === undefined) throw new Error("there is no message yet");
    return { ...message, Body: JSON.parse(message.Body) as CaseValue };
  });
}

/** The bodies of all messages, as soon as there are as many. */
async function receivedIds(run: CaseRun, count: number): Promise<string[]> {
  const messages = await receive(run, { VisibilityTimeout: 0, MaxNumberOfMessages: 10 });
  run.expect(messages).toHaveLength(count);
  return messages.map(({ Body }) => Body);
}

interface Message {
  readonly Body: string;
}

async function receive(run: CaseRun, params: object = {}): Promise<readonly Message[]> {
  const request = { QueueUrl: queueUrl(run), AttributeNames: ["All"], ...params };
  const { json } = await sqs(run, "ReceiveMessage", request);
  return (json as { Messages?: readonly Message[] }).Messages ?? [];
}

function sqs(run: CaseRun, api: string, params: Readonly<Record<string, unknown>>) {
  return run.emulator.call({ service: "sqs", api, method: "POST", uri: "/", params });
}
