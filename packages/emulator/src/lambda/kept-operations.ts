import { jsonReply, type Reply } from "../http/reply.ts";
import { calledFunction, type Call } from "./api-request.ts";
import { AwsError, invalidParameter, validationFailed } from "./aws-error.ts";
import { parseMembers, stringMember } from "./function-input.ts";
import type { FunctionRecord, RuntimeManagement } from "./function-record.ts";
import type { FunctionStore } from "./function-store.ts";
import { enumFailures } from "./constraint-failures.ts";
import { functionArn } from "./names.ts";
import { type Route, route } from "./route.ts";

interface KeptContext {
  readonly store: FunctionStore;
}

const RECURSIVE_LOOPS = ["Terminate", "Allow"] as const;
const RUNTIME_UPDATES = ["Auto", "Manual", "FunctionUpdate"] as const;
const AUTOMATIC: RuntimeManagement = { updateRuntimeOn: "Auto" };

const RUNTIME = {
  text: "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}::runtime:.+",
  pattern:
    /^arn:aws[a-zA-Z-]*:lambda:(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d::runtime:.+$/,
};

const SIGNING = {
  text: "arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:code-signing-config:csc-[a-z0-9]{17}",
  pattern:
    /^arn:(?:aws[a-zA-Z-]*)?:lambda:[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d:\d{12}:code-signing-config:csc-[a-z0-9]{17}$/,
};

const SIGNING_PATH = "/2020-06-30/functions/*/code-signing-config";
const RUNTIME_PATH = "/2021-07-20/functions/*/runtime-management-config";
const RECURSION_PATH = "/2024-08-31/functions/*/recursion-config";

/**
 * Operations on what is kept with a function and changes nothing here.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html, read 2026-11-24, for paths and bounds.
 */
export const KEPT_ROUTES: readonly Route<KeptContext>[] = [
  route(`GET ${SIGNING_PATH}`, "GetFunctionCodeSigningConfig", getSigning),
  route(`PUT ${SIGNING_PATH}`, "PutFunctionCodeSigningConfig", putSigning),
  route(`DELETE ${SIGNING_PATH}`, "DeleteFunctionCodeSigningConfig", deleteSigning),
  route(`GET ${RUNTIME_PATH}`, "GetRuntimeManagementConfig", getRuntimeManagement),
  route(`PUT ${RUNTIME_PATH}`, "PutRuntimeManagementConfig", putRuntimeManagement),
  route(`GET ${RECURSION_PATH}`, "GetFunctionRecursionConfig", getRecursion),
  route(`PUT ${RECURSION_PATH}`, "PutFunctionRecursionConfig", putRecursion),
];

function getRecursion({ store }: KeptContext, call: Call): Reply {
  const { recursiveLoop = "Terminate" } = store.get(calledFunction(call).name);
  return jsonReply(200, { RecursiveLoop: recursiveLoop });
}

function putRecursion({ store }: KeptContext, call: Call): Reply {
  const given = stringMember(parseMembers(call.body), "RecursiveLoop");
  const { name } = calledFunction(call);
  const loop = RECURSIVE_LOOPS.find((known) => known === given);
  if (loop === undefined)
    throw validationFailed(choiceFailures("recursiveLoop", given, RECURSIVE_LOOPS));
  store.get(name).recursiveLoop = loop;
  return jsonReply(200, { RecursiveLoop: loop });
}

function getRuntimeManagement({ store }: KeptContext, call: Call): Reply {
  const { record, version } = calledVersion(store, call);
  return managementReply(record, version);
}

function putRuntimeManagement({ store }: KeptContext, call: Call): Reply {
  const members = parseMembers(call.body);
  const given = stringMember(members, "UpdateRuntimeOn");
  const runtimeVersionArn = stringMember(members, "RuntimeVersionArn");
  const updateRuntimeOn = RUNTIME_UPDATES.find((known) => known === given);
  const failures = [
    ...choiceFailures("updateRuntimeOn", given, RUNTIME_UPDATES),
    ...patternFailures("runtimeVersionArn", runtimeVersionArn, RUNTIME),
  ];
  if (updateRuntimeOn === undefined || failures.length > 0) throw validationFailed(failures);
  if ((updateRuntimeOn === "Manual") !== (runtimeVersionArn !== undefined)) {
    throw invalidParameter(
      `RuntimeVersionArn goes with UpdateRuntimeOn Manual, which needs one; got ${runtimeVersionArn ?? "none"} with ${updateRuntimeOn}.`,
    );
  }
  const { record, version } = calledVersion(store, call);
  record.runtimeManagement.set(version, { updateRuntimeOn, runtimeVersionArn });
  return managementReply(record, version);
}

/** No configuration of code signing can be made here, so that no function has one. */
function getSigning({ store }: KeptContext, call: Call): Reply {
  store.get(calledFunction(call).name);
  return jsonReply(200, {});
}

function putSigning({ store }: KeptContext, call: Call): Reply {
  const arn = stringMember(parseMembers(call.body), "CodeSigningConfigArn");
  const { name } = calledFunction(call);
  const failures = [
    ...(arn === undefined ? [missing("codeSigningConfigArn")] : []),
    ...patternFailures("codeSigningConfigArn", arn, SIGNING),
  ];
  if (failures.length > 0) throw validationFailed(failures);
  store.get(name);
  throw new AwsError("CodeSigningConfigNotFoundException", {
    statusCode: 404,
    body: {
      Type: "User",
      Message: `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
    },
  });
}

function deleteSigning({ store }: KeptContext, call: Call): Reply {
  store.get(calledFunction(call).name);
  return { statusCode: 204, headers: {}, body: "" };
}

/** @throws AwsError 404 for a version or an alias that does not exist. */
function calledVersion(
  store: FunctionStore,
  call: Call,
): { record: FunctionRecord; version: string } {
  const reference = calledFunction(call);
  return { version: store.resolve(reference).version, record: store.get(reference.name) };
}

function managementReply(record: FunctionRecord, version: string): Reply {
  const { updateRuntimeOn, runtimeVersionArn = null } =
    record.runtimeManagement.get(version) ?? AUTOMATIC;
  return jsonReply(200, {
    UpdateRuntimeOn: updateRuntimeOn,
    RuntimeVersionArn: runtimeVersionArn,
    FunctionArn: functionArn(record.name, version),
  });
}

function choiceFailures(
  name: string,
  value: string | undefined,
  accepted: readonly string[],
): string[] {
  return value === undefined ? [missing(name)] : enumFailures(name, value, accepted);
}

function missing(name: string): string {
  return `Value null at '${name}' failed to satisfy constraint: Member must not be null`;
}

function patternFailures(
  name: string,
  value: string | undefined,
  { pattern, text }: { pattern: RegExp; text: string },
): string[] {
  if (value === undefined || pattern.test(value)) return [];
  return [
    `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${text}`,
  ];
}
