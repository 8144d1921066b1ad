import { pathToFileURL } from "node:url";

import type { AliasRecord, FunctionRecord, VersionRecord } from "./function-record.ts";
import { loggingBody } from "./logging-config.ts";
import { LATEST, REGION } from "./names.ts";

/** Names the runtime's patch version; AWS's value is opaque, and so is this one. */
const RUNTIME_VERSION_ARN = `arn:aws:lambda:${REGION}::runtime:pilotlight-node24`;

/** A version, and how it was asked for. */
interface DescribedVersion {
  readonly version: VersionRecord;
  /** Whether the ARN names the version. */
  readonly isQualified: boolean;
  /** The alias that led to the version: the ARN names it instead. */
  readonly alias?: string | undefined;
}

/** The members of FunctionConfiguration that lists have too. */
export function listedConfiguration(
  record: FunctionRecord,
  { version, isQualified, alias = version.version }: DescribedVersion,
): Record<string, unknown> {
  const { settings, code } = version;
  const hasVariables = Object.keys(settings.variables).length > 0;
  return {
    FunctionName: record.name,
    FunctionArn: isQualified ? `${record.arn}:${alias}` : record.arn,
    Runtime: settings.runtime,
    Role: settings.role,
    Handler: settings.handler,
    CodeSize: code.sizeBytes,
    Description: settings.description,
    Timeout: settings.timeoutSec,
    MemorySize: settings.memoryMb,
    LastModified: new Date(version.lastModifiedEpochMs).toISOString().replace("Z", "+0000"),
    CodeSha256: code.sha256,
    Version: version.version,
    ...(hasVariables ? { Environment: { Variables: settings.variables } } : {}),
    ...(settings.deadLetterArn === undefined
      ? {}
      : { DeadLetterConfig: { TargetArn: settings.deadLetterArn } }),
    ...(settings.layers !== undefined && settings.layers.length > 0
      ? { Layers: settings.layers.map(({ arn, sizeBytes }) => ({ Arn: arn, CodeSize: sizeBytes })) }
      : {}),
    ...(settings.keyArn === undefined ? {} : { KMSKeyArn: settings.keyArn }),
    TracingConfig: { Mode: settings.tracingMode ?? "PassThrough" },
    RevisionId: version.revisionId,
    PackageType: "Zip",
    Architectures: [settings.architecture],
    EphemeralStorage: { Size: settings.ephemeralStorageMb },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    LoggingConfig: loggingBody(settings.logging, record.name),
  };
}

/** FunctionConfiguration with the function's state, as every operation on one function answers it. */
export function configurationBody(
  record: FunctionRecord,
  described: DescribedVersion,
): Record<string, unknown> {
  return {
    ...listedConfiguration(record, described),
    ...stateMembers(record, described.version),
    RuntimeVersionConfig: { RuntimeVersionArn: RUNTIME_VERSION_ARN },
  };
}

/** GetFunction's `Code`: AWS gives a signed S3 address, the emulator the folder itself. */
export function codeLocation(version: VersionRecord): Record<string, unknown> {
  return { RepositoryType: "S3", Location: pathToFileURL(version.code.directory).href };
}

/** AliasConfiguration. */
export function aliasBody(record: FunctionRecord, alias: AliasRecord): Record<string, unknown> {
  return {
    AliasArn: `${record.arn}:${alias.name}`,
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description,
    RevisionId: alias.revisionId,
    ...(alias.routing === undefined
      ? {}
      : {
          RoutingConfig: {
            AdditionalVersionWeights: { [alias.routing.version]: alias.routing.weight },
          },
        }),
  };
}

function stateMembers(record: FunctionRecord, version: VersionRecord): Record<string, unknown> {
  if (record.phase === "creating") {
    return {
      State: "Pending",
      StateReason: "The function is being created.",
      StateReasonCode: "Creating",
    };
  }
  if (record.phase === "active" || version.version !== LATEST) {
    return { State: "Active", LastUpdateStatus: "Successful" };
  }
  return {
    State: "Active",
    LastUpdateStatus: "InProgress",
    LastUpdateStatusReason: "The function is being created.",
    LastUpdateStatusReasonCode: "Creating",
  };
}
