import { copyFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startDevServer } from "../../scripts/dev-server.ts";
import type { DevServer } from "../../scripts/dev-server.ts";
import { runCommand } from "./support/command.ts";
import { eventually } from "./support/eventually.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import type { DefinitionFolder } from "./support/definition-folder.ts";
import { send, sendForJson } from "./support/http.ts";
import { readPrometheusText } from "./support/prometheus-text.ts";
import type { PrometheusSample } from "./support/prometheus-text.ts";
import { REPOSITORY, SAMPLE_MODELS } from "./support/repository.ts";
import { jsonSample, sampleInputs, sevenPng } from "./support/sample-requests.ts";

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 60_000;
const BIOPSY = SAMPLE_MODELS["biopsy"] ?? { artifact: "" };

describe("pilotlight dev", { timeout: TEST_TIMEOUT_MS }, () => {
  let server: DevServer;
  let startLines: readonly string[];

  beforeAll(async () => {
    server = await startDevServer(join(REPOSITORY, "inference.config.ts"));
    startLines = [...server.lines];
  }, START_TIMEOUT_MS);

  afterAll(() => server.stop());

  test("prints the ready line last, with its two addresses and nothing else", () => {
    const ready = JSON.parse(startLines.at(-1) ?? "") as Record<string, string>;
    expect(Object.keys(ready)).toEqual(["event", "api", "aws"]);
    expect(ready["event"]).toBe("ready");
    expect(ready["api"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(ready["aws"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(ready["api"]).not.toBe(ready["aws"]);
  });

  test("prints where each model is asked and a curl that can be pasted", () => {
    const text = startLines.join("\n");
    expect(text).toContain(`POST ${server.api}/v2/models/biopsy/infer`);
    expect(text).toContain(`POST ${server.api}/v2/models/digits/infer`);
    expect(text).toContain(`POST ${server.api}/predict/digits`);
    expect(text).toMatch(/curl http:\/\/127\.0\.0\.1:\d+\/.*@\//);
  });

  test.each(["biopsy", "digits"] as const)("describes and asks %s", async (model) => {
    const url = `${server.api}/v2/models/${model}`;
    const { json } = await sendForJson(url);
    const names = sampleInputs(model).map(({ name, datatype }) => ({ name, datatype }));
    expect(json).toMatchObject({ name: model, versions: ["1"], inputs: names });
    const answer = await send(`${url}/infer`, jsonSample(model));
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["server-timing"]).toMatch(/infer;dur=[\d.]+.*route;dur=[\d.]+/);
    expect(answer.headers["x-pilotlight-tier"]).toBe("function");
  });

  test("reads a picture of a seven", async () => {
    const { json } = await sendForJson(`${server.api}/predict/digits`, {
      headers: { "content-type": "image/png" },
      body: sevenPng(),
    });
    expect(json).toMatchObject({ label: 7 });
  });

  test("prints one line for each request", async () => {
    await send(`${server.api}/v2/health/ready`);
    await eventually("the line of what was asked before", () =>
      server.lines.at(-1)?.includes("/v2/health/ready"),
    );
    const count = server.lines.length;
    await send(`${server.api}/v2/models/biopsy/infer`, jsonSample("biopsy"));
    await send(`${server.api}/v2/health/live`);
    await eventually("two lines", () => server.lines.length >= count + 2);
    expect(server.lines.slice(count)).toEqual([
      expect.stringMatching(/^POST {2}biopsy +200 +[\d.]+ (ms|s) +(warm|cold)$/),
      expect.stringMatching(/^GET {3}\/v2\/health\/live +200 +[\d.]+ (ms|s)$/),
    ]);
  });

  test("counts requests and cold starts in Prometheus' text format", async () => {
    const before = await metrics();
    await send(`${server.api}/v2/models/biopsy/infer`, jsonSample("biopsy"));
    await send(`${server.api}/v2/models/biopsy/infer`, { body: "{}" });
    await send(`${server.api}/v2/models/nothing/infer`, { body: "{}" });
    await send(`${server.api}/v2/models/%62iopsy?x=1`);
    const after = await metrics();
    const grown = (labels: Readonly<Record<string, string>>): number =>
      valueOf(after, "pilotlight_requests_total", labels) -
      valueOf(before, "pilotlight_requests_total", labels);
    expect(grown({ model: "biopsy", status: "200" })).toBe(2);
    expect(grown({ model: "biopsy", status: "400" })).toBe(1);
    expect(grown({ model: "", status: "404" })).toBe(1);
    expect(valueOf(after, "pilotlight_cold_starts_total", { model: "biopsy" })).toBe(1);
    const durations = valueOf(after, "pilotlight_request_duration_seconds_count", {
      model: "biopsy",
    });
    expect(durations).toBeGreaterThan(2);
  });

  async function metrics(): Promise<readonly PrometheusSample[]> {
    const { statusCode, headers, body } = await send(`${server.api}/metrics`);
    expect(statusCode).toBe(200);
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    return readPrometheusText(body.toString());
  }
});

function valueOf(
  samples: readonly PrometheusSample[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number {
  const found = samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return found?.value ?? 0;
}

describe("pilotlight dev that cannot start", { timeout: TEST_TIMEOUT_MS }, () => {
  let folder: DefinitionFolder;

  beforeAll(async () => {
    folder = await makeDefinitionFolder({ biopsy: BIOPSY });
  });

  afterAll(() => folder.remove());

  /** Runs `pilotlight dev` on a definition, and gives what it prints when it ends. */
  async function failureOf(
    definition: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { status, stdout, stderr } = await runCommand(["dev", definition], { variables });
    expect([status, stdout]).toEqual([1, expect.not.stringContaining('"event":"ready"')]);
    // A message for people has no stack.
    expect(stderr).not.toMatch(/^\s+at /m);
    return stderr;
  }

  test.each(["PILOTLIGHT_API_PORT", "PILOTLIGHT_AWS_PORT"])(
    "names the port and %s when another process has it",
    async (variable) => {
      await using taken = await takenPort();
      const text = await failureOf(folder.path, { [variable]: String(taken.port) });
      expect(text).toMatch(/^ERR_PORT_TAKEN: /);
      expect(text).toContain(String(taken.port));
      expect(text).toContain(variable);
    },
  );

  test("names a port that is none", async () => {
    const text = await failureOf(folder.path, { PILOTLIGHT_API_PORT: "4700x" });
    expect(text).toMatch(/^ERR_COMMAND_INVALID: PILOTLIGHT_API_PORT: got "4700x"; accepted: /);
  });

  test("names a definition that is not there", async () => {
    const missing = join(folder.directory, "elsewhere.config.ts");
    const text = await failureOf(missing);
    expect(text).toMatch(/^ERR_DEFINITION_UNREADABLE: /);
    expect(text).toContain(missing);
  });

  test("names the field, the value and what is accepted of a faulty definition", async () => {
    await folder.define({ biopsy: { ...BIOPSY, function: { memoryMb: 1 } } });
    const text = await failureOf(folder.path);
    expect(text).toMatch(/^ERR_DEFINITION_INVALID: /);
    expect(text).toMatch(/models\.biopsy\.function\.memoryMb: got 1; accepted: .*128 to 10240/);
  });

  test("names file, line and fault of a definition that does not compile", async () => {
    await folder.write("inference.config.ts", "export default {\n  models: ]\n};\n");
    const text = await failureOf(folder.path);
    expect(text).toMatch(/^ERR_BUNDLE_FAILED: /);
    expect(text).toContain(`${folder.path}:2:`);
  });

  test("names a model file that is not there", async () => {
    await folder.define({ biopsy: { artifact: "./models/biopsy.onnx" } });
    const text = await failureOf(folder.path);
    expect(text).toMatch(/^ERR_DEFINITION_INVALID: /);
    expect(text).toContain("models.biopsy.artifact");
    expect(text).toContain(join(folder.directory, "models/biopsy.onnx"));
  });

  test("names file, line and fault of a handler that does not compile", async () => {
    const handler = await folder.write("handler.ts", "export default {\n  preprocess( {\n};\n");
    await folder.define({ biopsy: { ...BIOPSY, handler } });
    const text = await failureOf(folder.path);
    expect(text).toMatch(/^ERR_BUNDLE_FAILED: /);
    expect(text).toContain(`${handler}:3:`);
  });

  test("names what a handler imports in vain", async () => {
    const handler = await folder.write("handler.ts", 'import "no-such-package";\n');
    await folder.define({ biopsy: { ...BIOPSY, handler } });
    const text = await failureOf(folder.path);
    expect(text).toMatch(/^ERR_BUNDLE_FAILED: /);
    expect(text).toContain("no-such-package");
  });
});

describe("pilotlight dev with a model that does not load", { timeout: TEST_TIMEOUT_MS }, () => {
  test("prints the message and no stack", async () => {
    const folder = await makeDefinitionFolder({ broken: { artifact: "./broken.onnx" } });
    await folder.write("broken.onnx", "no model");
    const server = await startDevServer(folder.path);
    try {
      const count = server.lines.length;
      const { statusCode } = await send(`${server.api}/v2/models/broken`);
      expect(statusCode).toBe(503);
      await server.stop();
      const said = server.lines.slice(count).filter((line) => line.startsWith("  "));
      expect(said.length).toBeGreaterThan(0);
      const message = /^ {2}pilotlight-local-broken: ERR_MODEL_UNLOADABLE: .*broken\.onnx/;
      expect(said.filter((line) => !message.test(line))).toEqual([]);
    } finally {
      await server.stop();
      await folder.remove();
    }
  });
});

interface TakenPort extends AsyncDisposable {
  readonly port: number;
}

/** A port on which something listens. */
async function takenPort(): Promise<TakenPort> {
  const server: Server = createServer();
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise((settle) => server.close(() => settle())),
  };
}

describe("a definition far away", { timeout: TEST_TIMEOUT_MS }, () => {
  const HANDLER = `import { encode } from "fast-png";
import type { Handler } from "@pilotlight/runtime";

export default {
  preprocess: ({ body }) => ({
    features: { datatype: "FP32", shape: [1, 30], data: JSON.parse(new TextDecoder().decode(body)) },
  }),
  postprocess: ({ label }) => ({
    label: label?.data[0],
    png: [...encode({ width: 1, height: 1, data: new Uint8Array([0]), channels: 1 })].slice(1, 4),
  }),
} satisfies Handler;
`;

  test("takes model and handler from paths relative to itself, and packages from the checkout", async () => {
    const folder = await makeDefinitionFolder({
      tumour: { artifact: "./files/tumour.onnx", handler: "./files/handler.ts" },
    });
    await folder.write("files/handler.ts", HANDLER);
    await copyFile(BIOPSY.artifact, join(folder.directory, "files/tumour.onnx"));
    const server = await startDevServer(folder.path);
    try {
      const [features] = sampleInputs("biopsy");
      const { json } = await sendForJson(`${server.api}/predict/tumour`, {
        body: JSON.stringify(features?.data),
      });
      // "PNG", the second to fourth byte of every PNG file.
      expect(json).toEqual({ label: expect.any(Number) as unknown, png: [0x50, 0x4e, 0x47] });
    } finally {
      await server.stop();
      await folder.remove();
    }
  });
});
