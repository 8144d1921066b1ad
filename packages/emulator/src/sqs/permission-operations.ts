import { calledQueue, type Output, type SqsCall } from "./operation.ts";
import type { LiveQueue } from "./live-queue.ts";
import { invalidParameterValue } from "./sqs-error.ts";

interface Statement {
  readonly Sid?: string;
}

interface Policy {
  readonly Version: string;
  readonly Id: string;
  readonly Statement: readonly Statement[];
}

/**
 * Adds a statement to the queue's policy. The policy is kept and has no effect: there is one account.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html, read 2026-11-24
 */
export function addPermission(call: SqsCall): Output {
  const queue = calledQueue(call);
  const label = call.input.text("Label");
  const actions = call.input.texts("Actions").map((action) => `SQS:${action}`);
  const accounts = call.input.texts("AWSAccountIds").map((id) => `arn:aws:iam::${id}:root`);
  const policy = policyOf(queue);
  if (policy.Statement.some(({ Sid }) => Sid === label)) {
    throw invalidParameterValue("Label", { value: label, reason: "Already exists." });
  }
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: accounts.length === 1 ? accounts[0] : accounts },
    Action: actions.length === 1 ? actions[0] : actions,
    Resource: queue.arn,
  };
  keep(queue, { ...policy, Statement: [...policy.Statement, statement] });
  return {};
}

/** Removes the statement that has the label. */
export function removePermission(call: SqsCall): Output {
  const queue = calledQueue(call);
  const label = call.input.text("Label");
  const policy = policyOf(queue);
  const rest = policy.Statement.filter(({ Sid }) => Sid !== label);
  if (rest.length === policy.Statement.length) {
    const reason = "can't find label on existing policy.";
    throw invalidParameterValue("Label", { value: label, reason });
  }
  keep(queue, { ...policy, Statement: rest });
  return {};
}

function policyOf(queue: LiveQueue): Policy {
  const { Policy: text } = queue.record.attributes;
  const none = { Version: "2008-10-17", Id: `${queue.arn}/SQSDefaultPolicy`, Statement: [] };
  if (text === undefined) return none;
  const { Statement: statements = [], ...rest } = JSON.parse(text) as Partial<Policy>;
  // A policy with one statement may have it without a list.
  return { ...none, ...rest, Statement: [statements].flat() };
}

function keep(queue: LiveQueue, policy: Policy): void {
  const { Policy: _replaced, ...attributes } = queue.record.attributes;
  const hasStatements = policy.Statement.length > 0;
  queue.change({
    attributes: { ...attributes, ...(hasStatements && { Policy: JSON.stringify(policy) }) },
  });
}
