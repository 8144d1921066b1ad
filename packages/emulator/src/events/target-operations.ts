import { Constraints, type Members } from "../scheduler/constraints.ts";
import { notEmulated } from "../lambda/aws-error.ts";
import { busNameOf, type EventBuses, ruleArn } from "./event-buses.ts";
import { limitExceeded, refuseBroken, validationError } from "./events-error.ts";
import { parseJsonPath } from "./json-path.ts";
import type { RuleRecord, TargetRecord } from "./rule-record.ts";
import { calledRule, listPage } from "./rule-operations.ts";

/** Quota of EventBridge, https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html, read 2026-11-24. */
const TARGETS_OF_RULE_MAX = 5;

/** Parameters that belong to services which are not emulated, and those services. */
const FOREIGN_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  EcsParameters: ["ecs"],
  KinesisParameters: ["kinesis"],
  BatchParameters: ["batch"],
  HttpParameters: ["events", "execute-api"],
  RedshiftDataParameters: ["redshift", "redshift-serverless"],
  RunCommandParameters: ["ssm"],
  SageMakerPipelineParameters: ["sagemaker"],
  AppSyncParameters: ["appsync"],
};

/** Services that a rule can send to here. */
const EMULATED_SERVICES: ReadonlySet<string> = new Set(["lambda", "sqs", "events"]);

const TARGET_ID = {
  required: true,
  min: 1,
  max: 64,
  pattern: { text: "[\\.\\-_A-Za-z0-9]+", regExp: /^[.\-_A-Za-z0-9]+$/ },
};

/** Adds targets to a rule; one of the same id is replaced. */
export function putTargets(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const given = check.structures("Targets", { required: true, min: 1, max: 100 });
  for (const target of given) checkModel(target.check);
  refuseBroken(check.failures);
  const rule = calledRule(buses, members, "Rule");
  const targets = given.map(({ members: target }) => target as TargetRecord);
  for (const target of targets) checkTarget(target, rule);
  const byId = new Map([...rule.targets, ...targets].map((target) => [target.Id, target]));
  if (byId.size > TARGETS_OF_RULE_MAX) throw limitExceeded();
  buses.putRule({ ...rule, targets: [...byId.values()] });
  return { FailedEntryCount: 0, FailedEntries: [] };
}

/** Removes targets; one that the rule does not have is a failed entry. */
export function removeTargets(buses: EventBuses, members: Members): Members {
  const check = new Constraints(members);
  const ids = check.list("Ids", { required: true, min: 1, max: 100 });
  refuseBroken(check.failures);
  const rule = calledRule(buses, members, "Rule");
  const unknown = ids.filter((id) => !rule.targets.some((target) => target.Id === id));
  const kept = rule.targets.filter(({ Id }) => !ids.includes(Id));
  buses.putRule({ ...rule, targets: kept });
  return {
    FailedEntryCount: unknown.length,
    FailedEntries: unknown.map((id) => ({
      TargetId: id,
      ErrorCode: "ResourceNotFoundException",
      ErrorMessage: `Rule ${rule.name} does not have a target with the Id ${String(id)}.`,
    })),
  };
}

export function listTargetsByRule(buses: EventBuses, members: Members): Members {
  const rule = calledRule(buses, members, "Rule");
  const { items, nextToken } = listPage(new Constraints(members), {
    list: () => rule.targets.toSorted((one, other) => (one.Id < other.Id ? -1 : 1)),
    keyOf: ({ Id }) => Id,
  });
  return { Targets: items, NextToken: nextToken };
}

function checkModel(check: Constraints): void {
  check.text("Id", TARGET_ID);
  check.text("Arn", { required: true, min: 1, max: 1600 });
  check.text("RoleArn", { min: 1, max: 1600 });
  check.text("Input", { max: 8192 });
  check.text("InputPath", { max: 256 });
  const transformer = check.structure("InputTransformer");
  transformer?.text("InputTemplate", { required: true, min: 1, max: 8192 });
  transformer?.texts("InputPathsMap");
  check.structure("SqsParameters")?.text("MessageGroupId", { max: 100 });
  check.structure("DeadLetterConfig")?.text("Arn", { min: 1, max: 1600 });
  const retry = check.structure("RetryPolicy");
  retry?.integer("MaximumRetryAttempts", { min: 0, max: 185 });
  retry?.integer("MaximumEventAgeInSeconds", { min: 60, max: 86_400 });
}

function checkTarget(target: TargetRecord, rule: RuleRecord): void {
  const { Id, Arn } = target;
  if (!/^arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+/.test(Arn)) {
    throw validationError(
      `Parameter ${Arn} is not valid. Reason: Provided Arn is not in correct format.`,
    );
  }
  const [, , service = ""] = Arn.split(":");
  for (const [name, services] of Object.entries(FOREIGN_PARAMETERS)) {
    if (target[name] === undefined || services.includes(service)) continue;
    throw validationError(`Parameter(s) ${name} not supported for target: ${Id}.`);
  }
  if (!EMULATED_SERVICES.has(service) || (service === "events" && busNameOf(Arn) === undefined)) {
    const known = "lambda, sqs, and events (another event bus)";
    throw notEmulated(`${Arn} is no target that is emulated; there are ${known}.`);
  }
  if (Arn.endsWith(".fifo") && target.SqsParameters?.MessageGroupId === undefined) {
    throw validationError(`Parameter(s) SqsParameters must be specified for target: ${Id}.`);
  }
  if (service === "events" && busNameOf(Arn) === rule.busName) {
    throw validationError(`Rule ${ruleArn(rule)} cannot target its own event bus.`);
  }
  checkInput(target);
  checkDeadLetters(target.DeadLetterConfig?.Arn);
}

function checkInput({ Id, Input, InputPath, InputTransformer }: TargetRecord): void {
  const given = [Input, InputPath, InputTransformer].filter((input) => input !== undefined);
  if (given.length > 1) {
    throw validationError(
      `Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`,
    );
  }
  if (Input !== undefined && !isJson(Input)) {
    throw validationError(`JSON syntax error in input for target ${Id}.`);
  }
  const paths = InputTransformer?.InputPathsMap ?? {};
  for (const path of [...(InputPath === undefined ? [] : [InputPath]), ...Object.values(paths)]) {
    if (parseJsonPath(path) !== undefined) continue;
    throw validationError(`InputPath for target ${Id} is invalid.`);
  }
}

function checkDeadLetters(arn: string | undefined): void {
  if (arn === undefined) return;
  const service = arn.split(":")[2] ?? arn;
  if (service !== "sqs") {
    throw validationError(`${service} is not supported as a dead letter resource.`);
  }
  if (arn.endsWith(".fifo")) {
    throw validationError("SQS FIFO is not supported by Dead Letter Queues.");
  }
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
