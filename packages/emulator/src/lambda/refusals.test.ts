import { strToU8, zipSync } from "fflate";
import { afterEach, describe, expect, test } from "vitest";

import {
  FUNCTIONS,
  newFunction,
  OTHER_ZIP,
  startScriptedEmulator,
  stopScriptedEmulators,
} from "../testing/scripted-emulator.ts";

afterEach(stopScriptedEmulators);

/** An emulator with the function `fn`, its version 1 and the alias `live` of that. */
async function withFunction() {
  const { call } = await startScriptedEmulator();
  await call(`POST ${FUNCTIONS}`, newFunction("fn", { Publish: true }));
  await call(`POST ${FUNCTIONS}/fn/aliases`, { Name: "live", FunctionVersion: "1" });
  return call;
}

describe("operations that change $LATEST", () => {
  test.each([
    ["PUT", "configuration", { Timeout: 5 }],
    ["PUT", "code", { ZipFile: OTHER_ZIP }],
    ["POST", "versions", {}],
  ])("%s %s takes no other version", async (method, path, body) => {
    const call = await withFunction();
    for (const name of ["fn:1", "fn:live"]) {
      const reply = await call(`${method} ${FUNCTIONS}/${name}/${path}`, body);
      expect([reply.status, reply.errorType, reply.body]).toEqual([
        400,
        "InvalidParameterValueException",
        {
          Type: "User",
          message: "Current operation does not support versions other than $LATEST",
        },
      ]);
    }
    expect((await call(`${method} ${FUNCTIONS}/fn:$LATEST/${path}`, body)).status).toBeLessThan(
      202,
    );
  });

  test("refuse a revision that is not the current one", async () => {
    const call = await withFunction();
    const RevisionId = "10000000-0000-4000-8000-000000000000";
    for (const [line, body] of [
      [`PUT ${FUNCTIONS}/fn/configuration`, { RevisionId }],
      [`PUT ${FUNCTIONS}/fn/code`, { RevisionId, ZipFile: OTHER_ZIP }],
      [`POST ${FUNCTIONS}/fn/versions`, { RevisionId }],
      [`PUT ${FUNCTIONS}/fn/aliases/live`, { RevisionId }],
    ] as const) {
      const reply = await call(line, body);
      expect([reply.status, reply.errorType, reply.body["message"]]).toEqual([
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
      ]);
    }
  });
});

describe("operations on resource policies", () => {
  test("name GetPolicy where the revision is not the current one", async () => {
    const call = await withFunction();
    const permission = {
      StatementId: "s",
      Action: "lambda:InvokeFunction",
      Principal: "alexa-appkit.amazon.com",
    };
    const added = await call(`POST ${FUNCTIONS}/fn/policy`, permission);
    expect(JSON.parse(String(added.body["Statement"]))).toMatchObject({
      Principal: { Service: "alexa-appkit.amazon.com" },
    });
    const other = { ...permission, StatementId: "t", RevisionId: "old" };
    for (const reply of [
      await call(`POST ${FUNCTIONS}/fn/policy`, other),
      await call(`DELETE ${FUNCTIONS}/fn/policy/s?RevisionId=old`),
    ]) {
      expect([reply.status, reply.body["message"]]).toEqual([
        412,
        "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id",
      ]);
    }
  });
});

describe("operations on one alias", () => {
  test.each(["GET", "PUT", "DELETE"])("%s takes no name that is a number", async (method) => {
    const call = await withFunction();
    const reply = await call(
      `${method} ${FUNCTIONS}/fn/aliases/1`,
      method === "PUT" ? {} : undefined,
    );
    expect([reply.status, reply.errorType, reply.body]).toEqual([
      400,
      "ValidationException",
      {
        message:
          "1 validation error detected: Value '1' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
      },
    ]);
  });
});

describe("lists", () => {
  test.each([
    [`${FUNCTIONS}?`, 10_000],
    [`${FUNCTIONS}/fn/versions?`, 10_000],
    [`${FUNCTIONS}/fn/aliases?`, 10_000],
    ["/2019-09-30/functions/fn/provisioned-concurrency?List=ALL&", 50],
    ["/2019-09-25/functions/fn/event-invoke-config/list?", 50],
    ["/2021-10-31/functions/fn/urls?", 50],
  ])("%s has from 1 to %i items on a page", async (path, most) => {
    const call = await withFunction();
    const asked = async (count: number) => {
      const { status, body } = await call(`GET ${path}MaxItems=${count}`);
      return status === 200 ? status : body["message"];
    };
    const refused = (count: number, bound: string) =>
      `1 validation error detected: Value '${count}' at 'maxItems' failed to satisfy constraint: Member must have value ${bound}`;
    expect(await asked(0)).toBe(refused(0, "greater than or equal to 1"));
    expect(await asked(1)).toBe(200);
    expect(await asked(most)).toBe(200);
    expect(await asked(most + 1)).toBe(refused(most + 1, `less than or equal to ${most}`));
  });
});

describe("Invoke", () => {
  test("refuses types of invocation and of log that AWS does not have, both at once", async () => {
    const call = await withFunction();
    const reply = await call(
      `POST ${FUNCTIONS}/fn/invocations`,
      {},
      {
        "x-amz-invocation-type": "event",
        "x-amz-log-type": "All",
      },
    );
    expect([reply.status, reply.errorType, reply.body]).toEqual([
      400,
      "ValidationException",
      {
        message:
          "2 validation errors detected: Value 'event' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]; Value 'All' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]",
      },
    ]);
  });
});

describe("CreateFunction", () => {
  test.each([
    [
      "an empty ZIP file",
      zipSync({}),
      [400, "InvalidParameterValueException", "Uploaded file must be a non-empty zip"],
    ],
    [
      "what is no ZIP file",
      strToU8("no zip"),
      [
        400,
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
      ],
    ],
    [
      "a ZIP file of more than 50 MB",
      new Uint8Array(52_428_801),
      [413, "RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes"],
    ],
  ])("refuses %s", async (_what, zip, expected) => {
    const { call } = await startScriptedEmulator();
    const Code = { ZipFile: Buffer.from(zip).toString("base64") };
    const reply = await call(`POST ${FUNCTIONS}`, newFunction("fn", { Code }));
    expect([reply.status, reply.errorType, reply.body["message"]]).toEqual(expected);
  });
});

describe("every answer", () => {
  test("has a request id of its own", async () => {
    const call = await withFunction();
    const replies = await Promise.all([
      call(`GET ${FUNCTIONS}/fn`),
      call(`GET ${FUNCTIONS}/fn`),
      call(`GET ${FUNCTIONS}/absent`),
      call(`DELETE ${FUNCTIONS}/fn/aliases/live`),
    ]);
    const ids = replies.map(({ headers }) => headers.get("x-amzn-requestid"));
    expect(ids.every((id) => id !== null)).toBe(true);
    expect(new Set(ids).size).toBe(4);
  });
});
