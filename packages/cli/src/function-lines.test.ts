import { beforeEach, describe, expect, test } from "vitest";

import { FunctionLines } from "./function-lines.ts";

let printed: string[];
let functionLines: FunctionLines;

beforeEach(() => {
  printed = [];
  functionLines = new FunctionLines((line) => printed.push(line));
});

function note(lines: readonly string[], environmentId = "one"): void {
  for (const line of lines) functionLines.note({ functionName: "f", environmentId, line });
}

function initError(error: object): string {
  return `2026-01-02T03:04:05.678Z\t-\tERROR\tInit Error \t${JSON.stringify(error)}`;
}

const OWN = initError({
  errorType: "ERR_MODEL_UNLOADABLE",
  errorMessage: "the model a.onnx cannot be loaded",
  stack: ["ERR_MODEL_UNLOADABLE: the model a.onnx cannot be loaded", "    at createSession"],
});

/** As Node 24.21 prints it. */
const DUMP = [
  "node:internal/process/promises:394",
  "    triggerUncaughtException(err, true /* fromPromise */);",
  "    ^",
  "",
  "ERR_MODEL_UNLOADABLE: the model a.onnx cannot be loaded",
  "    at async openModel (file:///tmp/index.mjs:1634:19) {",
  "  code: 'ERR_MODEL_UNLOADABLE',",
  "  [cause]: Error: Load model failed",
  "}",
  "",
  "Node.js v24.21.0",
];

const MESSAGE = "  f: ERR_MODEL_UNLOADABLE: the model a.onnx cannot be loaded";

describe("FunctionLines", () => {
  test("prints a function's lines with its name, without the platform's", () => {
    note(["START RequestId: 1", "hello  ", "  indented", "", "REPORT RequestId: 1", "STARTED"]);
    expect(printed).toEqual(["  f: hello", "  f:   indented", "  f: ", "  f: STARTED"]);
  });

  test("prints the message alone of an init phase that fails with an error of ours", () => {
    note(["before", OWN, "INIT_REPORT Init Duration: 5 ms", ...DUMP]);
    expect(printed).toEqual(["  f: before", MESSAGE]);
  });

  test("keeps the lines of another environment that come between", () => {
    note([OWN, ...DUMP.slice(0, 5)]);
    note(DUMP, "other");
    note(DUMP.slice(5));
    expect(printed).toEqual([MESSAGE, ...DUMP.map((line) => `  f: ${line}`)]);
  });

  test("keeps what the environment prints after it", () => {
    note([OWN, ...DUMP, OWN, "still here", ...DUMP, "and here"]);
    expect(printed).toEqual([MESSAGE, MESSAGE, "  f: still here", "  f: and here"]);
  });

  test.each([
    initError({ errorType: "TypeError", errorMessage: "x is not a function", stack: [] }),
    initError({ errorType: "toString", errorMessage: "x" }),
    "2026-01-02T03:04:05.678Z\t-\tERROR\tInit Error \t{no JSON}",
    OWN.replace("Init Error", "Invoke Error"),
  ])("keeps every line around %j", (line) => {
    note([line, ...DUMP]);
    expect(printed).toEqual([line, ...DUMP].map((each) => `  f: ${each}`));
  });
});
