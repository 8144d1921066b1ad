import { randomUUID } from "node:crypto";

import type { Delivery } from "../delivery.ts";
import { notEmulated } from "../lambda/aws-error.ts";
import { ACCOUNT_ID, REGION } from "../lambda/names.ts";
import type { Constraints, Members } from "./constraints.ts";
import { DEFAULT_RETRY_POLICY } from "./persistent-delivery.ts";
import { type ScheduleRecord, scheduleArn, type ScheduleTarget } from "./schedule-record.ts";
import { validationError } from "./scheduler-error.ts";

const ROLE_ARN = {
  required: true,
  min: 1,
  max: 1600,
  pattern: {
    text: "^arn:aws(-[a-z]+)?:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+$",
    regExp: /^arn:aws(-[a-z]+)?:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  },
};

const DEAD_LETTER_ARN = {
  min: 1,
  max: 1600,
  pattern: {
    text: "^arn:aws(-[a-z]+)?:sqs:[a-z0-9\\-]+:\\d{12}:[a-zA-Z0-9\\-_]+$",
    regExp: /^arn:aws(-[a-z]+)?:sqs:[a-z0-9-]+:\d{12}:[a-zA-Z0-9\-_]+$/,
  },
};

const EVENT_SOURCE = {
  required: true,
  min: 1,
  max: 256,
  pattern: {
    text: "^(?=[/\\.\\-_A-Za-z0-9]+)((?!aws\\.).*)|(\\$(\\.[\\w_-]+(\\[(\\d+|\\*)\\])*)*)$",
    regExp: /^(?=[/.\-_A-Za-z0-9]+)((?!aws\.).*)|(\$(\.[\w_-]+(\[(\d+|\*)\])*)*)$/,
  },
};

/** Which service each block of parameters belongs to. */
const SERVICE_OF_PARAMETERS: Readonly<Record<string, string>> = {
  EcsParameters: "ecs",
  EventBridgeParameters: "events",
  KinesisParameters: "kinesis",
  SageMakerPipelineParameters: "sagemaker",
  SqsParameters: "sqs",
};

/**
 * The services of templated targets; of the ones that are not emulated a schedule is refused.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html, read 2026-11-24
 */
const TEMPLATED_SERVICES: ReadonlySet<string> = new Set(
  "codebuild codepipeline ecs events firehose inspector kinesis lambda sagemaker sns sqs states".split(
    " ",
  ),
);
const EMULATED_SERVICES: ReadonlySet<string> = new Set(["lambda", "sqs", "events"]);

/** Their input must be JSON. */
const JSON_SERVICES: ReadonlySet<string> = new Set(["lambda", "events"]);

/** Checks the member `Target` against the service model. */
export function checkTargetModel(check: Constraints): void {
  const target = check.structure("Target", { required: true });
  target?.text("Arn", { required: true, min: 1, max: 1600 });
  target?.text("RoleArn", ROLE_ARN);
  target?.text("Input", { min: 1 });
  target?.structure("DeadLetterConfig")?.text("Arn", DEAD_LETTER_ARN);
  const retry = target?.structure("RetryPolicy");
  retry?.integer("MaximumEventAgeInSeconds", { min: 60, max: 86_400 });
  retry?.integer("MaximumRetryAttempts", { min: 0, max: 185 });
  target?.structure("SqsParameters")?.text("MessageGroupId", { min: 1, max: 128 });
  const event = target?.structure("EventBridgeParameters");
  event?.text("DetailType", { required: true, min: 1, max: 128 });
  event?.text("Source", EVENT_SOURCE);
}

/**
 * Reads a target that keeps the service model.
 *
 * @throws AwsError 400 with AWS's text for what it refuses, 501 for a target that is not emulated.
 */
export function readTarget(members: Members): ScheduleTarget {
  const target = members as ScheduleTarget;
  checkArn(target.Arn);
  const service = serviceOf(target.Arn);
  for (const [name, owner] of Object.entries(SERVICE_OF_PARAMETERS)) {
    if (target[name] === undefined || target[name] === null || owner === service) continue;
    throw validationError(`Parameters ${name} not supported for the target.`);
  }
  checkParameters(service, target);
  if (!EMULATED_SERVICES.has(service)) {
    throw notEmulated(
      `${target.Arn} is no target that is emulated; there are Lambda functions, SQS queues and event buses.`,
    );
  }
  if (JSON_SERVICES.has(service) && target.Input !== undefined && !isJson(target.Input)) {
    throw validationError("JSON syntax error in input for the target.");
  }
  const { MaximumEventAgeInSeconds, MaximumRetryAttempts } = Object(
    members["RetryPolicy"],
  ) as Partial<ScheduleTarget["RetryPolicy"]>;
  return {
    ...target,
    RetryPolicy: {
      MaximumEventAgeInSeconds: MaximumEventAgeInSeconds ?? DEFAULT_RETRY_POLICY.eventAgeSecMax,
      MaximumRetryAttempts: MaximumRetryAttempts ?? DEFAULT_RETRY_POLICY.retriesMax,
    },
  };
}

