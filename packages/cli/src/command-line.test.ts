import { describe, expect, test } from "vitest";

import { parseCommand } from "./command-line.ts";

describe("parseCommand", () => {
  test.each([
    [[], { verb: "help" }],
    [["--help"], { verb: "help" }],
    [["dev", "--help"], { verb: "help", of: "dev" }],
    [["--version"], { verb: "version" }],
    [["dev"], { verb: "dev", definition: undefined }],
    [["dev", "a/inference.config.ts"], { verb: "dev", definition: "a/inference.config.ts" }],
    [["check", "b.ts"], { verb: "check", definition: "b.ts" }],
    [["check", "-d", "b.ts"], { verb: "check", definition: "b.ts" }],
    [["dev", "--definition", "b.ts"], { verb: "dev", definition: "b.ts" }],
    [
      ["infer", "digits", "--input", "x.json", "-d", "b.ts"],
      { verb: "infer", model: "digits", input: "x.json", definition: "b.ts", url: undefined },
    ],
  ])("reads %j", (argv, command) => {
    expect(parseCommand(argv)).toEqual(command);
  });

  test.each([
    [["serve"], 'no command "serve"; accepted: dev, infer, check'],
    [["dev", "a", "b"], 'got "b" as well'],
    [["infer"], "infer takes a model"],
    [["infer", "digits"], "infer takes a file"],
    [["infer", "digits", "cats", "--input", "x"], 'got "cats" as well'],
    [["dev", "--port", "1"], "--port"],
    [["dev", "--input", "x"], "dev takes no --input"],
    [["check", "--url", "x"], "check takes no --url"],
    [["check", "a.ts", "-d", "b.ts"], 'got "a.ts" as well'],
  ])("refuses %j, saying why", (argv, text) => {
    expect(() => parseCommand(argv)).toThrow(
      expect.objectContaining({ code: "ERR_COMMAND_INVALID" }),
    );
    expect(() => parseCommand(argv)).toThrow(text);
  });
});
