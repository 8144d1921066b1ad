import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import type { ValidateFunction } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

import { decodeInferResponse } from "@pilotlight/protocol";
import type { TensorSpec } from "@pilotlight/protocol";

import { startDevServer } from "../../scripts/dev-server.ts";
import type { DevServer } from "../../scripts/dev-server.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import type { DefinitionFolder } from "./support/definition-folder.ts";
import { send, sendForJson } from "./support/http.ts";
import type { Tolerance } from "./support/io-file.ts";
import { hasShared, SHARED } from "./support/repository.ts";
import { tensorDifference } from "./support/tensor-difference.ts";

interface WireCase {
  readonly model: string;
  readonly case: string;
  readonly mode: "json" | "binary" | "mixed" | "raw";
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly responseBinary: boolean;
  readonly expectedOutputs: readonly (TensorSpec & { readonly binaryFile: string })[];
  readonly tolerance: Tolerance;
}

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 60_000;
const wire = join(SHARED, "oip/wire");

const cases = hasShared
  ? (JSON.parse(readFileSync(join(wire, "index.json"), "utf8")) as readonly WireCase[])
  : [];
const folders = [...new Set(cases.map(({ model }) => model))].toSorted();

function nameOf(folder: string): string {
  return folder.replaceAll("/", "-");
}

/** The published schemas of bodies; what the same file says of paths is not used (it writes them with a `$`). */
function schemas(): (name: string) => ValidateFunction {
  const text = readFileSync(join(SHARED, "oip/spec/open_inference_rest.yaml"), "utf8");
  // OpenAPI's own words (x-examples) are no part of JSON Schema, which strict mode would refuse.
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema(parse(text) as object, "protocol");
  return (name) => ajv.compile({ $ref: `protocol#/components/schemas/${name}` });
}

/** The expected outputs, read from their files by a binary answer made of them. */
function expectedOutputs({ model, expectedOutputs: outputs }: WireCase) {
  const tail = outputs.map(({ binaryFile }) => readFileSync(join(wire, binaryFile)));
  const head = Buffer.from(
    JSON.stringify({
      model_name: model,
      outputs: outputs.map(({ name, datatype, shape }, index) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: tail[index]?.length },
      })),
    }),
  );
  const headers = { "inference-header-content-length": String(head.length) };
  return decodeInferResponse({ body: Buffer.concat([head, ...tail]), headers }).outputs;
}

