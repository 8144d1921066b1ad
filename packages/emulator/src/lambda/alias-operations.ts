import { patternFailures } from "./constraint-failures.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import { calledFunction, type Call } from "./api-request.ts";
import {
  checkRouting,
  refuseFailures,
  type RoutingChange,
  routingMember,
} from "./alias-routing.ts";
import { resourceConflict, resourceNotFound, validationFailed } from "./aws-error.ts";
import { aliasBody } from "./function-body.ts";
import { parseMembers, stringMember } from "./function-input.ts";
import type { AliasRecord, AliasRouting, FunctionRecord } from "./function-record.ts";
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
const DESCRIPTION_CHARS_MAX = 256;

export function createAlias({ store }: AliasContext, call: Call): Reply {
  const members = parseMembers(call.body);
  const name = stringMember(members, "Name");
  const functionVersion = stringMember(members, "FunctionVersion");
  const description = stringMember(members, "Description") ?? "";
  const { change, failures: routingFailures } = routingMember(members);
  const failures = [
    ...nameFailures(name),
    ...versionFailures(functionVersion),
    ...lengthFailures("description", description, DESCRIPTION_CHARS_MAX),
    ...routingFailures,
  ];
  if (name === undefined || functionVersion === undefined || failures.length > 0) {
    throw validationFailed(failures);
  }
  const record = functionWithVersion(store, { name: calledFunction(call).name, functionVersion });
  if (record.aliases.has(name)) {
    throw resourceConflict(`Alias already exists: ${functionArn(record.name, name)}`);
  }
  const routing = checkedRouting(record, { change, functionVersion });
  const alias = store.putAlias(record, { name, functionVersion, description, routing });
  return jsonReply(201, aliasBody(record, alias));
}

export function getAlias({ store }: AliasContext, call: Call): Reply {
  refuseFailures(nameFailures(call.parameters[1]));
  const { record, alias } = calledAlias(store, call);
  return jsonReply(200, aliasBody(record, alias));
}

export function updateAlias({ store }: AliasContext, call: Call): Reply {
  const members = parseMembers(call.body);
  const { change, failures: routingFailures } = routingMember(members);
  const givenVersion = stringMember(members, "FunctionVersion");
  const givenDescription = stringMember(members, "Description");
  refuseFailures([
    ...nameFailures(call.parameters[1]),
    ...(givenVersion === undefined ? [] : versionFailures(givenVersion)),
    ...lengthFailures("description", givenDescription, DESCRIPTION_CHARS_MAX),
    ...routingFailures,
  ]);
  const { record, alias } = calledAlias(store, call, "Alias not found:");
  store.checkRevision(alias, stringMember(members, "RevisionId"));
  const functionVersion = givenVersion ?? alias.functionVersion;
  functionWithVersion(store, { name: record.name, functionVersion });
  const moved = store.putAlias(record, {
    name: alias.name,
    functionVersion,
    description: givenDescription ?? alias.description,
    routing: checkedRouting(record, {
      change: change.kind === "unchanged" ? kept(alias) : change,
      functionVersion,
    }),
  });
  return jsonReply(200, aliasBody(record, moved));
}

/** Deleting an alias that does not exist is a success, as recorded on AWS. */
export function deleteAlias({ store }: AliasContext, call: Call): Reply {
  const name = call.parameters[1] ?? "";
  refuseFailures(nameFailures(name));
  store.deleteAlias(store.get(calledFunction(call).name), name);
  return { statusCode: 204, headers: {}, body: "" };
}

export function listAliases({ store }: AliasContext, call: Call): Reply {
  const record = store.get(calledFunction(call).name);
  const version = call.query.get("FunctionVersion");
  if (version !== null) refuseFailures(versionFailures(version));
  const aliases = [...record.aliases.values()]
    .filter(
      ({ functionVersion, routing }) =>
        version === null || functionVersion === version || routing?.version === version,
    )
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const page = pageOf(aliases, { query: call.query, keyOf: (alias) => alias.name });
  return jsonReply(200, {
    Aliases: page.items.map((alias) => aliasBody(record, alias)),
    NextMarker: page.nextMarker,
  });
}

/** @param absence - How the operation says that there is none; AWS has two texts. */
function calledAlias(
  store: FunctionStore,
  call: Call,
  absence = "Cannot find alias arn:",
): { record: FunctionRecord; alias: AliasRecord } {
  const { name } = calledFunction(call);
  const aliasName = call.parameters[1] ?? "";
  const record = store.find(name);
  const alias = record?.aliases.get(aliasName);
  if (record === undefined || alias === undefined) {
    throw resourceNotFound(`${absence} ${functionArn(name, aliasName)}`);
  }
  return { record, alias };
}

function functionWithVersion(
  store: FunctionStore,
  { name, functionVersion }: { name: string; functionVersion: string },
): FunctionRecord {
  const record = store.find(name);
  if (record !== undefined && hasVersion(record, functionVersion)) return record;
  throw resourceNotFound(`Function not found: ${functionArn(name, functionVersion)}`);
}

function hasVersion(record: FunctionRecord, version: string): boolean {
  return version === LATEST || record.versions.has(version);
}

/** The weights that the alias gets. @throws AwsError 400, or 404 for a version that does not exist. */
function checkedRouting(
  record: FunctionRecord,
  { change, functionVersion }: { change: RoutingChange; functionVersion: string },
): AliasRouting | undefined {
  checkRouting(change, functionVersion);
  if (change.kind !== "weighted") return undefined;
  const { routing } = change;
  if (hasVersion(record, routing.version)) return routing;
  throw resourceNotFound(`Function not found: ${functionArn(record.name, routing.version)}`);
}

function kept({ routing }: AliasRecord): RoutingChange {
  return routing === undefined ? { kind: "none" } : { kind: "weighted", routing };
}

function nameFailures(name: string | undefined): string[] {
  return [
    ...patternFailures("name", name, { pattern: ALIAS_PATTERN, text: ALIAS_PATTERN_TEXT }),
    ...lengthFailures("name", name, ALIAS_CHARS_MAX),
  ];
}

function versionFailures(functionVersion: string | undefined): string[] {
  return patternFailures("functionVersion", functionVersion, {
    pattern: VERSION_PATTERN,
    text: VERSION_PATTERN_TEXT,
  });
}

function lengthFailures(name: string, value: string | undefined, charsMax: number): string[] {
  if (value === undefined || value.length <= charsMax) return [];
  return [
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must have length less than or equal to ${charsMax}`,
  ];
}
