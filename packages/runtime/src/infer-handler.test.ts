import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { LAMBDA_LIMITS } from "@pilotlight/core";
import type { InvocationEvent } from "@pilotlight/protocol";

import { inferHandler } from "./infer-handler.ts";
import type { InferSettings } from "./settings.ts";
import { identityModel } from "./testing/small-models.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-infer-"));
  await writeFile(join(folder, "model.onnx"), identityModel("FP32", ["batch", 2]));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function open(handlerSource?: string) {
  if (handlerSource !== undefined) await writeFile(join(folder, "handler.mjs"), handlerSource);
  const settings: InferSettings = {
    model: "echo",
    version: "1",
    artifact: join(folder, "model.onnx"),
    handler: handlerSource === undefined ? null : "handler.mjs",
    session: { threads: 1, optimization: "all", warmUp: true },
  };
  return await inferHandler(settings, folder);
}

function inferEvent(body: unknown): InvocationEvent {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { action: "infer", headers: { "content-type": "application/json" }, body: text };
}

const GOOD = { id: "7", inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [0.1, 2] }] };

const ECHO_HANDLER = `export default {
  preprocess: ({ body }) => ({ x: { datatype: "FP32", shape: [1, 2], data: JSON.parse(Buffer.from(body).toString()) } }),
  postprocess: (outputs) => ({ sum: outputs.y.data[0] + outputs.y.data[1], raw: outputs.y.data }),
};`;

function predictEvent(body: string): InvocationEvent {
  return {
    action: "predict",
    headers: {},
    body: Buffer.from(body).toString("base64"),
    isBase64Encoded: true,
  };
}

