import { describe, expect, test } from "vitest";

import { changedLogging, loggingBody, type LoggingMembers } from "./logging-config.ts";

const NOTHING = {
  LogFormat: undefined,
  ApplicationLogLevel: undefined,
  SystemLogLevel: undefined,
  LogGroup: undefined,
};
const asked = (members: Partial<LoggingMembers>) => ({ ...NOTHING, ...members });

describe("changedLogging", () => {
  test("gives JSON its levels, and takes them away with it", () => {
    const json = changedLogging(undefined, asked({ LogFormat: "JSON" }));
    expect(loggingBody(json, "f")).toEqual({
      LogFormat: "JSON",
      ApplicationLogLevel: "INFO",
      SystemLogLevel: "INFO",
      LogGroup: "/aws/lambda/f",
    });
    const debug = changedLogging(json, asked({ SystemLogLevel: "DEBUG", LogGroup: "mine" }));
    expect(loggingBody(debug, "f")).toEqual({
      LogFormat: "JSON",
      ApplicationLogLevel: "INFO",
      SystemLogLevel: "DEBUG",
      LogGroup: "mine",
    });
    const text = changedLogging(debug, asked({ LogFormat: "Text" }));
    expect(loggingBody(text, "f")).toEqual({ LogFormat: "Text", LogGroup: "mine" });
  });

  test("stays where a request does not name it", () => {
    const json = changedLogging(undefined, asked({ LogFormat: "JSON" }));
    expect(changedLogging(json, undefined)).toBe(json);
    expect(changedLogging(undefined, undefined)).toBeUndefined();
  });

  test.each([
    [{ SystemLogLevel: "DEBUG" }, 'LogLevel is not supported when LogFormat is set to "Text"'],
    [{ LogFormat: "Text", ApplicationLogLevel: "WARN" }, "LogLevel is not supported"],
    [{ LogFormat: "json" }, "'loggingConfig.logFormat' failed to satisfy constraint"],
    [{ LogFormat: "JSON", SystemLogLevel: "ERROR" }, "enum value set: [DEBUG, INFO, WARN]"],
    [{ LogFormat: "JSON", ApplicationLogLevel: "x" }, "Value 'x' at 'loggingConfig.applic"],
    [{ LogGroup: "a group" }, "satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"],
    [{ LogGroup: "" }, "have length greater than or equal to 1"],
    [{ LogGroup: "g".repeat(513) }, "have length less than or equal to 512"],
  ])("refuses %j in AWS's words", (members, text) => {
    expect(() => changedLogging(undefined, asked(members))).toThrow(text);
  });
});
