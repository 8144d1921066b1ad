import type { CaseValue, Expectation } from "./case-file.ts";
import { type MatchContext, mismatches } from "./matcher.ts";
import type { HttpReply } from "./http-reply.ts";

/**
 * How the answer to a call differs from what the case expects; one sentence for each difference.
 */
export function replyMismatches(
  reply: HttpReply,
  expectation: Expectation,
  context: MatchContext,
): string[] {
  const inPlace = { ...context, volatile: expectation.volatile ?? [] };
  return [
    ...statusMismatches(reply, expectation),
    ...headerMismatches(reply, expectation, inPlace),
    ...errorMismatches(reply, expectation, inPlace),
    ...errorFieldMismatches(reply, expectation, inPlace),
    ...bodyMismatches(reply, expectation, inPlace),
  ];
}

function statusMismatches(reply: HttpReply, { status }: Expectation): string[] {
  if (status === undefined || reply.status === status) return [];
  return [`status ${reply.status} instead of ${status}: ${reply.text.slice(0, 300)}`];
}

/** Headers that the case does not name are not compared. */
function headerMismatches(
  reply: HttpReply,
  { headers = {}, absentHeaders = [], errorType }: Expectation,
  context: MatchContext,
): string[] {
  const wanted = errorType === undefined ? headers : { ...headers, "x-amzn-errortype": errorType };
  const present = absentHeaders.filter((name) => reply.headers[name] !== undefined);
  return [
    ...Object.entries(wanted).flatMap(([name, expected]) => {
      return mismatches(
        { actual: headerValue(reply, name), expected, path: `$.headers['${name}']` },
        context,
      );
    }),
    ...present.map((name) => `header ${name}: ${reply.headers[name]} must be absent`),
  ];
}

/** What follows a colon in the error type is a namespace that only some services send. */
function headerValue(reply: HttpReply, name: string): string | undefined {
  const value = reply.headers[name];
  if (name !== "x-amzn-errortype") return value;
  // SQS has its error code in a header of its own: `code;Sender`.
  return value?.split(":")[0] ?? reply.headers["x-amzn-query-error"]?.split(";")[0];
}

function errorMismatches(
  reply: HttpReply,
  { errorMessage, validationErrors }: Expectation,
  context: MatchContext,
): string[] {
  const path = "$.errorMessage";
  if (validationErrors !== undefined) {
    // The recorder took this text of AWS apart.
    const noun = validationErrors.length === 1 ? "error" : "errors";
    const expected = `${validationErrors.length} validation ${noun} detected: ${validationErrors.join("; ")}`;
    return mismatches({ actual: messageOf(reply), expected, path }, context);
  }
  if (errorMessage === undefined) return [];
  return mismatches({ actual: messageOf(reply), expected: errorMessage, path }, context);
}

/** SQS names an error as the model does in `__type`, and says in a header whose fault it is. */
function errorFieldMismatches(
  { json, headers }: HttpReply,
  { errorFields }: Expectation,
  context: MatchContext,
): string[] {
  if (errorFields === undefined) return [];
  const { __type: type } = Object(json) as { __type?: unknown };
  const actual = {
    QueryErrorCode: typeof type === "string" ? type.split("#").at(-1) : undefined,
    Type: headers["x-amzn-query-error"]?.split(";")[1],
  };
  return mismatches({ actual, expected: errorFields, path: "$.errorFields" }, context);
}

/** Some errors of AWS have `Message`, others `message`. */
function messageOf({ json }: HttpReply): unknown {
  const { message, Message } = Object(json) as { message?: unknown; Message?: unknown };
  return message ?? Message;
}

function bodyMismatches(
  reply: HttpReply,
  { body, bodyIsJsonNull }: Expectation,
  context: MatchContext,
): string[] {
  if (bodyIsJsonNull === true) {
    return mismatches({ actual: reply.text, expected: "null", path: "$.body" }, context);
  }
  if (body === undefined) return [];
  return mismatches({ actual: comparable(reply, body), expected: body, path: "$.body" }, context);
}

/**
 * The body as the case has it: the recorder parsed bodies that are JSON. A body of the Runtime API
 * that the case writes as JSON text is compared as text.
 */
function comparable(reply: HttpReply, expected: CaseValue): unknown {
  if (reply.text === "") return undefined;
  if (typeof expected === "string" && reply.text === expected) return reply.text;
  return reply.json === undefined ? reply.text : reply.json;
}
