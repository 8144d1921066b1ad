import { copyFile, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startDevServer } from "../../scripts/dev-server.ts";
import type { DevServer } from "../../scripts/dev-server.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import type { DefinitionFolder } from "./support/definition-folder.ts";
import { eventually } from "./support/eventually.ts";
import { send, sendForJson } from "./support/http.ts";
import { SAMPLE_MODELS } from "./support/repository.ts";
import { jsonSample, sampleInputs } from "./support/sample-requests.ts";

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 60_000;
const MODEL = { artifact: "./model.onnx", handler: "./handler.ts" };

function artifactOf(model: string): string {
  return SAMPLE_MODELS[model]?.artifact ?? "";
}

/** A handler whose answer tells which text of it runs. */
function handlerText(answer: string): string {
  return `import type { Handler } from "@pilotlight/runtime";
import { answer } from "./answer.ts";

const data = new Float32Array(30);
export default {
  preprocess: () => ({ features: { datatype: "FP32", shape: [1, 30], data } }),
  postprocess: () => [${JSON.stringify(answer)}, answer],
} satisfies Handler;
`;
}

describe("pilotlight dev while its files change", { timeout: TEST_TIMEOUT_MS }, () => {
  let folder: DefinitionFolder;
  let server: DevServer;

  beforeAll(async () => {
    folder = await makeDefinitionFolder({ model: MODEL });
    await copyFile(artifactOf("biopsy"), join(folder.directory, "model.onnx"));
    await folder.write("answer.ts", 'export const answer = "one";\n');
    await folder.write("handler.ts", handlerText("first"));
    server = await startDevServer(folder.path);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  async function predicted(): Promise<unknown> {
    return (await sendForJson(`${server.api}/predict/model`, { body: "" })).json;
  }

  async function untilPredicted(wanted: readonly string[]): Promise<void> {
    await eventually(`the answer ${wanted.join(", ")}`, async () => {
      const answer = await predicted();
      return Array.isArray(answer) && answer.join() === wanted.join();
    });
  }

  test("a changed handler answers", async () => {
    expect(await predicted()).toEqual(["first", "one"]);
    await folder.write("handler.ts", handlerText("second"));
    await untilPredicted(["second", "one"]);
    expect(await predicted()).toEqual(["second", "one"]);
  });

  test("a changed import of the handler counts too", async () => {
    await folder.write("answer.ts", 'export const answer = "two";\n');
    await untilPredicted(["second", "two"]);
    expect(await predicted()).toEqual(["second", "two"]);
  });

  test("a handler that does not compile changes nothing, and its mending does", async () => {
    await folder.write("handler.ts", "export default {");
    const line = await eventually("the fault", () =>
      server.lines.find((text) => text.startsWith("ERR_BUNDLE_FAILED: ")),
    );
    expect(line).toContain(join(folder.directory, "handler.ts"));
    expect(await predicted()).toEqual(["second", "two"]);
    await folder.write("handler.ts", handlerText("third"));
    await untilPredicted(["third", "two"]);
    expect(await predicted()).toEqual(["third", "two"]);
  });

  test("a new handler that does not compile is watched, so that its mending counts", async () => {
    const faults = () => server.lines.filter((text) => text.startsWith("ERR_BUNDLE_FAILED: "));
    const before = faults().length;
    await folder.write("new-folder/handler.ts", "export default {");
    await folder.define({ model: { ...MODEL, handler: "./new-folder/handler.ts" } });
    await eventually("the fault", () => faults().length > before);
    expect(await predicted()).toEqual(["third", "two"]);
    const text = handlerText("fourth").replace("./answer.ts", "../answer.ts");
    await folder.write("new-folder/handler.ts", text);
    await untilPredicted(["fourth", "two"]);
    expect(await predicted()).toEqual(["fourth", "two"]);
    await folder.define({ model: MODEL });
    await untilPredicted(["third", "two"]);
  });

  test("a model that the definition gets is served, and one that it loses is not", async () => {
    await folder.define({ model: MODEL, added: { artifact: artifactOf("biopsy") } });
    const url = `${server.api}/v2/models/added/infer`;
    const added = await eventually("the added model", async () => {
      const answer = await send(url, jsonSample("biopsy"));
      return answer.statusCode === 404 ? undefined : answer;
    });
    expect(added.statusCode).toBe(200);
    await folder.define({ model: MODEL });
    const gone = await eventually("its removal", async () => {
      const answer = await send(url, jsonSample("biopsy"));
      return answer.statusCode === 200 ? undefined : answer;
    });
    expect(gone.statusCode).toBe(404);
    expect(await predicted()).toEqual(["third", "two"]);
  });

  test("a replaced model file is loaded", async () => {
    const url = `${server.api}/v2/models/model`;
    const names = async (): Promise<readonly string[]> => {
      const { json } = await sendForJson(url);
      const { inputs = [] } = json as { inputs?: readonly { name: string }[] };
      return inputs.map(({ name }) => name);
    };
    expect(await names()).toEqual(sampleInputs("biopsy").map(({ name }) => name));
    await replaceFile(artifactOf("digits"));
    const wanted = sampleInputs("digits").map(({ name }) => name);
    await eventually("the other model", async () => (await names()).join() === wanted.join());
    const answer = await send(`${url}/infer`, jsonSample("digits"));
    expect(answer.statusCode).toBe(200);
  });

  /** As exporters do it: the whole file is written beside the old one and takes its name. */
  async function replaceFile(source: string): Promise<void> {
    const written = await folder.write("model.onnx.part", await readFile(source));
    await rename(written, join(folder.directory, "model.onnx"));
  }
});
