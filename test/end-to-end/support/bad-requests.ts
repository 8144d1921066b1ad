import { gzipSync } from "node:zlib";

import type { HttpQuestion } from "./http.ts";
import { binarySample, jsonSample, sampleInputs, sevenPng } from "./sample-requests.ts";
import type { JsonTensor, SampleModel } from "./sample-requests.ts";

/** A request that must be refused. */
export interface BadRequest {
  readonly title: string;
  readonly path: string;
  /** Made when it is sent: it reads files. */
  readonly question: () => HttpQuestion;
  readonly status: number;
  /** What the error has to say. */
  readonly error: RegExp;
  /** Whose environment must survive it; biopsy's when absent. */
  readonly model?: SampleModel;
}

const BIOPSY = "/v2/models/biopsy/infer";
const MEBIBYTE = 1_048_576;
const JSON_HEADERS = { "content-type": "application/json" };

/** biopsy's sample as JSON with other fields in its one input. */
function withInput(fields: Readonly<Record<string, unknown>>): HttpQuestion {
  return withInputs((input) => [{ ...input, ...fields }]);
}

function withInputs(change: (input: JsonTensor) => readonly unknown[]): HttpQuestion {
  const [input] = sampleInputs("biopsy");
  const inputs = change(input as JsonTensor);
  return { headers: JSON_HEADERS, body: JSON.stringify({ inputs }) };
}

/** biopsy's sample as JSON with another element at one place. */
function withElement(index: number, value: unknown): HttpQuestion {
  return withInputs((input) => [{ ...input, data: input.data.with(index, value) }]);
}

function withHeaders(
  question: HttpQuestion,
  headers: Readonly<Record<string, string>>,
): HttpQuestion {
  return { ...question, headers: { ...question.headers, ...headers } };
}

function post(body: string | Uint8Array): HttpQuestion {
  return { headers: JSON_HEADERS, body };
}

function biopsy(
  title: string,
  question: () => HttpQuestion,
  refusal: Pick<BadRequest, "status" | "error">,
): BadRequest {
  return { title, path: BIOPSY, question, ...refusal };
}

const MALFORMED: readonly BadRequest[] = [
  biopsy("JSON without its end", () => post('{"inputs": ['), { status: 400, error: /not JSON/ }),
  biopsy("an empty body", () => post(""), { status: 400, error: /body is empty/ }),
  biopsy("a list instead of an object", () => post("[]"), { status: 400, error: /inputs/ }),
  biopsy("no list of inputs", () => post("{}"), { status: 400, error: /inputs/ }),
  biopsy("bytes that are not UTF-8", () => post(Buffer.from([0x22, 0xff, 0x22])), {
    status: 400,
    error: /UTF-8/,
  }),
  biopsy("JSON that is nested 100,000 deep", () => post("[".repeat(100_000)), {
    status: 400,
    error: /JSON/,
  }),
];

const WRONG_TENSORS: readonly BadRequest[] = [
  biopsy("a shape of another width", () => withInput({ shape: [1, 29] }), {
    status: 400,
    error: /features.*shape.*\[1, 29\].*\[-1, 30\]/,
  }),
  biopsy("a shape of another rank", () => withInput({ shape: [30] }), {
    status: 400,
    error: /features.*shape.*\[30\]/,
  }),
  biopsy("fewer elements than the shape", () => withInput({ shape: [2, 30] }), {
    status: 400,
    error: /features.*data.*30 elements.*60/,
  }),
  biopsy("another datatype", () => withInput({ datatype: "INT64" }), {
    status: 400,
    error: /features.*datatype.*INT64.*FP32/,
  }),
  biopsy("a datatype that does not exist", () => withInput({ datatype: "FP31" }), {
    status: 400,
    error: /features.*datatype.*FP31/,
  }),
  biopsy("no input", () => withInputs(() => []), { status: 400, error: /features.*missing/ }),
  biopsy("an input too many", () => withInputs((input) => [input, { ...input, name: "extra" }]), {
    status: 400,
    error: /extra.*accepted.*features/,
  }),
  biopsy("an input twice", () => withInputs((input) => [input, input]), {
    status: 400,
    error: /features.*twice/,
  }),
  biopsy("a negative dimension", () => withInput({ shape: [-1, 30] }), {
    status: 400,
    error: /features.*shape\[0\].*-1/,
  }),
  biopsy("a dimension with a fraction", () => withInput({ shape: [1.5, 30] }), {
    status: 400,
    error: /features.*shape\[0\].*1\.5/,
  }),
  biopsy("a shape of 1e9 x 1e9", () => withInput({ shape: [1e9, 1e9] }), {
    status: 400,
    error: /features.*shape/,
  }),
  biopsy("a shape of 1e9 rows", () => withInput({ shape: [1e9, 30] }), {
    status: 400,
    error: /features.*shape.*too large/,
  }),
  biopsy("an output that the model lacks", () => unknownOutput(), {
    status: 400,
    error: /nothing.*accepted.*label/,
  }),
];

