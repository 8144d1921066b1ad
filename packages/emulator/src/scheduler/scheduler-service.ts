import { randomUUID } from "node:crypto";

import { jsonReply, type Reply } from "../http/reply.ts";
import { AwsError, notEmulated } from "../lambda/aws-error.ts";
import type { AwsService, ServiceRequest } from "../service.ts";
import { isMembers, type Members } from "./constraints.ts";
import {
  createScheduleGroup,
  deleteScheduleGroup,
  getScheduleGroup,
  listScheduleGroups,
  listTagsForResource,
  tagResource,
  untagResource,
} from "./group-operations.ts";
import {
  createSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  updateSchedule,
} from "./schedule-operations.ts";
import type { Schedules } from "./schedules.ts";

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  /** Member that the path has. */
  readonly member: string;
  readonly run: (schedules: Schedules, members: Members) => Members;
}

const SCHEDULE = /^\/schedules\/([^/]*)\/?$/;
const GROUP = /^\/schedule-groups\/([^/]*)\/?$/;
const TAGS = /^\/tags\/(.+)$/;

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html */
const OPERATIONS: readonly Operation[] = [
  operation("POST", SCHEDULE, createSchedule),
  operation("PUT", SCHEDULE, updateSchedule),
  operation("GET", SCHEDULE, getSchedule),
  operation("DELETE", SCHEDULE, deleteSchedule),
  operation("GET", /^\/schedules\/?$/, listSchedules),
  operation("POST", GROUP, createScheduleGroup),
  operation("GET", GROUP, getScheduleGroup),
  operation("DELETE", GROUP, deleteScheduleGroup),
  operation("GET", /^\/schedule-groups\/?$/, listScheduleGroups),
  operation("POST", TAGS, tagResource),
  operation("DELETE", TAGS, untagResource),
  operation("GET", TAGS, listTagsForResource),
];

/** Bytes; AWS takes inputs of 256 KB, each a JSON text within JSON. */
const BODY_BYTES_MAX = 1_048_576;

/** Scheduler, as one of the services behind the AWS endpoint. */
export function schedulerService(schedules: Schedules): AwsService {
  return {
    scope: "scheduler",
    bodyBytesMax: () => BODY_BYTES_MAX,
    tooLarge: () =>
      errorReply(
        new AwsError("ValidationException", {
          statusCode: 413,
          body: { Message: `Request must be smaller than ${BODY_BYTES_MAX} bytes` },
        }),
      ),
    answer: (request) => Promise.resolve(answer(schedules, request)),
  };
}

function answer(schedules: Schedules, request: ServiceRequest): Reply {
  const { method, path } = request;
  try {
    for (const candidate of OPERATIONS) {
      const match = candidate.method === method ? candidate.path.exec(path) : null;
      if (match === null) continue;
      const inPath = match[1] === undefined ? {} : { [candidate.member]: decoded(match[1]) };
      const members = { ...membersOf(request.body), ...queryMembers(request.query), ...inPath };
      return jsonReply(200, candidate.run(schedules, members), requestId());
    }
    const known = OPERATIONS.map(({ name }) => name).join(", ");
    throw notEmulated(`${method} ${path} is no operation that is emulated; there are ${known}.`);
  } catch (error) {
    if (error instanceof AwsError) return errorReply(error);
    throw error;
  }
}

function operation(method: string, path: RegExp, run: Operation["run"]): Operation {
  const name = run.name.charAt(0).toUpperCase() + run.name.slice(1);
  return { name, method, path, member: path === TAGS ? "ResourceArn" : "Name", run };
}

function queryMembers(query: URLSearchParams): Members {
  const members: Record<string, unknown> = Object.fromEntries(query);
  const maxResults = members["MaxResults"];
  if (maxResults !== undefined) members["MaxResults"] = Number(maxResults);
  if (query.has("TagKeys")) members["TagKeys"] = query.getAll("TagKeys");
  return members;
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
    body: { Message: "The request body is not a JSON object" },
  });
}

/** A path with a broken escape names nothing that exists, so that it may stay as it is. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function requestId(): Readonly<Record<string, string>> {
  return { "x-amzn-RequestId": randomUUID() };
}

function errorReply({ statusCode, type, body }: AwsError): Reply {
  return jsonReply(statusCode, body, { ...requestId(), "x-amzn-ErrorType": type });
}
