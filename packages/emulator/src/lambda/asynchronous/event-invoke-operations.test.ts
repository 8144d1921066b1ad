import { afterEach, beforeEach, describe, expect, test } from "vitest";

import {
  ARN,
  FUNCTIONS,
  newFunction,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

const CONFIG = (name: string, qualifier = "") =>
  `/2019-09-25/functions/${name}/event-invoke-config${qualifier}`;
const PATTERN =
  "$|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";

let call: Awaited<ReturnType<typeof startScriptedEmulator>>["call"];

beforeEach(async () => {
  ({ call } = await startScriptedEmulator());
  for (const name of ["fn", "other"]) {
    await call(`POST ${FUNCTIONS}`, newFunction(name, { Publish: true }));
  }
  const alias = { Name: "live", FunctionVersion: "1" };
  await call(`POST ${FUNCTIONS}/fn/aliases`, alias);
});

function put(body: object, qualifier = "") {
  return call(`PUT ${CONFIG("fn", qualifier)}`, body);
}

describe("PutFunctionEventInvokeConfig", () => {
  test("replaces the whole configuration of one qualifier", async () => {
    await put({ MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 90 });
    const destination = { OnFailure: { Destination: `${ARN}other` } };
    const { status, body } = await put({ DestinationConfig: destination });
    expect(status).toBe(200);
    expect(body).toEqual({
      LastModified: expect.any(Number),
      FunctionArn: `${ARN}fn:$LATEST`,
      DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: `${ARN}other` } },
    });
    // The protocol has seconds, the scripted clock stands at its start.
    expect(body["LastModified"]).toBe(1_700_000_000);
  });

  test.each([
    ["1", `${ARN}fn:1`],
    ["live", `${ARN}fn:live`],
    ["$LATEST", `${ARN}fn:$LATEST`],
  ])("takes the qualifier %s", async (qualifier, arn) => {
    const { body } = await put({ MaximumRetryAttempts: 0 }, `?Qualifier=${qualifier}`);
    expect(body["FunctionArn"]).toBe(arn);
  });

  test.each([
    [
      { MaximumRetryAttempts: 3 },
      "Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 2",
    ],
    [
      { MaximumRetryAttempts: -1 },
      "Value '-1' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value greater than or equal to 0",
    ],
    [
      { MaximumEventAgeInSeconds: 59 },
      "Value '59' at 'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60",
    ],
    [
      { MaximumEventAgeInSeconds: 21_601 },
      "Value '21601' at 'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value less than or equal to 21600",
    ],
    [
      { DestinationConfig: { OnFailure: { Destination: "queue" } } },
      `Value 'queue' at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern: ${PATTERN}`,
    ],
  ])("refuses %j", async (body, failure) => {
    const reply = await put(body);
    expect([reply.status, reply.errorType]).toEqual([400, "ValidationException"]);
    expect(reply.body).toEqual({ message: `1 validation error detected: ${failure}` });
  });

  test.each([
    [
      "a function that does not exist",
      `${ARN}nobody`,
      `The destination ARN ${ARN}nobody is invalid.`,
    ],
    [
      "a function of another region",
      ARN.replace("us-east-1", "eu-west-1") + "other",
      "is invalid.",
    ],
    ["a queue that does not exist", "arn:aws:sqs:us-east-1:000000000000:nobody", "is invalid."],
    ["a FIFO queue", "arn:aws:sqs:us-east-1:000000000000:some.fifo", "is invalid."],
    [
      "the function itself",
      `${ARN}fn`,
      "You can't specify the function as a destination for itself.",
    ],
    [
      "the function's own alias",
      `${ARN}fn:live`,
      "You can't specify the function as a destination for itself.",
    ],
    [
      "another service",
      "arn:aws:iam::000000000000:role/x",
      "The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=arn:aws:iam::000000000000:role/x)) is invalid.",
    ],
    ["a Kafka topic", "kafka://topic", "The provided destination config"],
  ])("refuses %s as destination", async (_title, Destination, message) => {
    const reply = await put({ DestinationConfig: { OnFailure: { Destination } } });
    expect([reply.status, reply.errorType]).toEqual([400, "InvalidParameterValueException"]);
    expect(reply.body["message"]).toContain(message);
    expect((await call(`GET ${CONFIG("fn")}`)).status).toBe(404);
  });

  test("refuses a bucket for records of success, and says that SNS is not emulated", async () => {
    const bucket = { OnSuccess: { Destination: "arn:aws:s3:::bucket" } };
    const refused = await put({ DestinationConfig: bucket });
    expect(refused.body["message"]).toMatch(/^The provided destination config /);
    const topic = { OnSuccess: { Destination: "arn:aws:sns:us-east-1:000000000000:topic" } };
    expect((await put({ DestinationConfig: topic })).status).toBe(501);
  });

  test("refuses a request that sets nothing before it looks for the function", async () => {
    const reply = await call(`PUT ${CONFIG("nobody")}`, {});
    expect(reply.body).toEqual({
      Type: "User",
      message: "You must specify at least one of error handling or destination setting.",
    });
  });

  test.each(["nobody", "fn?Qualifier=7", "fn?Qualifier=dead"])("does not find %s", async (path) => {
    const [name = "", query] = path.split("?");
    const suffix = query === undefined ? "" : `?${query}`;
    const reply = await call(`PUT ${CONFIG(name, suffix)}`, { MaximumRetryAttempts: 1 });
    expect([reply.status, reply.body]).toEqual([
      404,
      { Type: "User", Message: "The function doesn't exist." },
    ]);
  });
});

