import { patternFailures } from "../constraint-failures.ts";
import { jsonReply, type Reply } from "../../http/reply.ts";
import { calledFunction, type Call } from "../api-request.ts";
import {
  AwsError,
  invalidParameter,
  preconditionFailed,
  resourceConflict,
  resourceNotFound,
  validationFailed,
} from "../aws-error.ts";
import { parseMembers, type RequestMembers, stringMember } from "../function-input.ts";
import type { FunctionRecord } from "../function-record.ts";
import { type FunctionStore, isCurrent } from "../function-store.ts";
import { functionArn, isAliasName, LATEST } from "../names.ts";
import { type Route, route } from "../route.ts";
import { type Permission, policyStatement, type PolicyStatement } from "./statement.ts";

interface PermissionContext {
  readonly store: FunctionStore;
}

const STATEMENT_ID_PATTERN_TEXT = "([a-zA-Z0-9-_]+)";
const STATEMENT_ID_PATTERN = /^[a-zA-Z0-9\-_]+$/;
const STATEMENT_ID_CHARS_MAX = 100;
const ACTION_PATTERN_TEXT = "(lambda:[*]|lambda:[a-zA-Z]+|[*])";
const ACTION_PATTERN = /^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/;
const PRINCIPAL_PATTERN_TEXT = "[^\\s]+";

/** Largest policy of one function, version or alias: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const POLICY_BYTES_MAX = 20_480;

/** The operations on resource policies; they are kept and shown, and nobody is refused for the lack of one. */
export const PERMISSION_ROUTES: readonly Route<PermissionContext>[] = [
  route("POST /2015-03-31/functions/*/policy", "AddPermission", addPermission),
  route("GET /2015-03-31/functions/*/policy", "GetPolicy", getPolicy),
  route("DELETE /2015-03-31/functions/*/policy/*", "RemovePermission", removePermission),
];

function addPermission({ store }: PermissionContext, call: Call): Reply {
  const { name, qualifier } = calledFunction(call);
  const members = parseMembers(call.body);
  const permission = permissionIn(members);
  if (qualifier === LATEST) {
    throw invalidParameter("We currently do not support adding policies for $LATEST.");
  }
  const record = store.get(name);
  const arn = existingArn(record, qualifier);
  const place = qualifier ?? LATEST;
  if (!isCurrent(store.resolvePlace(record, place), stringMember(members, "RevisionId"))) {
    throw preconditionFailed("GetPolicy");
  }
  const statements = record.policies.get(place) ?? [];
  if (statements.some(({ Sid }) => Sid === permission.statementId)) {
    throw resourceConflict(
      `The statement id (${permission.statementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  const statement = policyStatement(permission, arn);
  const extended = [...statements, statement];
  checkSize(extended);
  record.policies.set(place, extended);
  store.renewRevision(record, place);
  return jsonReply(201, { Statement: JSON.stringify(statement) });
}

function getPolicy({ store }: PermissionContext, call: Call): Reply {
  const { name, qualifier } = calledFunction(call);
  const record = store.get(name);
  const place = qualifier ?? LATEST;
  const statements = record.policies.get(place);
  if (statements === undefined) {
    throw resourceNotFound("The resource you requested does not exist.");
  }
  const { revisionId } = store.resolvePlace(record, place);
  return jsonReply(200, { Policy: policyText(statements), RevisionId: revisionId });
}

function removePermission({ store }: PermissionContext, call: Call): Reply {
  const { name, qualifier } = calledFunction(call);
  const statementId = call.parameters[1] ?? "";
  const record = store.find(name);
  if (record === undefined) throw resourceNotFound(`No policy found for: ${functionArn(name)}`);
  existingArn(record, qualifier);
  const place = qualifier ?? LATEST;
  const statements = record.policies.get(place);
  if (statements === undefined) {
    throw resourceNotFound("No policy is associated with the given resource.");
  }
  const rest = statements.filter(({ Sid }) => Sid !== statementId);
  if (rest.length === statements.length) {
    throw resourceNotFound(`Statement ${statementId} is not found in resource policy.`);
  }
  const revisionId = call.query.get("RevisionId") ?? undefined;
  if (!isCurrent(store.resolvePlace(record, place), revisionId)) {
    throw preconditionFailed("GetPolicy");
  }
  if (rest.length === 0) record.policies.delete(place);
  else record.policies.set(place, rest);
  store.renewRevision(record, place);
  return { statusCode: 204, headers: {}, body: "" };
}

/** The ARN of what a policy is for. @throws AwsError 404 when it does not exist. */
function existingArn(record: FunctionRecord, qualifier: string | undefined): string {
  if (qualifier === undefined || qualifier === LATEST) return functionArn(record.name, qualifier);
  const arn = functionArn(record.name, qualifier);
  if (isAliasName(qualifier)) {
    if (record.aliases.has(qualifier)) return arn;
    throw resourceNotFound(`Cannot find alias arn: ${arn}`);
  }
  if (record.versions.has(qualifier)) return arn;
  throw resourceNotFound(`Function not found: ${arn}`);
}

function permissionIn(members: RequestMembers): Permission {
  const statementId = stringMember(members, "StatementId");
  const action = stringMember(members, "Action");
  const principal = stringMember(members, "Principal");
  const failures = [
    ...patternFailures("statementId", statementId, {
      pattern: STATEMENT_ID_PATTERN,
      text: STATEMENT_ID_PATTERN_TEXT,
    }),
    ...((statementId?.length ?? 0) > STATEMENT_ID_CHARS_MAX
      ? [
          `Value '${statementId}' at 'statementId' failed to satisfy constraint: Member must have length less than or equal to ${STATEMENT_ID_CHARS_MAX}`,
        ]
      : []),
    ...patternFailures("action", action, { pattern: ACTION_PATTERN, text: ACTION_PATTERN_TEXT }),
    ...patternFailures("principal", principal, { pattern: /^\S+$/, text: PRINCIPAL_PATTERN_TEXT }),
  ];
  if (
    statementId === undefined ||
    action === undefined ||
    principal === undefined ||
    failures.length > 0
  ) {
    throw validationFailed(failures);
  }
  const isViaUrl = members["InvokedViaFunctionUrl"];
  return {
    statementId,
    action,
    principal,
    sourceArn: stringMember(members, "SourceArn"),
    sourceAccount: stringMember(members, "SourceAccount"),
    principalOrgId: stringMember(members, "PrincipalOrgID"),
    eventSourceToken: stringMember(members, "EventSourceToken"),
    functionUrlAuthType: stringMember(members, "FunctionUrlAuthType"),
    invokedViaFunctionUrl: typeof isViaUrl === "boolean" ? isViaUrl : undefined,
  };
}

function policyText(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: statements });
}

function checkSize(statements: readonly PolicyStatement[]): void {
  const bytes = Buffer.byteLength(policyText(statements));
  if (bytes <= POLICY_BYTES_MAX) return;
  throw new AwsError("PolicyLengthExceededException", {
    statusCode: 400,
    body: {
      Type: "User",
      message: `The final policy size (${bytes}) is bigger than the limit (${POLICY_BYTES_MAX}).`,
    },
  });
}
