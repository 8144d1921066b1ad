import { LAMBDA_LIMITS } from "@pilotlight/core";

import { jsonReply, type Reply } from "../http/reply.ts";
import type { ObjectReader } from "../s3/contract.ts";
import { calledFunction, type Call } from "./api-request.ts";
import {
  invalidParameter,
  notEmulated,
  resourceConflict,
  resourceNotFound,
  validationFailed,
} from "./aws-error.ts";
import { removeCode, unpackCode } from "./code.ts";
import { CODE_OBJECT_BYTES_MAX, codeObject } from "./code-object.ts";
import type { ConcurrencyLedger } from "./concurrency/ledger.ts";
import { reservedMembers } from "./concurrency/reserved-operations.ts";
import { codeLocation, configurationBody, listedConfiguration } from "./function-body.ts";
import {
  architectureMember,
  changedSettings,
  isMembers,
  parseMembers,
  type RequestMembers,
  settingsForCreate,
  stringMember,
} from "./function-input.ts";
import type { FunctionCode, FunctionRecord, VersionRecord } from "./function-record.ts";
import { aliasesOf, type FunctionStore } from "./function-store.ts";
import { checkUnzippedSize, type LayerStore } from "./layers/layer-store.ts";
import { functionArn, isAliasName, LATEST, parseFunctionReference } from "./names.ts";
import { pageOf } from "./page.ts";
import { tagsMember, withTags } from "./tags/tags.ts";

/** What the operations on functions work with. */
export interface FunctionContext {
  readonly store: FunctionStore;
  readonly layers: LayerStore;
  /** Folder that deployment packages are unpacked in. */
  readonly codeDirectory: string;
  /** Where deployment packages are that a request only names. */
  readonly objects: ObjectReader;
}

const NAME_CHARS_MAX = LAMBDA_LIMITS.functionNameCharsMax;
const DESCRIPTION_CHARS_MAX = 256;

export async function createFunction(context: FunctionContext, call: Call): Promise<Reply> {
  const members = parseMembers(call.body);
  const name = newFunctionName(stringMember(members, "FunctionName"));
  const settings = context.layers.applied(settingsForCreate(members), members);
  const tags = withTags(new Map(), tagsMember(members));
  const code = await codeOf(context, { name, members: members["Code"] });
  await orRemoveCode(code, () => checkUnzippedSize(settings, code));
  const record = await orRemoveCode(code, () => context.store.create(name, { settings, code }));
  record.tags = tags;
  const published = members["Publish"] === true ? context.store.publish(record) : undefined;
  const body = configurationBody(record, {
    version: published ?? record.latest,
    isQualified: published !== undefined,
  });
  // The answer says Pending, as AWS's does; nothing has to be waited for here.
  context.store.finishCreation(record);
  return jsonReply(201, body);
}

export function getFunction(
  { store, ledger }: FunctionContext & { readonly ledger: ConcurrencyLedger },
  call: Call,
): Reply {
  const { record, ...described } = calledVersion(store, call);
  const concurrency = reservedMembers(ledger, record.name);
  return jsonReply(200, {
    Configuration: configurationBody(record, described),
    Code: codeLocation(described.version),
    ...(record.tags.size === 0 ? {} : { Tags: Object.fromEntries(record.tags) }),
    ...(Object.keys(concurrency).length === 0 ? {} : { Concurrency: concurrency }),
  });
}

export function getFunctionConfiguration({ store }: FunctionContext, call: Call): Reply {
  const { record, ...described } = calledVersion(store, call);
  return jsonReply(200, configurationBody(record, described));
}

export function listFunctions({ store }: FunctionContext, call: Call): Reply {
  const wanted = call.query.get("FunctionVersion");
  if (wanted !== null && wanted !== "ALL") {
    throw validationFailed([
      `Value '${wanted}' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]`,
    ]);
  }
  const includesVersions = wanted === "ALL";
  const versions = store
    .list()
    .flatMap((record) =>
      (includesVersions ? [record.latest, ...record.versions.values()] : [record.latest]).map(
        (version) => ({ record, version }),
      ),
    );
  const page = pageOf(versions, {
    query: call.query,
    keyOf: ({ record, version }) => `${record.name}:${version.version}`,
  });
  return jsonReply(200, {
    Functions: page.items.map(({ record, version }) =>
      listedConfiguration(record, { version, isQualified: includesVersions }),
    ),
    NextMarker: page.nextMarker,
  });
}

export async function updateFunctionCode(context: FunctionContext, call: Call): Promise<Reply> {
  const { store } = context;
  const name = calledLatest(call);
  const members = parseMembers(call.body);
  const revisionId = stringMember(members, "RevisionId");
  store.checkUpdatable(store.get(name), revisionId);
  const architecture = architectureMember(members);
  const code = await codeOf(context, { name, members });
  // The function may have been deleted, or made anew, while its code was unpacked.
  const record = await orRemoveCode(code, () => store.get(name));
  const { latest } = record;
  if (members["DryRun"] === true) {
    await removeCode(code);
    return jsonReply(200, configurationBody(record, { version: latest, isQualified: false }));
  }
  const settings =
    architecture === undefined ? latest.settings : { ...latest.settings, architecture };
  await orRemoveCode(code, () => store.update(record, { code, settings, revisionId }));
  const published = members["Publish"] === true ? store.publish(record) : undefined;
  return jsonReply(
    200,
    configurationBody(record, {
      version: published ?? record.latest,
      isQualified: published !== undefined,
    }),
  );
}

