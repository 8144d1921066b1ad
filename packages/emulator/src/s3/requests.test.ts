import { request as send } from "node:http";
import { text } from "node:stream/consumers";
import { once } from "node:events";

import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { NOW_MS, S3UnderTest } from "./testing/s3-under-test.ts";

const Bucket = "photos";

let s3: S3UnderTest;
const client = () => new S3Client(s3.clientOptions());
beforeEach(async () => {
  s3 = new S3UnderTest();
  await s3.start();
  await client().send(new CreateBucketCommand({ Bucket }));
});
afterEach(async () => {
  await s3.end();
});

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Sends headers that fetch would not. */
async function answerTo(path: string, { method = "GET", headers = {}, body = "" }: Sent = {}) {
  const { hostname, port } = new URL(s3.url);
  const request = send({ hostname, port, path, method, headers, agent: false });
  request.end(body);
  const [response] = await once(request, "response");
  return {
    status: Number(response.statusCode),
    headers: response.headers,
    text: await text(response),
  };
}

const signed = { authorization: "AWS test:test" };

function presigned(path: string, { ageSec = 0, expiresSec = 60, more = "" } = {}): string {
  const date = new Date(NOW_MS - ageSec * 1000).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const credential = encodeURIComponent(`test/${date.slice(0, 8)}/us-east-1/s3/aws4_request`);
  return `${path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${date}&X-Amz-Expires=${expiresSec}&X-Amz-SignedHeaders=host&X-Amz-Signature=0${more}`;
}

