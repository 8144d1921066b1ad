import { randomUUID } from "node:crypto";

import type { Reply } from "../http/reply.ts";
import { AwsError, notEmulated } from "../lambda/aws-error.ts";
import { isMembers, type Members } from "../scheduler/constraints.ts";
import type { AwsService, ServiceRequest } from "../service.ts";
import {
  createEventBus,
  deleteEventBus,
  describeEventBus,
  listEventBuses,
} from "./bus-operations.ts";
import type { EventBuses } from "./event-buses.ts";
import { putEvents } from "./put-events.ts";
import {
  deleteRule,
  describeRule,
  disableRule,
  enableRule,
  listRuleNamesByTarget,
  listRules,
  putRule,
  testEventPattern,
} from "./rule-operations.ts";
import { listTagsForResource, tagResource, untagResource } from "./tag-operations.ts";
import { listTargetsByRule, putTargets, removeTargets } from "./target-operations.ts";

/** By the name that comes after `AWSEvents.` in the header X-Amz-Target. */
const OPERATIONS: Readonly<Record<string, (buses: EventBuses, members: Members) => Members>> = {
  PutEvents: putEvents,
  PutRule: putRule,
  DescribeRule: describeRule,
  ListRules: listRules,
  DeleteRule: deleteRule,
  EnableRule: enableRule,
  DisableRule: disableRule,
  PutTargets: putTargets,
  RemoveTargets: removeTargets,
  ListTargetsByRule: listTargetsByRule,
  ListRuleNamesByTarget: listRuleNamesByTarget,
  TestEventPattern: testEventPattern,
  CreateEventBus: createEventBus,
  DeleteEventBus: deleteEventBus,
  DescribeEventBus: describeEventBus,
  ListEventBuses: listEventBuses,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};

/** Bytes: ten entries of 1 MB together, each a JSON text within JSON. */
const BODY_BYTES_MAX = 4_194_304;

/** Operations that answer nothing at all. */
const HAS_NO_ANSWER: ReadonlySet<string> = new Set([
  "DeleteEventBus",
  "DeleteRule",
  "DisableRule",
  "EnableRule",
]);

/** EventBridge, as one of the services behind the AWS endpoint: AWS JSON 1.1. */
export function eventsService(buses: EventBuses): AwsService {
  return {
    scope: "events",
    bodyBytesMax: () => BODY_BYTES_MAX,
    tooLarge: () =>
      errorReply(
        new AwsError("RequestEntityTooLargeException", {
          statusCode: 413,
          body: { message: `Request must be smaller than ${BODY_BYTES_MAX} bytes` },
        }),
      ),
    answer: (request) => Promise.resolve(answer(buses, request)),
  };
}

function answer(buses: EventBuses, { headers, body }: ServiceRequest): Reply {
  const target = String(headers["x-amz-target"] ?? "");
  const name = target.replace(/^AWSEvents\./, "");
  try {
    const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
    if (operation === undefined) {
      const known = Object.keys(OPERATIONS).join(", ");
      throw notEmulated(`"${target}" is no operation that is emulated; there are ${known}.`);
    }
    const answered = operation(buses, membersOf(body));
    return reply(200, HAS_NO_ANSWER.has(name) ? "" : JSON.stringify(answered));
  } catch (error) {
    if (error instanceof AwsError) return errorReply(error);
    throw error;
  }
}

function membersOf(body: Uint8Array): Members {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8") || "{}");
    if (isMembers(value)) return value;
  } catch {
    // What is not JSON is refused like JSON that is no object.
  }
  throw new AwsError("SerializationException", {
    statusCode: 400,
    body: { message: "The request body is not a JSON object" },
  });
}

function reply(statusCode: number, body: string): Reply {
  return {
    statusCode,
    headers: { "Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": randomUUID() },
    body,
  };
}

function errorReply({ statusCode, type, body }: AwsError): Reply {
  const shown = reply(statusCode, JSON.stringify({ __type: type, ...body }));
  return { ...shown, headers: { ...shown.headers, "x-amzn-ErrorType": type } };
}