export async function updateFunctionConfiguration(
  { store, layers }: FunctionContext,
  call: Call,
): Promise<Reply> {
  const record = store.get(calledLatest(call));
  const members = parseMembers(call.body);
  const settings = layers.applied(changedSettings(record.latest.settings, members), members);
  await checkUnzippedSize(settings, record.latest.code);
  store.update(record, { settings, revisionId: stringMember(members, "RevisionId") });
  return jsonReply(200, configurationBody(record, { version: record.latest, isQualified: false }));
}

export function deleteFunction({ store }: FunctionContext, call: Call): Reply {
  const { name, qualifier } = calledFunction(call);
  if (qualifier === LATEST) {
    throw invalidParameter("$LATEST version cannot be deleted without deleting the function.");
  }
  if (qualifier !== undefined && isAliasName(qualifier)) {
    throw invalidParameter("Deletion of aliases is not currently supported.");
  }
  const record = store.find(name);
  if (record === undefined) {
    throw resourceNotFound(`Function not found: ${functionArn(name, qualifier)}`);
  }
  if (qualifier === undefined) {
    store.delete(record);
    return { statusCode: 204, headers: {}, body: "" };
  }
  const aliases = aliasesOf(record, qualifier);
  if (aliases.length > 0) {
    throw resourceConflict(
      `Unable to delete version because the following aliases reference it: [${aliases.join(", ")}]`,
    );
  }
  store.deleteVersion(record, qualifier);
  return { statusCode: 204, headers: {}, body: "" };
}

export async function publishVersion({ store }: FunctionContext, call: Call): Promise<Reply> {
  const name = calledLatest(call);
  const members = parseMembers(call.body);
  const description = stringMember(members, "Description");
  checkDescription(description);
  // AWS answers 409 during an update; waiting for its end spares the caller a loop.
  await store.settled(store.get(name));
  const record = store.get(name);
  store.checkRevision(record.latest, stringMember(members, "RevisionId"));
  const sha256 = stringMember(members, "CodeSha256");
  if (sha256 !== undefined && sha256 !== record.latest.code.sha256) {
    throw invalidParameter(
      `CodeSHA256 (${sha256}) is different from current CodeSHA256 in $LATEST (${record.latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  const version = store.publish(record, { description });
  return jsonReply(201, configurationBody(record, { version, isQualified: true }));
}

export function listVersionsByFunction({ store }: FunctionContext, call: Call): Reply {
  const record = store.get(calledFunction(call).name);
  const page = pageOf([record.latest, ...record.versions.values()], {
    query: call.query,
    keyOf: (version) => version.version,
  });
  return jsonReply(200, {
    Versions: page.items.map((version) =>
      listedConfiguration(record, { version, isQualified: true }),
    ),
    NextMarker: page.nextMarker,
  });
}

/** The function whose `$LATEST` a request changes or publishes. @throws AwsError 400 for any other version. */
function calledLatest(call: Call): string {
  const { name, qualifier = LATEST } = calledFunction(call);
  if (qualifier === LATEST) return name;
  throw invalidParameter("Current operation does not support versions other than $LATEST");
}

function checkDescription(description: string | undefined): void {
  if (description === undefined || description.length <= DESCRIPTION_CHARS_MAX) return;
  throw validationFailed([
    `Value '${description}' at 'description' failed to satisfy constraint: Member must have length less than or equal to ${DESCRIPTION_CHARS_MAX}`,
  ]);
}

function calledVersion(
  store: FunctionStore,
  call: Call,
): {
  record: FunctionRecord;
  version: VersionRecord;
  isQualified: boolean;
  alias: string | undefined;
} {
  const reference = calledFunction(call);
  const version = store.resolve(reference);
  const { name, qualifier } = reference;
  return {
    record: store.get(name),
    version,
    isQualified: qualifier !== undefined,
    alias: qualifier !== undefined && isAliasName(qualifier) ? qualifier : undefined,
  };
}

function newFunctionName(given: string | undefined): string {
  if (given === undefined) {
    throw validationFailed([
      "Value null at 'functionName' failed to satisfy constraint: Member must not be null",
    ]);
  }
  const { name } = parseFunctionReference({ functionName: given, operation: "CreateFunction" });
  if (name.length <= NAME_CHARS_MAX) return name;
  throw validationFailed([
    `Value '${given}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${NAME_CHARS_MAX}`,
  ]);
}

async function codeOf(
  { codeDirectory, objects }: FunctionContext,
  { name, members }: { name: string; members: RequestMembers[string] },
): Promise<FunctionCode> {
  const zip = isMembers(members) ? stringMember(members, "ZipFile") : undefined;
  if (zip !== undefined) return unpackCode(Buffer.from(zip, "base64"), codeDirectory);
  const object = isMembers(members) ? await codeObject(objects, members) : undefined;
  if (object !== undefined) return unpackCode(object, codeDirectory, CODE_OBJECT_BYTES_MAX);
  if (isMembers(members) && members["ImageUri"] !== undefined) {
    throw notEmulated(
      `The code of ${functionArn(name)} is given by ImageUri; this emulator takes it as ZipFile (the aws command: --zip-file fileb://code.zip) or from S3 (--s3-bucket, --s3-key).`,
    );
  }
  throw invalidParameter("Please provide a source for function code.");
}

/** Code that no function got to keep must not stay on the disk. */
async function orRemoveCode<Result>(
  code: FunctionCode,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    await removeCode(code);
    throw error;
  }
}
