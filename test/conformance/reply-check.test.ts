import { describe, expect, test } from "vitest";

import type { Expectation } from "./case-file.ts";
import { httpReply, type HttpReply } from "./http-reply.ts";
import { replyMismatches } from "./reply-check.ts";

function differences(reply: Partial<HttpReply>, expectation: Expectation): string[] {
  const { status = 200, headers = {}, text = "" } = reply;
  return replyMismatches(httpReply({ status, headers, text }), expectation, {
    bindings: new Map(),
  });
}

describe("replyMismatches", () => {
  test("compares the status", () => {
    expect(differences({ status: 200 }, { status: 200 })).toEqual([]);
    expect(differences({ status: 500 }, { status: 200 })).toHaveLength(1);
  });

  test("compares the headers that the case names, and asks for the absent ones", () => {
    const headers = { "x-a": "1", "x-more": "2" };
    expect(differences({ headers }, { headers: { "x-a": "1" } })).toEqual([]);
    expect(differences({ headers }, { headers: { "x-a": "2" } })).toHaveLength(1);
    expect(differences({ headers }, { headers: { "x-b": "<any:thing>" } })).toHaveLength(1);
    expect(differences({ headers }, { absentHeaders: ["x-b"] })).toEqual([]);
    expect(differences({ headers }, { absentHeaders: ["x-a"] })).toHaveLength(1);
  });

  test("compares the error type up to its colon", () => {
    const headers = { "x-amzn-errortype": "NotFound:http://internal" };
    expect(differences({ headers }, { errorType: "NotFound" })).toEqual([]);
    expect(differences({ headers }, { errorType: "Other" })).toHaveLength(1);
    expect(differences({}, { errorType: "NotFound" })).toHaveLength(1);
  });

  test("finds the error's message under either of its names", () => {
    const expectation = { errorMessage: "no <any:thing>" };
    expect(differences({ text: '{"message":"no x"}' }, expectation)).toEqual([]);
    expect(differences({ text: '{"Message":"no x"}' }, expectation)).toEqual([]);
    expect(differences({ text: '{"Message":"an x"}' }, expectation)).toHaveLength(1);
    expect(differences({ text: "no x" }, expectation)).toHaveLength(1);
  });

  test("puts validation errors together as AWS does", () => {
    const text = '{"message":"2 validation errors detected: a; b"}';
    expect(differences({ text }, { validationErrors: ["a", "b"] })).toEqual([]);
    expect(differences({ text }, { validationErrors: ["a"] })).toHaveLength(1);
  });

  test("compares a body as JSON, or as the text that it is", () => {
    expect(differences({ text: '{ "a": 1 }' }, { body: { a: 1 } })).toEqual([]);
    expect(differences({ text: '{"a":1,"b":2}' }, { body: { a: 1 } })).toHaveLength(1);
    expect(differences({ text: '{"k":1}' }, { body: '{"k":1}' })).toEqual([]);
    expect(differences({ text: "pong" }, { body: "pong" })).toEqual([]);
    expect(differences({ text: '"a"' }, { body: "a" })).toEqual([]);
    expect(differences({ text: "" }, { body: { $empty: true } })).toEqual([]);
    expect(differences({ text: "{}" }, { body: null })).toHaveLength(1);
  });

  test("tells JSON null from no body", () => {
    const expectation = { body: null, bodyIsJsonNull: true };
    expect(differences({ text: "null" }, expectation)).toEqual([]);
    expect(differences({ text: "" }, expectation)).toHaveLength(1);
  });
});