describe("a bucket's own host", () => {
  test("stands for the bucket", async () => {
    const own = new S3Client(s3.clientOptions({ forcePathStyle: false }));
    await own.send(new PutObjectCommand({ Bucket, Key: "a/b c", Body: "body" }));
    const got = await own.send(new GetObjectCommand({ Bucket, Key: "a/b c" }));
    expect(await got.Body?.transformToString()).toBe("body");
    const byPath = await client().send(new HeadObjectCommand({ Bucket, Key: "a/b c" }));
    expect(byPath.ContentLength).toBe(4);
  });

  test("answers nobody who is not signed", async () => {
    const answer = await answerTo("/a", { headers: { host: "photos.localhost:80" } });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("<Code>AccessDenied</Code><Message>Access Denied</Message>");
  });

  test.each(["photos.localhost.evil.example", "evil.example", "photos.localhost@evil.example"])(
    "is not %s",
    async (host) => {
      const answer = await answerTo("/photos/a", { headers: { ...signed, host } });
      expect([answer.status, answer.text]).toEqual([403, expect.stringMatching(/^\{"error"/)]);
    },
  );

  test("is none for a web page", async () => {
    const headers = { ...signed, host: "photos.localhost", origin: "http://photos.localhost" };
    expect((await answerTo("/a", { method: "PUT", headers, body: "x" })).status).toBe(403);
  });
});

describe("a presigned URL", () => {
  test("reads and writes within its time", async () => {
    const written = await answerTo(
      presigned("/photos/a%20b", {
        more: "&x-amz-meta-kind=signed&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32",
      }),
      { method: "PUT", body: "body", headers: { "content-length": "4" } },
    );
    expect(written.status).toBe(200);
    const more = "&response-content-type=text%2Fplain&response-content-disposition=attachment";
    const read = await answerTo(presigned("/photos/a%20b", { more, ageSec: 59 }));
    expect([read.status, read.text]).toEqual([200, "body"]);
    expect(read.headers).toMatchObject({
      "content-type": "text/plain",
      "content-disposition": "attachment",
      "x-amz-meta-kind": "signed",
    });
  });

  test("is refused after its time, and before it", async () => {
    const late = await answerTo(presigned("/photos/a", { ageSec: 61 }));
    expect(late.status).toBe(403);
    expect(late.text).toContain(
      "<Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires><Expires>2026-11-24T11:59:59Z</Expires><ServerTime>2026-11-24T12:00:00Z</ServerTime>",
    );
    const early = await answerTo(presigned("/photos/a", { ageSec: -1000 }));
    expect(early.text).toContain("Request is not yet valid");
    const version2 = "/photos/a?AWSAccessKeyId=test&Signature=x&Expires=";
    expect((await answerTo(`${version2}1000`)).text).toContain("Request has expired");
    expect((await answerTo(`${version2}${NOW_MS / 1000 + 60}`)).status).toBe(403);
  });

  test.each([
    ["a time of more than a week", presigned("/photos/a", { expiresSec: 604_801 })],
    ["no signature", presigned("/photos/a").replace("&X-Amz-Signature=0", "")],
    ["no number", presigned("/photos/a").replace("Expires=60", "Expires=soon")],
  ])("is refused with %s", async (_what, path) => {
    const answer = await answerTo(path);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("<Code>AuthorizationQueryParametersError</Code>");
  });
});

describe("requests", () => {
  test("are refused in XML, and HEAD without a body", async () => {
    const answer = await answerTo("/photos/none", { headers: signed });
    expect(answer.status).toBe(404);
    expect(answer.headers).toMatchObject({ "content-type": "application/xml", server: "AmazonS3" });
    const { "x-amz-request-id": requestId, "x-amz-id-2": hostId } = answer.headers;
    expect(answer.text).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>none</Key><RequestId>${requestId}</RequestId><HostId>${hostId}</HostId></Error>`,
    );
    const head = await answerTo("/photos/none", { method: "HEAD", headers: signed });
    expect([head.status, head.text]).toEqual([404, ""]);
  });

  test.each([
    ["POST /", 405, "MethodNotAllowed"],
    ["PATCH /photos/a", 405, "MethodNotAllowed"],
    ["GET /photos?acl", 501, "NotImplemented"],
    ["GET /photos?policy", 404, "NoSuchBucketPolicy"],
    ["PUT /photos/a?acl", 501, "NotImplemented"],
    ["GET /photos/%E0%A4", 400, "InvalidURI"],
    [`PUT /photos/${"k".repeat(1025)}`, 400, "KeyTooLongError"],
    ["GET /nowhere/a", 404, "NoSuchBucket"],
    ["POST /photos?delete", 400, "InvalidRequest"],
  ])("answer %s with %d %s", async (line, status, code) => {
    const [method = "", path = ""] = line.split(" ");
    const answer = await answerTo(path, { method, headers: signed });
    expect([answer.status, answer.text]).toEqual([
      status,
      expect.stringContaining(`<Code>${code}<`),
    ]);
  });

  test("may have any key", async () => {
    for (const key of [
      "../../etc/passwd",
      "/",
      "a//b",
      ".",
      "\u0001",
      "ключ",
      "\u{1f600}",
      "k".repeat(1024),
    ]) {
      const path = `/photos/${encodeURIComponent(key)}`;
      const headers = { ...signed, "content-length": "4" };
      expect((await answerTo(path, { method: "PUT", headers, body: "body" })).status).toBe(200);
      expect((await answerTo(path, { headers: signed })).text).toBe("body");
    }
  });

  test("must say how long their body is", async () => {
    const headers = { ...signed, "transfer-encoding": "chunked" };
    const answer = await answerTo("/photos/a", { method: "PUT", headers, body: "body" });
    expect([answer.status, answer.text]).toEqual([
      411,
      expect.stringContaining("You must provide the Content-Length HTTP header."),
    ]);
  });

  test("may not be larger than S3 takes", async () => {
    const headers = { ...signed, "content-length": "5368709121", expect: "100-continue" };
    const request = send(`${s3.url}/photos/a`, { method: "PUT", headers, agent: false });
    request.on("error", () => undefined);
    request.flushHeaders();
    const [response] = await once(request, "response");
    expect([response.statusCode, await text(response)]).toEqual([
      400,
      expect.stringContaining("<Code>EntityTooLarge</Code>"),
    ]);
    request.destroy();
  });

  test("are read to their end before they are refused", async () => {
    const body = Buffer.alloc(20_000_000);
    const headers = { ...signed, "content-length": String(body.length), connection: "close" };
    const answer = await answerTo("/nowhere/a", { method: "PUT", headers, body });
    expect(answer.text).toContain("<Code>NoSuchBucket</Code>");
  });

  test("are compared with the digest that they are signed with", async () => {
    const headers = { ...signed, "x-amz-content-sha256": "0".repeat(64), "content-length": "4" };
    const answer = await answerTo("/photos/a", { method: "PUT", headers, body: "body" });
    expect(answer.text).toContain("<Code>XAmzContentSHA256Mismatch</Code>");
  });

  test("of signed chunks lose their framing", async () => {
    const chunk = `4;chunk-signature=${"0".repeat(64)}\r\nbody\r\n0;chunk-signature=${"0".repeat(64)}\r\n\r\n`;
    const headers = {
      ...signed,
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "x-amz-decoded-content-length": "4",
      "content-encoding": "aws-chunked,gzip",
      "content-length": String(chunk.length),
    };
    expect((await answerTo("/photos/a", { method: "PUT", headers, body: chunk })).status).toBe(200);
    const read = await answerTo("/photos/a", { headers: signed });
    expect([read.text, read.headers["content-encoding"]]).toEqual(["body", "gzip"]);
  });

  test("of a browser get a document that cannot act", async () => {
    const headers = { ...signed, "sec-fetch-site": "none" };
    const answer = await answerTo("/photos/a", { headers });
    expect(answer.headers).toMatchObject({
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
    });
  });
});