describe("inferHandler", () => {
  test("answers an Open Inference Protocol request", async () => {
    const answer = await (await open())(inferEvent(GOOD));
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      model_name: "echo",
      model_version: "1",
      id: "7",
      outputs: [{ name: "y", datatype: "FP32", shape: [1, 2], data: [0.1, 2] }],
    });
  });

  test("says cold once, with the init phase, and warm after it", async () => {
    const handler = await open();
    const [first, second] = [await handler(inferEvent(GOOD)), await handler(inferEvent(GOOD))];
    expect(first.headers["x-pilotlight-cold"]).toBe("true");
    expect(first.headers["server-timing"]).toMatch(
      /^init;dur=[\d.]+, decode;dur=[\d.]+, infer;dur=[\d.]+/,
    );
    expect(second.headers["x-pilotlight-cold"]).toBe("false");
    expect(second.headers["server-timing"]).not.toContain("init");
  });

  test("describes the model", async () => {
    const answer = await (await open())({ action: "metadata", headers: {} });
    expect(JSON.parse(answer.body)).toMatchObject({
      name: "echo",
      versions: ["1"],
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
    });
  });

  test("is ready once it is loaded", async () => {
    const answer = await (await open())({ action: "ready", headers: {} });
    expect(answer).toMatchObject({ statusCode: 200, body: '{"name":"echo","ready":true}' });
  });

  test.each([
    ["{", 400],
    [{ inputs: [] }, 400],
    [{ inputs: [{ ...GOOD.inputs[0], shape: [1, 3], data: [1, 2, 3] }] }, 400],
  ])("refuses %j as an answer and answers the next request", async (body, statusCode) => {
    const handler = await open();
    const refused = await handler(inferEvent(body));
    expect(refused.statusCode).toBe(statusCode);
    expect(JSON.parse(refused.body)).toEqual({ error: expect.any(String) });
    expect((await handler(inferEvent(GOOD))).statusCode).toBe(200);
  });

  test("refuses an answer that Lambda cannot carry, naming the binary extension", async () => {
    const handler = await open();
    const rows = 500_000;
    const data = Array.from({ length: rows * 2 }, (_, index) => index / 7);
    const body = { inputs: [{ name: "x", datatype: "FP32", shape: [rows, 2], data }] };
    const answer = await handler(inferEvent(body));
    expect(answer.statusCode).toBe(413);
    expect(answer.body).toContain("binary tensor data extension");
    const binary = await handler(inferEvent({ ...body, parameters: { binary_data_output: true } }));
    expect(binary).toMatchObject({ statusCode: 200, isBase64Encoded: true });
  });

  test("refuses outputs that no text could hold before it makes the text", async () => {
    const handler = await open();
    // 2 × 1,600,000 zeros: "0," each, so at least 6,400,000 bytes of JSON.
    const x = {
      name: "x",
      datatype: "FP32",
      shape: [1_600_000, 2],
      parameters: { binary_data_size: 12_800_000 },
    };
    const head = JSON.stringify({ inputs: [x] });
    const body = gzipSync(Buffer.concat([Buffer.from(head), Buffer.alloc(12_800_000)]));
    const answer = await handler({
      action: "infer",
      headers: {
        "content-encoding": "gzip",
        "inference-header-content-length": String(head.length),
      },
      body: body.toString("base64"),
      isBase64Encoded: true,
    });
    expect(answer.statusCode).toBe(413);
    expect(answer.body).toContain("at least 6400000 bytes");
  });

  test("runs a handler around the model", async () => {
    const answer = await (await open(ECHO_HANDLER))(predictEvent("[1, 2]"));
    expect(answer).toMatchObject({ statusCode: 200, body: '{"sum":3,"raw":[1,2]}' });
  });

  test("answers 404 with the remedy where the model has no handler", async () => {
    const answer = await (await open())(predictEvent("[1, 2]"));
    expect(answer.statusCode).toBe(404);
    expect(answer.body).toContain("/v2/models/echo/infer");
  });

  test("turns an error that a handler throws with a statusCode of 4xx into that answer", async () => {
    const handler = await open(
      `export default { preprocess() { throw Object.assign(new Error("no picture"), { statusCode: 415 }); }, postprocess() {} };`,
    );
    expect(await handler(predictEvent("x"))).toMatchObject({
      statusCode: 415,
      body: '{"error":"no picture"}',
    });
  });

  test.each([
    [`export default {};`, "the handler's default export is an object with nothing"],
    [`export const a = 1;`, "default export is missing"],
    [`throw new Error("boom");`, "failed to load: boom"],
    [`export default { preprocess: () => 5, postprocess() {} };`, "preprocess returned a number"],
    [
      `export default { preprocess: () => ({ z: 1 }), postprocess() {} };`,
      'returned \\"z\\"; accepted: an object of tensors for x (FP32 [-1, 2])',
    ],
    [
      `export default { preprocess: () => ({ x: { datatype: "FP32", shape: [1, 2], data: ["a", 1] } }), postprocess() {} };`,
      "x",
    ],
    [
      `export default { preprocess() { null.x; }, postprocess() {} };`,
      "the model's handler failed",
    ],
    [
      `export default { preprocess: () => ({ x: { datatype: "FP32", shape: [1, 2], data: [1, 2] } }), postprocess() {} };`,
      "postprocess returned nothing",
    ],
  ])("answers 500 and says what is wrong with the handler %s", async (source, text) => {
    const answer = await (await open(source))(predictEvent("x"));
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toContain(text);
  });

  const postprocess = (result: string) =>
    `export default { preprocess: () => ({ x: { datatype: "FP32", shape: [1, 2], data: [1, 2] } }), postprocess: () => (${result}) };`;

  test.each([
    ['{ status: 200, headers: { "x-a": "b\\r\\nx-c: d" } }', 'the header \\"x-a\\"'],
    ['{ status: 200, headers: { "x-a": "€" } }', 'the header \\"x-a\\"'],
    ['{ status: 200, headers: { "x a": "b" } }', 'the header \\"x a\\"'],
    ['{ status: 200, headers: { "set-cookie": ["a", "b"] } }', 'the header \\"set-cookie\\"'],
  ])("answers 500 and names the header that HTTP cannot carry: %s", async (result, text) => {
    const answer = await (await open(postprocess(result)))(predictEvent("x"));
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toContain(text);
  });

  test.each([
    ["{ status: 100 }", '{"status":100}'],
    ["{ status: 200, more: 1 }", '{"status":200,"more":1}'],
    ["{ bytes: Buffer.from([1, 255]) }", '{"bytes":[1,255]}'],
    ["{ big: 2n ** 60n, small: 3n }", '{"big":"1152921504606846976","small":3}'],
  ])("takes %s for a JSON value", async (result, body) => {
    expect(await (await open(postprocess(result)))(predictEvent("x"))).toMatchObject({
      statusCode: 200,
      body,
    });
  });

  test("undoes the compression of a request before its handler", async () => {
    const handler = await open(ECHO_HANDLER);
    const event = {
      ...predictEvent("x"),
      headers: { "content-encoding": "gzip" },
      body: gzipSync("[1, 2]").toString("base64"),
    };
    expect(await handler(event)).toMatchObject({ statusCode: 200, body: '{"sum":3,"raw":[1,2]}' });
  });

  test("carries every answer that it does not refuse: route and headers fit beside it", async () => {
    // A text of n letters is n + 2 bytes of JSON, and again n + 6 as JSON inside the answer.
    const handler = await open(`export default {
      preprocess: () => ({ x: { datatype: "FP32", shape: [1, 2], data: [1, 2] } }),
      postprocess: (_outputs, { body }) => "a".repeat(Number(Buffer.from(body))),
    };`);
    const refusedFrom = LAMBDA_LIMITS.invokeResponseBytesMax - 8192 - 6 + 1;
    const largest = await handler(predictEvent(String(refusedFrom - 1)));
    expect(largest.statusCode).toBe(200);
    const envelopeBytes = Buffer.byteLength(JSON.stringify(largest)) - (refusedFrom - 1);
    expect(envelopeBytes).toBeLessThan(8192);
    expect((await handler(predictEvent(String(refusedFrom)))).statusCode).toBe(413);
  });

  test("lets a handler answer with status, headers and bytes", async () => {
    const handler = await open(
      `export default {
        preprocess: () => ({ x: { datatype: "FP32", shape: [1, 2], data: [1, 2] } }),
        postprocess: () => ({ status: 201, headers: { "X-Kind": "bytes" }, body: Uint8Array.of(1, 2, 255) }),
      };`,
    );
    expect(await handler(predictEvent("x"))).toMatchObject({
      statusCode: 201,
      headers: { "x-kind": "bytes" },
      body: Buffer.from([1, 2, 255]).toString("base64"),
      isBase64Encoded: true,
    });
  });
});
