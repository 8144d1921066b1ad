import { describe, expect, test } from "vitest";

import { definitionPath, readDevSettings } from "./environment.ts";

describe("readDevSettings", () => {
  test("has a default for every variable", () => {
    expect(readDevSettings({})).toEqual({
      apiPort: 4700,
      awsPort: 4701,
      speed: 1,
      stateDirectory: undefined,
      traceFile: undefined,
    });
  });

  test("reads what is set", () => {
    const variables = {
      PILOTLIGHT_API_PORT: "0",
      PILOTLIGHT_AWS_PORT: "8080",
      PILOTLIGHT_SPEED: "60",
      PILOTLIGHT_STATE: "/srv/state",
      PILOTLIGHT_TRACE: "/srv/trace.jsonl",
    };
    expect(readDevSettings(variables)).toEqual({
      apiPort: 0,
      awsPort: 8080,
      speed: 60,
      stateDirectory: "/srv/state",
      traceFile: "/srv/trace.jsonl",
    });
  });

  test("finds the state folder from where the user called npm, and takes an empty variable for none", () => {
    const npm = { npm_lifecycle_event: "start", INIT_CWD: "/home/user/shop" };
    expect(readDevSettings({ ...npm, PILOTLIGHT_STATE: "state" }).stateDirectory).toBe(
      "/home/user/shop/state",
    );
    expect(readDevSettings({ ...npm, PILOTLIGHT_STATE: "" }).stateDirectory).toBeUndefined();
  });

  test.each([
    ["PILOTLIGHT_API_PORT", "http"],
    ["PILOTLIGHT_AWS_PORT", "70000"],
    ["PILOTLIGHT_API_PORT", "-1"],
    ["PILOTLIGHT_SPEED", "0"],
    ["PILOTLIGHT_SPEED", "fast"],
  ])("refuses %s=%s by name and value", (name, value) => {
    expect(() => readDevSettings({ [name]: value })).toThrow(`${name}: got "${value}"; accepted`);
  });
});

describe("definitionPath", () => {
  test.each([
    { given: "a.ts", variable: "b.ts", path: "a.ts" },
    { given: undefined, variable: "b.ts", path: "b.ts" },
    { given: undefined, variable: "", path: "inference.config.ts" },
    { given: undefined, variable: undefined, path: "inference.config.ts" },
  ])("takes $path for the argument $given and the variable $variable", (example) => {
    const variables =
      example.variable === undefined ? {} : { PILOTLIGHT_DEFINITION: example.variable };
    expect(definitionPath(example.given, variables)).toBe(example.path);
  });
});

describe("what a user names", () => {
  test("is relative to where npm was called, for the command's own scripts", () => {
    const called = { INIT_CWD: "/home/ada", npm_lifecycle_event: "start" };
    expect(definitionPath("a.ts", called)).toBe("/home/ada/a.ts");
    expect(definitionPath("/b/a.ts", called)).toBe("/b/a.ts");
    expect(definitionPath(undefined, { ...called, PILOTLIGHT_DEFINITION: "a.ts" })).toBe(
      "/home/ada/a.ts",
    );
    expect(definitionPath(undefined, called)).toBe("inference.config.ts");
  });

  test("is left alone where another script of npm has left its variables", () => {
    expect(definitionPath("a.ts", { INIT_CWD: "/x", npm_lifecycle_event: "test" })).toBe("a.ts");
  });

  test("may not be one port for both servers", () => {
    const ports = { PILOTLIGHT_API_PORT: "5000", PILOTLIGHT_AWS_PORT: "5000" };
    expect(() => readDevSettings(ports)).toThrow("are both 5000");
    expect(readDevSettings({ PILOTLIGHT_API_PORT: "0", PILOTLIGHT_AWS_PORT: "0" }).apiPort).toBe(0);
  });
});