describe("UpdateFunctionEventInvokeConfig", () => {
  test("changes what it names, and nothing else", async () => {
    await put({
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnSuccess: { Destination: `${ARN}other` } },
    });
    const { body } = await call(`POST ${CONFIG("fn")}`, { MaximumEventAgeInSeconds: 70 });
    expect(body).toMatchObject({
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 70,
      DestinationConfig: { OnSuccess: { Destination: `${ARN}other` }, OnFailure: {} },
    });
  });

  test("does not make one", async () => {
    const reply = await call(`POST ${CONFIG("fn")}`, { MaximumRetryAttempts: 1 });
    expect(reply.body["Message"]).toBe(
      `The function ${ARN}fn:$LATEST doesn't have an EventInvokeConfig`,
    );
  });
});

describe("Get-, List- and DeleteFunctionEventInvokeConfig", () => {
  test("lists what there is, page by page, and forgets what is deleted", async () => {
    for (const qualifier of ["live", "1", "$LATEST"]) {
      await put({ MaximumRetryAttempts: 0 }, `?Qualifier=${qualifier}`);
    }
    const arns: unknown[] = [];
    let marker: string | undefined;
    for (let page = 0; page < 3; page += 1) {
      const next = marker === undefined ? "" : `&Marker=${encodeURIComponent(marker)}`;
      const { body } = await call(`GET ${CONFIG("fn", `/list?MaxItems=1${next}`)}`);
      const [only] = body["FunctionEventInvokeConfigs"] as { FunctionArn: string }[];
      arns.push(only?.FunctionArn);
      marker = body["NextMarker"] as string | undefined;
    }
    expect([arns, marker]).toEqual([
      [`${ARN}fn:$LATEST`, `${ARN}fn:1`, `${ARN}fn:live`],
      undefined,
    ]);

    expect((await call(`DELETE ${CONFIG("fn", "?Qualifier=1")}`)).status).toBe(204);
    expect((await call(`DELETE ${CONFIG("fn", "?Qualifier=1")}`)).body["Message"]).toBe(
      `The function ${ARN}fn:1 doesn't have an EventInvokeConfig`,
    );
    await call(`DELETE ${FUNCTIONS}/fn/aliases/live`);
    const { body } = await call(`GET ${CONFIG("fn", "/list")}`);
    expect(body["FunctionEventInvokeConfigs"]).toMatchObject([{ FunctionArn: `${ARN}fn:$LATEST` }]);
  });

  test("find no function, and no more than 50 on a page", async () => {
    expect((await call(`GET ${CONFIG("nobody")}`)).body["Message"]).toBe(
      `The function ${ARN}nobody:$LATEST doesn't have an EventInvokeConfig`,
    );
    expect((await call(`GET ${CONFIG("nobody", "/list")}`)).body["Message"]).toBe(
      "The function doesn't exist.",
    );
    expect((await call(`GET ${CONFIG("fn", "/list?MaxItems=51")}`)).body["message"]).toBe(
      "1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 50",
    );
  });

  test("forget the configurations of a function that is deleted and made anew", async () => {
    await put({ MaximumRetryAttempts: 0 });
    await call(`DELETE ${FUNCTIONS}/fn`);
    await call(`POST ${FUNCTIONS}`, newFunction("fn"));
    expect((await call(`GET ${CONFIG("fn")}`)).status).toBe(404);
  });
});

describe("DeadLetterConfig", () => {
  const QUEUE = "arn:aws:sqs:us-east-1:000000000000:dead";

  test("is kept by a function and its versions until it is taken away", async () => {
    const config = { DeadLetterConfig: { TargetArn: QUEUE } };
    const made = await call(`POST ${FUNCTIONS}`, newFunction("dead", { ...config, Publish: true }));
    expect(made.body["DeadLetterConfig"]).toEqual({ TargetArn: QUEUE });
    const empty = { DeadLetterConfig: { TargetArn: "" } };
    const changed = await call(`PUT ${FUNCTIONS}/dead/configuration`, empty);
    expect(changed.body).not.toHaveProperty("DeadLetterConfig");
    const version = await call(`GET ${FUNCTIONS}/dead/configuration?Qualifier=1`);
    expect(version.body["DeadLetterConfig"]).toEqual({ TargetArn: QUEUE });
  });

  test.each([
    ["queue", 400, "ValidationException"],
    ["arn:aws:sns:us-east-1:000000000000:topic", 501, "NotImplementedException"],
    ["arn:aws:s3:::bucket", 400, "InvalidParameterValueException"],
    [`${QUEUE}.fifo`, 400, "InvalidParameterValueException"],
  ])("refuses %s", async (TargetArn, status, type) => {
    const reply = await call(
      `POST ${FUNCTIONS}`,
      newFunction("dead", { DeadLetterConfig: { TargetArn } }),
    );
    expect([reply.status, reply.errorType]).toEqual([status, type]);
  });
});