function checkArn(arn: string): void {
  if (/^arn:aws[\w-]*:scheduler:::aws-sdk:/.test(arn)) {
    throw notEmulated(
      `${arn} is a universal target, which is not emulated; there are Lambda functions, SQS queues and event buses.`,
    );
  }
  const [, service = "", region = ""] =
    /^arn:aws[\w-]*:([\w-]+):([\w-]*):(?:\d{12})?:.+$/.exec(arn) ?? [];
  if (service === "") throw validationError("Provided Arn is not in correct format.");
  if (!TEMPLATED_SERVICES.has(service)) {
    throw validationError(`${service} is not a supported service for a target.`);
  }
  if (region !== REGION) {
    throw validationError(`The target ARN provided does not match the current region ${REGION}.`);
  }
}

function checkParameters(service: string, target: ScheduleTarget): void {
  const isFifo = service === "sqs" && target.Arn.endsWith(".fifo");
  const groupId = target.SqsParameters?.MessageGroupId;
  if (isFifo && groupId === undefined) {
    throw validationError("Parameters SqsParameters must be specified.");
  }
  if (!isFifo && groupId !== undefined) {
    throw validationError("Parameters MessageGroupId not valid for the target.");
  }
  if (service === "events" && target.EventBridgeParameters === undefined) {
    throw validationError("Parameters EventBridgeParameters must be specified.");
  }
}

/** One time that a schedule runs. */
export interface Execution {
  readonly id: string;
  readonly scheduledMs: number;
}

/** What the target of a schedule gets in an attempt, which counts from 1. */
export function targetMessage(
  schedule: ScheduleRecord,
  execution: Execution,
  attempt: number,
): Delivery {
  const { target } = schedule;
  const body =
    target.Input === undefined
      ? notification(schedule, execution)
      : withContext(target.Input, { schedule, execution, attempt });
  const { EventBridgeParameters, SqsParameters } = target;
  const groupId = SqsParameters?.MessageGroupId;
  return {
    body,
    ...(groupId !== undefined && { groupId }),
    ...(EventBridgeParameters !== undefined && {
      event: {
        source: EventBridgeParameters.Source,
        detailType: EventBridgeParameters.DetailType,
        resources: [scheduleArn(schedule)],
      },
    }),
  };
}

/** Time as Scheduler writes it: whole seconds. */
export function scheduledTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/**
 * Replaces the keywords that an input may hold.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html, read 2026-11-24
 */
function withContext(
  input: string,
  parts: { schedule: ScheduleRecord; execution: Execution; attempt: number },
): string {
  const { schedule, execution, attempt } = parts;
  const values: Readonly<Record<string, string>> = {
    "schedule-arn": scheduleArn(schedule),
    "scheduled-time": scheduledTime(execution.scheduledMs),
    "execution-id": execution.id,
    "attempt-number": String(attempt),
  };
  return input.replaceAll(/<aws\.scheduler\.([a-z-]+)>/g, (keyword, name: string) => {
    return Object.hasOwn(values, name) ? (values[name] ?? keyword) : keyword;
  });
}

/**
 * What a target gets where the schedule has no input.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html, read 2026-11-24
 */
function notification(schedule: ScheduleRecord, { id, scheduledMs }: Execution): string {
  return JSON.stringify({
    version: "0",
    id,
    "detail-type": "Scheduled Event",
    source: "aws.scheduler",
    account: ACCOUNT_ID,
    time: scheduledTime(scheduledMs),
    region: REGION,
    resources: [scheduleArn(schedule)],
    detail: "{}",
  });
}

/** A run of a schedule that nobody has had before. */
export function newExecution(scheduledMs: number): Execution {
  return { id: randomUUID(), scheduledMs };
}

function serviceOf(arn: string): string {
  return arn.split(":")[2] ?? "";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // What is not JSON is refused; AWS's answer has no reason.
    return false;
  }
}
