import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { defineInference } from "./definition.ts";
import type { InferenceDefinition } from "./definition.ts";
import { RESERVED_MODEL_NAMES } from "./definition-schema.ts";
import { isPilotlightError } from "./errors.ts";

/** What is wrong with a definition; empty when nothing is. */
function faultsOf(definition: unknown): string {
  try {
    defineInference(definition as InferenceDefinition);
    return "";
  } catch (error) {
    if (!isPilotlightError(error) || error.code !== "ERR_DEFINITION_INVALID") throw error;
    return error.message;
  }
}

function oneModel(fields: object): unknown {
  return { models: { digits: { artifact: "./model.onnx", ...fields } } };
}

describe("defineInference", () => {
  test("fills in every default but the artifact", () => {
    expect(defineInference({ models: { digits: { artifact: "./model.onnx" } } })).toEqual({
      name: "pilotlight",
      models: {
        digits: {
          artifact: "./model.onnx",
          latencyBudgetMs: 1000,
          function: { memoryMb: 1769, timeoutSec: 30, architecture: "arm64", environment: {} },
          session: { optimization: "all", warmUp: true },
        },
      },
    });
  });

  test.each([
    [undefined, "the default export: got nothing"],
    [7, "the default export: got 7"],
    [{}, "models: got nothing"],
    [{ models: {} }, "models: got {}"],
    [{ models: [{ artifact: "x" }] }, "models: got ["],
    [
      { models: { digits: {} } },
      "models.digits.artifact: got nothing; accepted: the path of an ONNX file",
    ],
    [
      { models: { "a b": { artifact: "x" } } },
      'models.a b: got the name "a b"; accepted: a model name of',
    ],
    [
      { name: "Shop!", models: { a: { artifact: "x" } } },
      'name: got "Shop!"; accepted: a name of lower-case',
    ],
    [oneModel({ artifact: "s3://bucket/model.onnx" }), "not served yet: download the file"],
    [
      oneModel({ handler: "handler.py" }),
      'models.digits.handler: got "handler.py"; accepted: the path of a .ts',
    ],
    [
      oneModel({ latencyBudgetMs: 0 }),
      "models.digits.latencyBudgetMs: got 0; accepted: a whole number from 1",
    ],
    [
      oneModel({ function: { memoryMb: 64 } }),
      "models.digits.function.memoryMb: got 64; accepted: a whole number from 128 to 10240 (MB)",
    ],
    [oneModel({ function: { memoryMb: 512.5 } }), "models.digits.function.memoryMb: got 512.5"],
    [
      oneModel({ function: { timeoutSec: "3" } }),
      'models.digits.function.timeoutSec: got "3"; accepted: a whole number from 1 to 900',
    ],
    [oneModel({ function: { architecture: "mips" } }), 'got "mips"; accepted: "arm64" or "x86_64"'],
    [oneModel({ session: { threads: 0 } }), "models.digits.session.threads: got 0"],
    [
      oneModel({ memoryMb: 512 }),
      "models.digits.memoryMb: not a known field; accepted here: artifact, handler",
    ],
  ])("refuses %j by path, value and what is accepted", (definition, expected) => {
    expect(faultsOf(definition)).toContain(expected);
  });

  test.each(RESERVED_MODEL_NAMES)("refuses the reserved model name %s", (name) => {
    expect(faultsOf({ models: { [name]: { artifact: "x" } } })).toContain(`got the name "${name}"`);
  });

  test("names every fault of a definition at once", () => {
    const faults = faultsOf(oneModel({ latencyBudgetMs: -1, function: { memoryMb: 1 } }));
    expect(faults).toContain("2 faults");
    expect(faults).toContain("latencyBudgetMs");
    expect(faults).toContain("memoryMb");
  });

  test("never shows the value of an environment variable", () => {
    const environment = { TOKEN_NAME: "hunter2", AWS_REGION: "hunter2" };
    const faults = faultsOf(oneModel({ function: { environment } }));
    expect(faults).toContain("variables named TOKEN_NAME, AWS_REGION");
    expect(faults).not.toContain("hunter2");
  });

  test("for every valid definition, checking it again changes nothing", () => {
    const model = fc.record(
      {
        artifact: fc.constantFrom("./a.onnx", "/abs/b.onnx"),
        handler: fc.constantFrom("./handler.ts", "h.mjs"),
        latencyBudgetMs: fc.integer({ min: 1, max: 900_000 }),
        function: fc.record(
          {
            memoryMb: fc.integer({ min: 128, max: 10_240 }),
            timeoutSec: fc.integer({ min: 1, max: 900 }),
          },
          { requiredKeys: [] },
        ),
        session: fc.record(
          { threads: fc.integer({ min: 1, max: 64 }), warmUp: fc.boolean() },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ["artifact"] },
    );
    const names = fc
      .stringMatching(/^[a-z][a-z0-9_-]{0,10}$/)
      .filter((name) => !RESERVED_MODEL_NAMES.includes(name));
    fc.assert(
      fc.property(fc.dictionary(names, model, { minKeys: 1, maxKeys: 5 }), (models) => {
        const once = defineInference({ models });
        expect(defineInference(once)).toEqual(once);
      }),
    );
  });
});
