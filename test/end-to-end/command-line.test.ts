import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { runCommand } from "./support/command.ts";
import type { CommandEnd } from "./support/command.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import { REPOSITORY, SAMPLE_MODELS } from "./support/repository.ts";
import type { ModelEntry } from "./support/repository.ts";
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

const BIOPSY = SAMPLE_MODELS["biopsy"] as ModelEntry;

/** Its answer is the request's content type. */
const TYPE_HANDLER = `const data = new Float32Array(30);
export default {
  preprocess: () => ({ features: { datatype: "FP32", shape: [1, 30], data } }),
  postprocess: (outputs, { contentType }) => contentType,
};
`;

interface TemporaryFolder extends AsyncDisposable {
  write(file: string, text: string): Promise<string>;
  /** Writes a definition of one model, named model. */
  define(model: ModelEntry): Promise<string>;
}

async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await makeDefinitionFolder({});
  return {
    write: (file, text) => folder.write(file, text),
    define: async (model) => {
      await folder.define({ model });
      return folder.path;
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

interface RecordingServer extends AsyncDisposable {
  readonly url: string;
  /** Method, path and content type of each request. */
  readonly requests: readonly string[];
}

/** Answers every request with an empty object. */
async function recordingServer(): Promise<RecordingServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
    request.resume().on("end", () => response.setHeader("connection", "close").end("{}"));
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: () => new Promise((settle) => server.close(() => settle())),
  };
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
    { file: "body.json", path: "/v2/models/a%2Fb%20c/infer", contentType: "application/json" },
    { file: "body.PNG", path: "/predict/a%2Fb%20c", contentType: "image/png" },
    { file: "body.bin", path: "/predict/a%2Fb%20c", contentType: "application/octet-stream" },
  ])("sends $file to a server as $contentType", async ({ file, path, contentType }) => {
    await using server = await recordingServer();
    await using folder = await temporaryFolder();
    const input = await folder.write(file, "{}");
    for (const url of [server.url, `${server.url}/`]) {
      await succeed("infer", "a/b c", "--input", input, "--url", url);
    }
    expect(server.requests).toEqual([`POST ${path} ${contentType}`, `POST ${path} ${contentType}`]);
  });

  test("tells a handler in this process the file's type too", async () => {
    await using folder = await temporaryFolder();
    const input = await folder.write("body.png", "");
    await folder.write("handler.ts", TYPE_HANDLER);
    const definition = await folder.define({ ...BIOPSY, handler: "./handler.ts" });
    const text = await succeed("infer", "model", "--input", input, "--definition", definition);
    expect(JSON.parse(text)).toBe("image/png");
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

  test("loads the handler, and counts one model as one", async () => {
    await using folder = await temporaryFolder();
    await folder.write("handler.ts", TYPE_HANDLER);
    const definition = await folder.define({ ...BIOPSY, handler: "./handler.ts" });
    expect(await succeed("check", definition)).toMatch(/^1 model is fine$/m);
    await folder.write("handler.ts", "export default { preprocess: () => ({}) };");
    expect((await fail("check", definition)).stderr).toMatch(
      /^ERR_HANDLER_INVALID: 1 of 1 model:\n {2}model: .*preprocess; accepted: /,
    );
    await folder.write("handler.ts", "throw new Error('no');");
    expect((await fail("check", definition)).stderr).toMatch(/^ERR_HANDLER_INVALID: .*\n.*: no$/);
  });

  test("takes an empty PILOTLIGHT_DEFINITION as none, as infer does", async () => {
    const variables = { PILOTLIGHT_DEFINITION: "" };
    const check = await runCommand(["check"], { variables });
    const input = "models/biopsy/sample.json";
    const infer = await runCommand(["infer", "biopsy", "--input", input], { variables });
    expect([check.status, check.stderr, infer.status, infer.stderr]).toEqual([0, "", 0, ""]);
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
