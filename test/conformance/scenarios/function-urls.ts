import { request } from "node:http";
import { text } from "node:stream/consumers";

import { InvokeWithResponseStreamCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { invariant } from "@pilotlight/core";

import type { Call, CaseValue } from "../case-file.ts";
import type { CaseRun } from "../case-run.ts";
import { packageOf } from "../deployment-package.ts";
import { httpCall, type HttpReply } from "../http-reply.ts";
import type { Scenario } from "../scenario.ts";

/** Functions behind an address of their own. */
export const FUNCTION_URL_SCENARIOS: Readonly<Record<string, Scenario>> = {
  "url-echo-event": behindUrl("echoesEvent"),
  "url-echo-http-default": {
    ...behindUrl("echoesRequest"),
    observe: { url_response: echoOf },
    also: async (run, expect) => {
      const { headers } = (await echoOf(run)) as { headers: Record<string, string> };
      expect(headers["extra-headers"]).toBe("With WeiRd CapS");
      expect(Object.keys(headers).filter((name) => name !== name.toLowerCase())).toEqual([]);
    },
  },
  "url-function-error-502": behindUrl("throws"),
  "url-response-dict": behindUrl("returnsObject"),
  "url-response-http-response": behindUrl("returnsResponse"),
  "url-response-streaming": {
    ...behindUrl("streams", "RESPONSE_STREAM"),
    also: async (run, expect) => {
      // Whoever calls the function itself gets the stream as it is, prelude and all.
      const { text: streamed, complete } = await invokedInParts(run);
      expect(streamed).toMatch(/^\{"status":200,.+\}\0{8}Hello, world!$/);
      expect(complete).toEqual({});
    },
  },
  "url-response-string": behindUrl("returnsText"),
  "url-status-and-headers": behindUrl("returnsBody"),
};

function behindUrl(handler: string, invokeMode = "BUFFERED"): Scenario {
  return {
    code: packageOf(`function-url.${handler}`),
    http: async ({ http, headers = {}, body }: Call, run) => {
      invariant(http !== undefined, "a call of a URL has a method and a path");
      const url = await urlOf(run, invokeMode);
      return httpCall(url + http.uri.slice(1), {
        method: http.method,
        headers,
        body: bodyText(body),
      });
    },
  };
}

/** The address of the case's function; it is made with the first call. */
async function urlOf(run: CaseRun, invokeMode = "BUFFERED"): Promise<string> {
  const uri = "/2021-10-31/functions/{FunctionName}/url";
  const FunctionName = run.functionName;
  const created = await run.emulator.call({
    api: "CreateFunctionUrlConfig",
    method: "POST",
    uri,
    params: { FunctionName, AuthType: "NONE", InvokeMode: invokeMode },
  });
  const reply: HttpReply =
    created.status === 201
      ? created
      : await run.emulator.call({
          api: "GetFunctionUrlConfig",
          method: "GET",
          uri,
          params: { FunctionName },
        });
  const { FunctionUrl } = reply.json as { FunctionUrl: string };
  return FunctionUrl;
}

/** Calls InvokeWithResponseStream with AWS's own client, and reads its events to the end. */
async function invokedInParts(run: CaseRun): Promise<{ text: string; complete: unknown }> {
  const client = new LambdaClient({
    region: "us-east-1",
    endpoint: run.emulator.awsUrl,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const FunctionName = run.functionName;
  const { EventStream } = await client.send(new InvokeWithResponseStreamCommand({ FunctionName }));
  const parts: Uint8Array[] = [];
  let complete: unknown;
  for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
    if (PayloadChunk?.Payload !== undefined) parts.push(PayloadChunk.Payload);
    complete = InvokeComplete ?? complete;
  }
  client.destroy();
  return { text: Buffer.concat(parts).toString("utf8"), complete };
}

function bodyText(body: CaseValue | undefined): string | undefined {
  if (body === undefined || body === null) return undefined;
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** The request of the case, with the headers that its client sent: no other client is to add its own. */
async function echoOf(run: CaseRun): Promise<unknown> {
  const url = new URL(await urlOf(run));
  const body = '{"foo": "bar"}';
  const headers = {
    Accept: "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    "ExTrA-HeadErs": "With WeiRd CapS",
    "User-Agent": "test/echo",
  };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const path = "/pa2%Fth/1?q=query&multiQuery=foo&multiQuery=%2Fbar";
  const { hostname: host, port } = url;
  const call = request({ host, port, method: "POST", path, headers }, (response) => {
    text(response).then(resolve, reject);
  });
  call.on("error", reject);
  call.end(body);
  return JSON.parse(await promise) as unknown;
}
