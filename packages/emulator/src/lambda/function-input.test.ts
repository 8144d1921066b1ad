import { describe, expect, test } from "vitest";

import { changedSettings, parseMembers, settingsForCreate } from "./function-input.ts";

const MEMBERS = {
  FunctionName: "echo",
  Runtime: "nodejs24.x",
  Handler: "index.handler",
  Role: "arn:aws:iam::000000000000:role/any",
  Code: { ZipFile: "" },
};

describe("settingsForCreate", () => {
  test("fills in Lambda's defaults", () => {
    expect(settingsForCreate(MEMBERS)).toMatchObject({
      memoryMb: 128,
      timeoutSec: 3,
      architecture: "x86_64",
      description: "",
      variables: {},
      ephemeralStorageMb: 512,
    });
  });

  test.each([
    [
      { MemorySize: 127 },
      "'127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
    ],
    [
      { MemorySize: 10_241 },
      "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
    ],
    [
      { Timeout: 0 },
      "'0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { Timeout: 901 },
      "'901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
    ],
    [
      { Role: "me" },
      "'me' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern",
    ],
    [
      { Role: undefined },
      "Value null at 'role' failed to satisfy constraint: Member must not be null",
    ],
    [{ Handler: undefined }, "Runtime and Handler are mandatory parameters"],
    [{ Runtime: "python3.14" }, "this emulator runs Node.js functions"],
    [
      { Runtime: "NODEJS24.X" },
      "Value NODEJS24.X at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, ",
    ],
    [
      { Runtime: "nodejs12.x" },
      "The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.",
    ],
    [
      { Architectures: ["sparc"] },
      "1 validation error detected: Value '[sparc]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
    ],
    [
      { Architectures: ["x86_64", "arm64"] },
      "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1",
    ],
    [
      { Architectures: [] },
      "1 validation error detected: Value '[]' at 'architectures' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      { PackageType: "zip" },
      "Value 'zip' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: [Image, Zip]",
    ],
    [
      { TracingConfig: { Mode: "On" } },
      "Value 'On' at 'tracingConfig.mode' failed to satisfy constraint: Member must satisfy enum value set: [Active, PassThrough]",
    ],
    [
      { SnapStart: { ApplyOn: "Always" } },
      "Value 'Always' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]",
    ],
    [
      { SnapStart: { ApplyOn: "PublishedVersions" } },
      "nodejs24.x is not supported for SnapStart enabled functions.",
    ],
    [{ KMSKeyArn: "key" }, "Value 'key' at 'kMSKeyArn' failed to satisfy constraint"],
    [
      { Environment: { Variables: { "A-B": "x" } } },
      "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
    ],
    [
      { Environment: { Variables: { AWS_REGION: "x" } } },
      "Reserved keys used in this request: AWS_REGION",
    ],
    [{ Environment: { Variables: { A: 1 } } }, "must be an object of strings"],
    [{ MemorySize: "256" }, "MemorySize must be an integer; got"],
  ])("refuses %j", (change, text) => {
    expect(() => settingsForCreate({ ...MEMBERS, ...change })).toThrow(text);
  });

  test("measures the variables as JSON: 4,096 bytes pass and one more does not", () => {
    // {"LARGE":"…"} has 12 characters around the value.
    const sized = (bytes: number) => ({
      ...MEMBERS,
      Environment: { Variables: { LARGE: "x".repeat(bytes - 12) } },
    });
    expect(settingsForCreate(sized(4096)).variables["LARGE"]).toHaveLength(4084);
    expect(() => settingsForCreate(sized(4097))).toThrow(
      "exceeded the 4KB limit. String measured: ",
    );
  });
});

describe("changedSettings", () => {
  test("keeps what the request does not name and clears variables that it empties", () => {
    const settings = settingsForCreate({
      ...MEMBERS,
      MemorySize: 512,
      Environment: { Variables: { AB: "1" } },
    });
    expect(changedSettings(settings, { Timeout: 9 })).toEqual({ ...settings, timeoutSec: 9 });
    expect(changedSettings(settings, { Environment: {} }).variables).toEqual({});
  });
});

describe("parseMembers", () => {
  test("refuses a body that is no JSON object", () => {
    expect(parseMembers(Buffer.from(""))).toEqual({});
    expect(() => parseMembers(Buffer.from("[]"))).toThrow("Could not parse request body into json");
    expect(() => parseMembers(Buffer.from("{"))).toThrow("Could not parse request body into json");
  });
});
