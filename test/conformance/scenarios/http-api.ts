import { request } from "node:http";

import type { CaseValue } from "../case-file.ts";
import type { CaseRun } from "../case-run.ts";
import { httpCall } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";
import { withValue } from "../step-changes.ts";

/** The HTTP API in front of a function, payload format 2.0. */
export const HTTP_API_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "http-api-v2-event-shape": {
    // AWS's page has two headers only; a client sends more of its own, and the API adds some.
    rewrite: (step) => {
      return withValue(step, (event) => {
        const { headers = {}, ...others } = Object(event) as Readonly<Record<string, CaseValue>>;
        return { ...others, headers: { $contains: headers } };
      });
    },
    observe: { event: (run) => eventOf(run, FULL_REQUEST) },
    also: async (run, expect) => {
      const full = await eventOf(run, FULL_REQUEST);
      for (const name of ["multiValueHeaders", "multiValueQueryStringParameters"]) {
        expect(full).not.toHaveProperty(name);
      }
      const names = Object.keys(full["headers"] as object);
      expect(names).not.toContain("cookie");
      expect(names).toEqual(names.map((name) => name.toLowerCase()));
      const empty = await eventOf(run, { method: "GET", path: "/", headers: [] });
      for (const name of EMPTY_MEMBERS) expect(empty).not.toHaveProperty(name);
    },
  },
  "http-api-v2-response-inference": {
    // The case describes the answer in words; here it is an answer.
    observe: {
      "HTTP response": async (run) => {
        const { status, headers, text } = await resultOf(run, { made: "here" });
        const isHandlerResult = text === '{"made":"here"}';
        return {
          statusCode: status,
          "content-type": headers["content-type"],
          body: isHandlerResult ? "the handler result" : text,
          isBase64Encoded: false,
        };
      },
    },
    also: async (run, expect) => {
      const reply = await resultOf(run, {
        statusCode: 201,
        headers: { "X-A": "b" },
        cookies: ["c=1", "d=2"],
        body: Buffer.from("hello").toString("base64"),
        isBase64Encoded: true,
      });
      expect(reply.status).toBe(201);
      expect(reply.headers["x-a"]).toBe("b");
      expect(reply.headers["set-cookie"]).toBe("c=1, d=2");
      expect(reply.text).toBe("hello");
    },
  },
};

const EMPTY_MEMBERS = [
  "pathParameters",
  "stageVariables",
  "cookies",
  "queryStringParameters",
  "body",
] as const;

interface RawRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, so that a name can come twice. */
  readonly headers: readonly string[];
  readonly body?: string;
}

/** The request of AWS's page; it has the header2 and the cookie header twice. */
const FULL_REQUEST: RawRequest = {
  method: "POST",
  path: "/my/path?parameter1=value1&parameter1=value2&parameter2=value",
  headers: [
    ["Header1", "value1"],
    ["Header2", "value1"],
    ["Header2", "value2"],
    ["Cookie", "cookie1; cookie2"],
    ["User-Agent", "conformance"],
    ["Content-Type", "text/plain"],
  ].flat(),
  body: "Hello from Lambda",
};

/** The event that the function behind the API gets; it returns it. */
async function eventOf(run: CaseRun, raw: RawRequest): Promise<Record<string, unknown>> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { method, path, body } = raw;
  const { host } = new URL(run.emulator.apiUrl);
  const headers = ["Host", host, ...raw.headers];
  if (body !== undefined) headers.push("Content-Length", String(Buffer.byteLength(body)));
  const call = request(run.emulator.apiUrl + path, { method, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
  });
  call.on("error", reject);
  call.end(body);
  return JSON.parse(await promise) as Record<string, unknown>;
}

function resultOf(run: CaseRun, result: object) {
  return httpCall(`${run.emulator.apiUrl}/result`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(result),
  });
}
