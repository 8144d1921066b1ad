import { jsonReply, type Reply } from "../http/reply.ts";
import { calledFunction, type Call } from "./api-request.ts";
import {
  invalidParameter,
  notEmulated,
  resourceConflict,
  resourceNotFound,
  validationFailed,
} from "./aws-error.ts";
import { aliasBody } from "./function-body.ts";
import { isMembers, parseMembers, type RequestMembers, stringMember } from "./function-input.ts";
import type { AliasRecord, FunctionRecord } from "./function-record.ts";
import type { FunctionStore } from "./function-store.ts";
import { functionArn, LATEST } from "./names.ts";
import { pageOf } from "./page.ts";

interface AliasContext {
  readonly store: FunctionStore;
}

const ALIAS_PATTERN_TEXT = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)";
const ALIAS_PATTERN = /^(?!^[0-9]+$)([a-zA-Z0-9\-_]+)$/;
const VERSION_PATTERN_TEXT = "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)";
const VERSION_PATTERN = /^(\$LATEST(\.PUBLISHED)?|[0-9]+)$/;
const ALIAS_CHARS_MAX = 128;

export function createAlias({ store }: AliasContext, call: Call): Reply {
  const members = parseMembers(call.body);
  const name = stringMember(members, "Name");
  const functionVersion = stringMember(members, "FunctionVersion");
  const failures = [
    ...patternFailures("name", name, { pattern: ALIAS_PATTERN, text: ALIAS_PATTERN_TEXT }),
    ...((name?.length ?? 0) > ALIAS_CHARS_MAX
      ? [
          `Value '${name}' at 'name' failed to satisfy constraint: Member must have length less than or equal to ${ALIAS_CHARS_MAX}`,
        ]
      : []),
    ...versionFailures(functionVersion),
  ];
  if (name === undefined || functionVersion === undefined || failures.length > 0) {
    throw validationFailed(failures);
  }
  refuseRouting(members);
  const record = functionWithVersion(store, { name: calledFunction(call).name, functionVersion });
  if (record.aliases.has(name)) {
    throw resourceConflict(`Alias already exists: ${functionArn(record.name, name)}`);
  }
  const description = stringMember(members, "Description") ?? "";
  return jsonReply(
    201,
    aliasBody(record, store.putAlias(record, { name, functionVersion, description })),
  );
}

export function getAlias({ store }: AliasContext, call: Call): Reply {
  const { record, alias } = calledAlias(store, call);
  return jsonReply(200, aliasBody(record, alias));
}

export function updateAlias({ store }: AliasContext, call: Call): Reply {
  const members = parseMembers(call.body);
  const { record, alias } = calledAlias(store, call);
  store.checkRevision(alias, stringMember(members, "RevisionId"));
  refuseRouting(members);
  const functionVersion = stringMember(members, "FunctionVersion") ?? alias.functionVersion;
  const failures = versionFailures(functionVersion);
  if (failures.length > 0) throw validationFailed(failures);
  functionWithVersion(store, { name: record.name, functionVersion });
  const description = stringMember(members, "Description") ?? alias.description;
  const moved = store.putAlias(record, { name: alias.name, functionVersion, description });
  return jsonReply(200, aliasBody(record, moved));
}

/** Deleting an alias that does not exist is a success, as recorded on AWS. */
export function deleteAlias({ store }: AliasContext, call: Call): Reply {
  store.get(calledFunction(call).name).aliases.delete(call.parameters[1] ?? "");
  return { statusCode: 204, headers: {}, body: "" };
}

export function listAliases({ store }: AliasContext, call: Call): Reply {
  const record = store.get(calledFunction(call).name);
  const version = call.query.get("FunctionVersion");
  const aliases = [...record.aliases.values()]
    .filter((alias) => version === null || alias.functionVersion === version)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const page = pageOf(aliases, { query: call.query, keyOf: (alias) => alias.name });
  return jsonReply(200, {
    Aliases: page.items.map((alias) => aliasBody(record, alias)),
    NextMarker: page.nextMarker,
  });
}

function calledAlias(
  store: FunctionStore,
  call: Call,
): { record: FunctionRecord; alias: AliasRecord } {
  const { name } = calledFunction(call);
  const aliasName = call.parameters[1] ?? "";
  const record = store.find(name);
  const alias = record?.aliases.get(aliasName);
  if (record === undefined || alias === undefined) {
    throw resourceNotFound(`Cannot find alias arn: ${functionArn(name, aliasName)}`);
  }
  return { record, alias };
}

function functionWithVersion(
  store: FunctionStore,
  { name, functionVersion }: { name: string; functionVersion: string },
): FunctionRecord {
  const record = store.find(name);
  const exists = functionVersion === LATEST || record?.versions.has(functionVersion) === true;
  if (record !== undefined && exists) return record;
  throw resourceNotFound(`Function not found: ${functionArn(name, functionVersion)}`);
}

function versionFailures(functionVersion: string | undefined): string[] {
  return patternFailures("functionVersion", functionVersion, {
    pattern: VERSION_PATTERN,
    text: VERSION_PATTERN_TEXT,
  });
}

function patternFailures(
  name: string,
  value: string | undefined,
  { pattern, text }: { pattern: RegExp; text: string },
): string[] {
  if (value === undefined) {
    return [`Value null at '${name}' failed to satisfy constraint: Member must not be null`];
  }
  if (pattern.test(value)) return [];
  return [
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${text}`,
  ];
}

/** An alias that silently ignored its weights would answer from one version where AWS answers from two. */
function refuseRouting(members: RequestMembers): void {
  const routing = members["RoutingConfig"];
  const weights = isMembers(routing) ? routing["AdditionalVersionWeights"] : undefined;
  if (!isMembers(weights) || Object.keys(weights).length === 0) return;
  if (Object.keys(weights).length > 1) {
    throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  throw notEmulated(
    "RoutingConfig.AdditionalVersionWeights is not emulated: an alias points at one version here. Leave RoutingConfig out.",
  );
}