describe.skipIf(!hasShared)(
  "the protocol on the wire (needs the shared folder)",
  { timeout: TEST_TIMEOUT_MS },
  () => {
    let folder: DefinitionFolder;
    let server: DevServer;
    let schema: (name: string) => ValidateFunction;

    beforeAll(async () => {
      const entries = folders.map((name) => {
        return [nameOf(name), { artifact: join(SHARED, "models", name, "model.onnx") }] as const;
      });
      folder = await makeDefinitionFolder(Object.fromEntries(entries));
      server = await startDevServer(folder.path, { PILOTLIGHT_SPEED: "60" });
      schema = schemas();
    }, START_TIMEOUT_MS);

    afterAll(async () => {
      await server.stop();
      await folder.remove();
    });

    function faults(name: string, value: unknown): unknown {
      const validate = schema(name);
      return validate(value) ? [] : validate.errors;
    }

    test("there are bodies of every mode", () => {
      const modes = new Set(cases.map(({ mode }) => mode));
      expect(modes).toEqual(new Set(["json", "binary", "mixed", "raw"]));
    });

    test.each(cases)("$model $case as $mode gets the expected outputs", async (each) => {
      const answer = await send(`${server.api}/v2/models/${nameOf(each.model)}/infer`, {
        headers: each.headers,
        body: readFileSync(join(wire, each.body)),
      });
      expect([answer.statusCode, answer.statusCode === 200 ? "" : answer.body.toString()]).toEqual([
        200,
        "",
      ]);
      const { outputs, modelName, modelVersion } = decodeInferResponse(answer);
      expect([modelName, modelVersion]).toEqual([nameOf(each.model), "1"]);
      const differences = expectedOutputs(each)
        .map((want) =>
          tensorDifference(
            outputs.find(({ name }) => name === want.name),
            want,
            each.tolerance,
          ),
        )
        .filter((difference) => difference !== undefined);
      expect(differences).toEqual([]);
      const length = answer.headers["inference-header-content-length"];
      expect(length !== undefined).toBe(each.responseBinary);
      // The schema knows no tensor without data, which is what the binary extension makes of them.
      if (length !== undefined) return;
      expect(answer.headers["content-type"]).toMatch(/^application\/json/);
      expect(faults("inference_response", JSON.parse(answer.body.toString()))).toEqual([]);
    });

    test.each(cases.filter(({ responseBinary }) => responseBinary))(
      "$model $case as $mode has as many bytes after the JSON as it announces",
      async (each) => {
        const answer = await send(`${server.api}/v2/models/${nameOf(each.model)}/infer`, {
          headers: each.headers,
          body: readFileSync(join(wire, each.body)),
        });
        const length = Number(answer.headers["inference-header-content-length"]);
        const { outputs } = JSON.parse(answer.body.subarray(0, length).toString()) as {
          outputs: readonly { parameters: { binary_data_size: number } }[];
        };
        const announced = outputs.map(({ parameters }) => parameters.binary_data_size);
        const total = announced.reduce((sum, size) => sum + size, 0);
        expect(answer.body.length - length).toBe(total);
        expect(answer.headers["content-length"]).toBe(String(answer.body.length));
      },
    );

    test("the request's id comes back", async () => {
      const body = JSON.parse(
        readFileSync(join(wire, "wine-xgb.published-row0.json.json"), "utf8"),
      );
      const { json } = await sendForJson(`${server.api}/v2/models/wine-xgb/infer`, {
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...body, id: "row 0 of 178" }),
      });
      expect(json).toMatchObject({ id: "row 0 of 178" });
      expect(faults("inference_response", json)).toEqual([]);
    });

    test("the server describes itself as the schema says", async () => {
      const { statusCode, json } = await sendForJson(`${server.api}/v2`);
      expect(statusCode).toBe(200);
      expect(faults("metadata_server_response", json)).toEqual([]);
      expect(json).toMatchObject({ extensions: expect.arrayContaining(["binary_tensor_data"]) });
    });

    test.each(folders)("%s describes itself as the schema says, by version too", async (name) => {
      const url = `${server.api}/v2/models/${nameOf(name)}`;
      const { statusCode, json } = await sendForJson(url);
      expect(statusCode).toBe(200);
      expect(faults("metadata_model_response", json)).toEqual([]);
      expect(json).toMatchObject({ versions: ["1"] });
      const versioned = await sendForJson(`${url}/versions/1`);
      expect(versioned.json).toEqual(json);
    });

    test.each([
      "/v2/health/live",
      "/v2/health/ready",
      "/v2/models/wine-xgb/ready",
      "/v2/models/wine-xgb/versions/1/ready",
    ])("%s says yes", async (path) => {
      expect((await send(`${server.api}${path}`)).statusCode).toBe(200);
    });

    test.each([
      { path: "/v2/models/nothing", name: "metadata_model_error_response", status: 404 },
      { path: "/v2/models/nothing/ready", name: "metadata_model_error_response", status: 404 },
      { path: "/v2/nothing", name: "metadata_server_error_response", status: 404 },
      {
        path: "/v2/models/wine-xgb/infer",
        body: "{}",
        name: "inference_error_response",
        status: 400,
      },
    ])("the error of $path is one member, a text", async ({ path, body, name, status }) => {
      const question = body === undefined ? {} : { body };
      const { statusCode, json } = await sendForJson(`${server.api}${path}`, question);
      expect(statusCode).toBe(status);
      expect(faults(name, json)).toEqual([]);
      expect(json).toEqual({ error: expect.any(String) as string });
    });
  },
);