function unknownOutput(): HttpQuestion {
  const body = { inputs: sampleInputs("biopsy"), outputs: [{ name: "nothing" }] };
  return post(JSON.stringify(body));
}

const NOT_A_NUMBER: readonly BadRequest[] = [
  biopsy("a bare NaN", () => bareToken("NaN"), { status: 400, error: /NaN.*features.*data\[3\]/ }),
  biopsy("a bare -Infinity", () => bareToken("-Infinity"), {
    status: 400,
    error: /-Infinity.*features.*data\[3\]/,
  }),
  biopsy("a null", () => withElement(3, null), {
    status: 400,
    error: /features.*data\[3\].*null/,
  }),
  biopsy("a text", () => withElement(3, "797.8"), {
    status: 400,
    error: /features.*data\[3\].*797/,
  }),
  biopsy("a number beyond float32", () => withElement(3, 1e39), {
    status: 400,
    error: /features.*data\[3\].*1e\+39/,
  }),
];

function bareToken(token: string): HttpQuestion {
  const { body = "" } = withElement(3, "TOKEN");
  return post(body.toString().replace('"TOKEN"', token));
}

const BINARY: readonly BadRequest[] = [
  biopsy("a byte too few after the JSON", () => binaryWithout(1), {
    status: 400,
    error: /features.*119 bytes.*120/,
  }),
  biopsy("a byte too many after the JSON", () => binaryWith(Buffer.from([0])), {
    status: 400,
    error: /features.*121 bytes.*120/,
  }),
  biopsy("no bytes after the JSON", () => binaryWithout(120), {
    status: 400,
    error: /features.*0 bytes/,
  }),
  ...["soon", "-1", "1e3", "99999999", "12.5"].map((length) =>
    biopsy(
      `Inference-Header-Content-Length: ${length}`,
      () => withHeaders(binarySample("biopsy"), { "inference-header-content-length": length }),
      { status: 400, error: /Inference-Header-Content-Length.*accepted/ },
    ),
  ),
  biopsy(
    "a raw body of a size that is no multiple of a row",
    () => ({ headers: { "inference-header-content-length": "0" }, body: Buffer.alloc(100) }),
    { status: 400, error: /features.*100 bytes.*multiple of 120/ },
  ),
];

function binaryWithout(bytes: number): HttpQuestion {
  const { headers = {}, body = "" } = binarySample("biopsy");
  return { headers, body: Buffer.from(body).subarray(0, body.length - bytes) };
}

function binaryWith(bytes: Uint8Array): HttpQuestion {
  const { headers = {}, body = "" } = binarySample("biopsy");
  return { headers, body: Buffer.concat([Buffer.from(body), bytes]) };
}

function gzipped(body: Uint8Array): HttpQuestion {
  return { headers: { ...JSON_HEADERS, "content-encoding": "gzip" }, body };
}

const ENCODED: readonly BadRequest[] = [
  biopsy("gzip without its end", () => gzipped(gzippedSample().subarray(0, -12)), {
    status: 400,
    error: /gzip/,
  }),
  biopsy("gzip that is none", () => gzipped(Buffer.from("{}")), { status: 400, error: /gzip/ }),
  biopsy("300 KB of gzip that are 300 MB", () => gzipped(gzipBomb()), {
    status: 413,
    error: /after decompression/,
  }),
  biopsy(
    "an encoding that is not understood",
    () => withHeaders(jsonSample("biopsy"), { "content-encoding": "br" }),
    { status: 415, error: /content-encoding.*br.*gzip, deflate/ },
  ),
  biopsy(
    "a content type that holds no tensors",
    () => withHeaders(jsonSample("biopsy"), { "content-type": "text/html" }),
    { status: 415, error: /content-type.*text\/html/ },
  ),
  biopsy("a body of 7 MB", () => padded(7 * MEBIBYTE), {
    status: 413,
    error: /7 MB.*6 MB.*binary extension/,
  }),
  biopsy("a body of 11 MB", () => padded(11 * MEBIBYTE), {
    status: 413,
    error: /11 MB.*10 MB.*binary extension/,
  }),
];

