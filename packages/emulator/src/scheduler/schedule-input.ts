import { Constraints, type Members } from "./constraints.ts";
import { epochMsOf, isTimeZone } from "./zoned-time.ts";
import { parseScheduleExpression } from "./schedule-expression.ts";
import type { FlexibleTimeWindow, ScheduleSettings } from "./schedule-record.ts";
import { checkTargetModel, readTarget } from "./schedule-target.ts";
import { refuseBroken, validationError } from "./scheduler-error.ts";

export const NAME = {
  required: true,
  min: 1,
  max: 64,
  pattern: { text: "^[0-9a-zA-Z-_.]+$", regExp: /^[0-9a-zA-Z\-_.]+$/ },
};

export const CLIENT_TOKEN = {
  min: 1,
  max: 64,
  pattern: { text: "^[a-zA-Z0-9-_]+$", regExp: /^[a-zA-Z0-9\-_]+$/ },
};

const KMS_KEY_ARN = {
  min: 1,
  max: 2048,
  pattern: {
    text: "^arn:aws(-[a-z]+)?:kms:[a-z0-9\\-]+:\\d{12}:(key|alias)\\/[0-9a-zA-Z-_]*$",
    regExp: /^arn:aws(-[a-z]+)?:kms:[a-z0-9-]+:\d{12}:(key|alias)\/[0-9a-zA-Z\-_]*$/,
  },
};

/** How far a StartDate may lie back. */
const START_AGE_MS_MAX = 300_000;

/** What CreateSchedule and UpdateSchedule say. */
export interface ScheduleInput {
  readonly groupName: string;
  readonly name: string;
  readonly clientToken: string | undefined;
  readonly settings: ScheduleSettings;
}

/**
 * Reads the members of CreateSchedule or UpdateSchedule, those in the path too.
 *
 * @throws AwsError 400 with AWS's text for what it refuses.
 */
export function readScheduleInput(members: Members, { nowMs }: { nowMs: number }): ScheduleInput {
  const check = new Constraints(members);
  const name = check.text("Name", NAME) ?? "";
  const groupName = check.text("GroupName", { ...NAME, required: false }) ?? "default";
  const clientToken = check.text("ClientToken", CLIENT_TOKEN);
  const expression = check.text("ScheduleExpression", { required: true, min: 1, max: 256 }) ?? "";
  const timeZone = check.text("ScheduleExpressionTimezone", { min: 1, max: 50 }) ?? "UTC";
  const state = check.text("State", { values: ["ENABLED", "DISABLED"] }) ?? "ENABLED";
  const actions = { values: ["NONE", "DELETE"] };
  const actionAfterCompletion = check.text("ActionAfterCompletion", actions) ?? "NONE";
  const description = check.text("Description", { max: 512 });
  const kmsKeyArn = check.text("KmsKeyArn", KMS_KEY_ARN);
  const startMs = check.timestampMs("StartDate");
  const endMs = check.timestampMs("EndDate");
  const flexibleTimeWindow = readWindow(check);
  checkTargetModel(check);
  refuseBroken(check.failures);
  checkTimes({ expression, timeZone, startMs, endMs, nowMs });
  checkWindow(flexibleTimeWindow);
  const settings = {
    expression,
    timeZone,
    ...(startMs !== undefined && { startMs }),
    ...(endMs !== undefined && { endMs }),
    ...(description !== undefined && { description }),
    state,
    ...(kmsKeyArn !== undefined && { kmsKeyArn }),
    target: readTarget(members["Target"] as Members),
    flexibleTimeWindow,
    actionAfterCompletion,
  };
  return { groupName, name, clientToken, settings };
}

function readWindow(check: Constraints): FlexibleTimeWindow {
  const window = check.structure("FlexibleTimeWindow", { required: true });
  const Mode = window?.text("Mode", { required: true, values: ["OFF", "FLEXIBLE"] }) ?? "OFF";
  const minutes = window?.integer("MaximumWindowInMinutes", { min: 1, max: 1440 });
  return { Mode, ...(minutes !== undefined && { MaximumWindowInMinutes: minutes }) };
}

function checkWindow({ Mode, MaximumWindowInMinutes }: FlexibleTimeWindow): void {
  if (Mode === "OFF" && MaximumWindowInMinutes !== undefined) {
    throw validationError(
      "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.",
    );
  }
  if (Mode === "FLEXIBLE" && MaximumWindowInMinutes === undefined) {
    throw validationError(
      "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
    );
  }
}

interface Times {
  readonly expression: string;
  readonly timeZone: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly nowMs: number;
}

function checkTimes({ expression, timeZone, startMs, endMs, nowMs }: Times): void {
  if (!isTimeZone(timeZone)) {
    throw validationError(`Invalid Schedule Expression Timezone ${timeZone}.`);
  }
  const parsed = parseScheduleExpression(expression);
  if (parsed === undefined) throw validationError(`Invalid Schedule Expression ${expression}.`);
  if (parsed.kind === "at") {
    // A one-time schedule has neither a start nor an end, but must lie ahead.
    const atMs = epochMsOf(parsed.localMs, timeZone);
    if (atMs !== undefined && atMs > nowMs) return;
    throw validationError(`Invalid Schedule Expression ${expression}.`);
  }
  if (startMs !== undefined && startMs < nowMs - START_AGE_MS_MAX) {
    throw validationError("The StartDate you specify cannot be earlier than 5 minutes ago.");
  }
  if (endMs !== undefined && endMs <= nowMs) {
    throw validationError("The EndDate you specify cannot be in the past.");
  }
  if (startMs !== undefined && endMs !== undefined && startMs >= endMs) {
    throw validationError("The StartDate you specify must come before the EndDate.");
  }
}
