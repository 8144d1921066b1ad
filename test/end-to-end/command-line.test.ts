import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { runCommand } from "./support/command.ts";
import type { CommandEnd } from "./support/command.ts";
import { REPOSITORY } from "./support/repository.ts";
import { expectedOutputs, outputsOf, sampleInputs } from "./support/sample-requests.ts";
import { tensorDifference } from "./support/tensor-difference.ts";

const COMMAND_TIMEOUT_MS = 60_000;
const TOLERANCE = { atol: 1e-5, rtol: 1e-5 };

async function succeed(...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand(words);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

async function fail(...words: readonly string[]): Promise<CommandEnd> {
  const end = await runCommand(words);
  expect(end.status).toBe(1);
  expect(end.stderr).not.toMatch(/^\s+at /m);
  return end;
}

describe("pilotlight infer", { timeout: COMMAND_TIMEOUT_MS }, () => {
  test.each(["digits", "biopsy"] as const)(
    "prints the outputs of %s for its sample",
    async (model) => {
      const text = await succeed("infer", model, "--input", `models/${model}/sample.json`);
      const outputs = outputsOf({ body: Buffer.from(text), headers: {} });
      const differences = expectedOutputs(model).map((want) =>
        tensorDifference(
          outputs.find(({ name }) => name === want.name),
          want,
          TOLERANCE,
        ),
      );
      expect(differences).toEqual(differences.map(() => undefined));
    },
  );

  test("sends any other file through the handler", async () => {
    const text = await succeed("infer", "digits", "--input", "models/digits/seven.png");
    expect(JSON.parse(text)).toMatchObject({ label: 7 });
  });

  test("prints a refusal and fails when the model has no handler", async () => {
    const end = await fail("infer", "biopsy", "--input", "models/digits/seven.png");
    expect(JSON.parse(end.stdout)).toEqual({
      error: expect.stringMatching(/biopsy.*no handler/) as string,
    });
  });

  test.each([
    { words: ["infer", "nothing", "--input", "package.json"], says: /no model "nothing".*biopsy/ },
    { words: ["infer", "digits", "--input", "nothing.json"], says: /--input.*nothing\.json/ },
    { words: ["infer", "digits"], says: /--input FILE/ },
    { words: ["infer"], says: /takes a model/ },
    {
      words: [
        "infer",
        "biopsy",
        "--input",
        "models/biopsy/sample.json",
        "--url",
        "http://127.0.0.1:9",
      ],
      says: /--url.*http:\/\/127\.0\.0\.1:9/,
    },
  ])("refuses $words", async ({ words, says }) => {
    expect((await fail(...words)).stderr).toMatch(says);
  });
});

describe("pilotlight check", { timeout: COMMAND_TIMEOUT_MS }, () => {
  test("prints names, datatypes and shapes", async () => {
    const text = await succeed("check");
    for (const model of ["digits", "biopsy"] as const) {
      for (const { name, datatype } of sampleInputs(model)) {
        expect(text).toMatch(new RegExp(`in +${name} +${datatype} \\[-1, `));
      }
      for (const { name, datatype } of expectedOutputs(model)) {
        expect(text).toMatch(new RegExp(`out +${name} +${datatype} \\[-1`));
      }
    }
    expect(text).toMatch(/biopsy +[\d.]+ (bytes|KB|MB|KiB|B)/);
    expect(text).toMatch(/2 models are fine$/);
  });

  test("names a definition that is not there", async () => {
    const { stderr } = await fail("check", "nothing.config.ts");
    expect(stderr).toMatch(/^ERR_DEFINITION_UNREADABLE: .*nothing\.config\.ts/);
  });
});

describe("pilotlight", { timeout: COMMAND_TIMEOUT_MS }, () => {
  test.each([{ words: [] }, { words: ["--help"] }, { words: ["-h"] }])(
    "explains itself to $words",
    async ({ words }) => {
      const text = await succeed(...words);
      for (const command of ["dev", "infer", "check"]) expect(text).toContain(`\n  ${command} `);
    },
  );

  test.each(["dev", "infer", "check"])("explains %s", async (verb) => {
    expect(await succeed(verb, "--help")).toContain(`pilotlight ${verb} `);
  });

  test("prints the version of package.json", async () => {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
      version: string;
    };
    expect(await succeed("--version")).toBe(version);
  });

  test.each([
    { words: ["serve"], says: /no command "serve"; accepted: dev, infer, check/ },
    { words: ["dev", "a.config.ts", "b.config.ts"], says: /one definition; got "b\.config\.ts"/ },
    { words: ["check", "--fast"], says: /--fast/ },
  ])("refuses $words and points to the help", async ({ words, says }) => {
    const { stderr } = await fail(...words);
    expect(stderr).toMatch(/^ERR_COMMAND_INVALID: /);
    expect(stderr).toMatch(says);
    expect(stderr).toContain("--help");
  });
});
