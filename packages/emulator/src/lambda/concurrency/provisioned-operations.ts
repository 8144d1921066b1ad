import { jsonReply, type Reply } from "../../http/reply.ts";
import { calledFunction, type Call } from "../api-request.ts";
import {
  AwsError,
  invalidParameter,
  resourceConflict,
  resourceNotFound,
  validationFailed,
} from "../aws-error.ts";
import { integerMember, parseMembers } from "../function-input.ts";
import type { VersionRecord } from "../function-record.ts";
import type { FunctionStore } from "../function-store.ts";
import { functionArn, isAliasName, LATEST } from "../names.ts";
import { maxItems, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { statusOf } from "./configuration-phase.ts";
import type { ConfigurationEntry, ConfigurationTarget, Provisioner } from "./provisioner.ts";
import { type ReservedContext, untypedInvalidParameter } from "./reserved-operations.ts";

/** What the operations on provisioned concurrency work with. */
export interface ProvisionedContext extends ReservedContext {
  readonly provisioner: Provisioner;
}

const PATH = "/2019-09-30/functions/*/provisioned-concurrency";

export const PROVISIONED_ROUTES: readonly Route<ProvisionedContext>[] = [
  route(`PUT ${PATH}`, "PutProvisionedConcurrencyConfig", putConfiguration),
  route(`GET ${PATH}`, "GetProvisionedConcurrencyConfig", getOrListConfigurations),
  route(`DELETE ${PATH}`, "DeleteProvisionedConcurrencyConfig", deleteConfiguration),
];

/** Configurations on one page: https://docs.aws.amazon.com/lambda/latest/api/API_ListProvisionedConcurrencyConfigs.html */
const ITEMS_MAX = 50;

const NOT_PUBLISHED = "The function resource provided must be an alias or a published version.";

function putConfiguration(context: ProvisionedContext, call: Call): Reply {
  const { provisioner } = context;
  const { count, failures } = requestedCount(call);
  const target = calledTarget(call, {
    failures,
    latest: "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
  });
  const version = versionOf(context.store, target);
  if (version.version === LATEST) {
    throw invalidParameter(
      "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    );
  }
  checkConflict(provisioner, { target, version });
  checkLimits(context, { target, count });
  return jsonReply(202, configurationBody(provisioner.put(target, version.running, count)));
}

/** Two operations of the service model have the same path and method; the query tells them apart. */
function getOrListConfigurations(context: ProvisionedContext, call: Call): Reply {
  if (call.query.has("List")) return listConfigurations(context, call);
  const target = calledTarget(call, { failures: [], latest: NOT_PUBLISHED });
  versionOf(context.store, target);
  const entry = context.provisioner.find(target);
  if (entry !== undefined) return jsonReply(200, configurationBody(entry));
  throw new AwsError("ProvisionedConcurrencyConfigNotFoundException", {
    statusCode: 404,
    body: { Type: "User", message: "No Provisioned Concurrency Config found for this function" },
  });
}

function listConfigurations({ store, provisioner }: ProvisionedContext, call: Call): Reply {
  const { name } = calledFunction(call);
  maxItems(call.query, ITEMS_MAX);
  const record = store.get(name);
  const page = pageOf(provisioner.list(record.name), {
    query: call.query,
    keyOf: ({ qualifier }) => qualifier,
  });
  return jsonReply(200, {
    ProvisionedConcurrencyConfigs: page.items.map((entry) => ({
      FunctionArn: functionArn(entry.functionName, entry.qualifier),
      ...configurationBody(entry),
    })),
    NextMarker: page.nextMarker,
  });
}

/** Deleting what does not exist is a success where the version or alias exists. */
function deleteConfiguration({ store, provisioner }: ProvisionedContext, call: Call): Reply {
  const target = calledTarget(call, { failures: [], latest: NOT_PUBLISHED });
  versionOf(store, target);
  provisioner.remove(target);
  return { statusCode: 204, headers: {}, body: "" };
}

function configurationBody({
  configuration,
  lastModifiedEpochMs,
}: ConfigurationEntry): Record<string, unknown> {
  const { requested, available, allocated, phase } = configuration;
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: available,
    AllocatedProvisionedConcurrentExecutions: allocated,
    Status: statusOf(phase),
    ...(phase === "failed" ? { StatusReason: "FUNCTION_ERROR_INIT_FAILURE" } : {}),
    LastModified: new Date(lastModifiedEpochMs).toISOString().replace(/\.\d+Z$/, "+0000"),
  };
}

function requestedCount({ body }: Call): { count: number; failures: string[] } {
  const name = "provisionedConcurrentExecutions";
  const count = integerMember(parseMembers(body), "ProvisionedConcurrentExecutions");
  if (count !== undefined && count >= 1) return { count, failures: [] };
  const failure =
    count === undefined
      ? `Value null at '${name}' failed to satisfy constraint: Member must not be null`
      : `Value '${count}' at '${name}' failed to satisfy constraint: Member must have value greater than or equal to 1`;
  return { count: 0, failures: [failure] };
}

/** @param check.latest - What the operation says of `$LATEST`. */
function calledTarget(
  call: Call,
  { failures, latest }: { failures: readonly string[]; latest: string },
): ConfigurationTarget {
  const { name, qualifier } = calledFunction(call);
  if (qualifier === undefined) {
    throw validationFailed([
      ...failures,
      "Value null at 'qualifier' failed to satisfy constraint: Member must not be null",
    ]);
  }
  if (failures.length > 0) throw validationFailed(failures);
  if (qualifier === LATEST) throw invalidParameter(latest);
  return { functionName: name, qualifier };
}

function versionOf(
  store: FunctionStore,
  { functionName, qualifier }: ConfigurationTarget,
): VersionRecord {
  const record = store.find(functionName);
  const isAlias = isAliasName(qualifier);
  const name = isAlias ? record?.aliases.get(qualifier)?.functionVersion : qualifier;
  const version = name === LATEST ? record?.latest : record?.versions.get(name ?? "");
  if (version !== undefined) return version;
  const what = isAlias ? "Cannot find alias arn" : "Function not found";
  throw resourceNotFound(`${what}: ${functionArn(functionName, qualifier)}`);
}

function checkConflict(
  provisioner: Provisioner,
  { target, version }: { target: ConfigurationTarget; version: VersionRecord },
): void {
  const other = provisioner.ofVersion(version.running);
  if (other === undefined || other.qualifier === target.qualifier) return;
  throw resourceConflict(
    isAliasName(target.qualifier)
      ? "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
      : "Version is pointed by a Provisioned Concurrency alias",
  );
}

function checkLimits(
  { ledger, provisioner }: ProvisionedContext,
  { target, count }: { target: ConfigurationTarget; count: number },
): void {
  const own = provisioner.find(target)?.configuration.requested ?? 0;
  const reserved = ledger.find(target.functionName)?.reserved;
  if (reserved !== undefined) {
    if (ledger.claimOf(target.functionName) - own + count <= reserved) return;
    throw invalidParameter(
      "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
    );
  }
  const unreserved = ledger.unreserved + own;
  if (count > ledger.concurrencyMax) {
    throw untypedInvalidParameter(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`,
    );
  }
  if (count <= own || unreserved - count >= ledger.unreservedMin) return;
  throw untypedInvalidParameter(
    `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${ledger.unreservedMin}].`,
  );
}
