import { describe, expect, test } from "vitest";

import { copyRefusal, readVerdict, writeRefusal } from "./conditions.ts";

const modifiedMs = Date.parse("2026-11-24T12:00:00.789Z");
const subject = { etag: "abc", modifiedMs };
const before = "Tue, 24 Nov 2026 11:59:59 GMT";
const same = "Tue, 24 Nov 2026 12:00:00 GMT";

describe("readVerdict", () => {
  test.each([
    ["no condition", {}, "send"],
    ["the tag it has", { ifMatch: '"abc"' }, "send"],
    ["one of the tags it has", { ifMatch: '"x", "abc"' }, "send"],
    ["any tag", { ifMatch: "*" }, "send"],
    ["a tag it has not", { ifMatch: '"x"' }, { failed: "If-Match" }],
    ["a date before its change", { ifUnmodifiedSince: before }, { failed: "If-Unmodified-Since" }],
    ["the date of its change", { ifUnmodifiedSince: same }, "send"],
    ["its tag, whatever the date", { ifMatch: "abc", ifUnmodifiedSince: before }, "send"],
    ["none of its tags", { ifNoneMatch: '"abc"' }, "not_modified"],
    ["none of others", { ifNoneMatch: '"x"', ifModifiedSince: same }, "send"],
    ["a change since its change", { ifModifiedSince: same }, "not_modified"],
    ["a change since before", { ifModifiedSince: before }, "send"],
    ["no date at all", { ifModifiedSince: "yesterday" }, "send"],
  ])("of %s", (_what, conditions, verdict) => {
    expect(readVerdict(conditions, subject)).toEqual(verdict);
  });
});

describe("copyRefusal", () => {
  test("knows no 304", () => {
    expect(copyRefusal({ ifNoneMatch: "abc" }, subject)?.details).toEqual({
      Condition: "x-amz-copy-source-If-None-Match",
    });
    expect(copyRefusal({ ifModifiedSince: same }, subject)?.statusCode).toBe(412);
    expect(copyRefusal({ ifMatch: "abc" }, subject)).toBeUndefined();
  });
});

describe("writeRefusal", () => {
  test.each([
    [{}, undefined, undefined],
    [{ ifNoneMatch: "*" }, undefined, undefined],
    [{ ifNoneMatch: "*" }, subject, "PreconditionFailed"],
    [{ ifMatch: '"abc"' }, subject, undefined],
    [{ ifMatch: '"x"' }, subject, "PreconditionFailed"],
    [{ ifMatch: '"abc"' }, undefined, "NoSuchKey"],
    [{ ifNoneMatch: '"abc"' }, subject, "NotImplemented"],
  ])("of %j where there is %j", (conditions, found, code) => {
    expect(writeRefusal(conditions, { subject: found, key: "a" })?.code).toBe(code);
  });
});