function gzippedSample(): Buffer {
  return gzipSync(jsonSample("biopsy").body ?? "");
}

/** Members of a gzip file follow each other, so that 300 of 1 MiB make the bomb without 300 MiB here. */
function gzipBomb(): Buffer {
  const member = gzipSync(Buffer.alloc(MEBIBYTE, " "));
  return Buffer.concat(Array.from({ length: 300 }, () => member));
}

function padded(bytes: number): HttpQuestion {
  const text = (jsonSample("biopsy").body ?? "").toString();
  return post(text.padEnd(bytes, " "));
}

const BUDGETS: readonly BadRequest[] = ["soon", "-5", "0", "", "NaN"].map((budget) =>
  biopsy(
    `x-latency-budget-ms: ${budget || "nothing"}`,
    () => withHeaders(jsonSample("biopsy"), { "x-latency-budget-ms": budget }),
    { status: 400, error: /x-latency-budget-ms.*accepted/ },
  ),
);

const PLACES: readonly BadRequest[] = [
  {
    title: "a model that does not exist",
    path: "/v2/models/nothing/infer",
    question: () => jsonSample("biopsy"),
    status: 404,
    error: /"nothing".*biopsy.*digits/,
  },
  {
    title: "a version that does not exist",
    path: "/v2/models/biopsy/versions/2/infer",
    question: () => jsonSample("biopsy"),
    status: 404,
    error: /version "2".*accepted: 1/,
  },
  {
    title: "a path that does not exist",
    path: "/v1/models/biopsy:predict",
    question: () => jsonSample("biopsy"),
    status: 404,
    error: /v1.*accepted/,
  },
  {
    title: "a path that is no percent encoding",
    path: "/v2/models/%zz/infer",
    question: () => jsonSample("biopsy"),
    status: 404,
    error: /%zz/,
  },
  {
    title: "GET where POST is meant",
    path: BIOPSY,
    question: () => ({ method: "GET" }),
    status: 405,
    error: /GET.*accepted.*POST/,
  },
  {
    title: "DELETE on a model",
    path: "/v2/models/biopsy",
    question: () => ({ method: "DELETE" }),
    status: 405,
    error: /DELETE.*accepted.*GET/,
  },
];

const PREDICT: readonly BadRequest[] = [
  {
    title: "a body of the handler's that is no PNG",
    path: "/predict/digits",
    question: () => ({ headers: { "content-type": "image/png" }, body: "not a picture" }),
    status: 400,
    error: /PNG/,
    model: "digits",
  },
  {
    title: "half a PNG",
    path: "/predict/digits",
    question: () => ({ body: sevenPng().subarray(0, 60) }),
    status: 400,
    error: /PNG/,
    model: "digits",
  },
  {
    title: "no body for the handler",
    path: "/predict/digits",
    question: () => ({ body: "" }),
    status: 400,
    error: /PNG/,
    model: "digits",
  },
  {
    title: "a type that the handler does not read",
    path: "/predict/digits",
    question: () => ({ headers: { "content-type": "image/jpeg" }, body: "jpeg" }),
    status: 415,
    error: /image\/jpeg.*PNG/,
    model: "digits",
  },
  {
    title: "a model without a handler",
    path: "/predict/biopsy",
    question: () => ({ body: sevenPng() }),
    status: 404,
    error: /biopsy.*no handler.*\/v2\/models\/biopsy\/infer/,
  },
];

/** Every way to ask badly that the suite knows. */
export const BAD_REQUESTS: readonly BadRequest[] = [
  ...MALFORMED,
  ...WRONG_TENSORS,
  ...NOT_A_NUMBER,
  ...BINARY,
  ...ENCODED,
  ...BUDGETS,
  ...PLACES,
  ...PREDICT,
];
