import { enumFailures } from "./constraint-failures.ts";
import { invalidParameter, validationFailed } from "./aws-error.ts";

const TRACING_MODES = ["Active", "PassThrough"] as const;
const SNAP_START_MODES = ["PublishedVersions", "None"] as const;
const KEY_PATTERN_TEXT = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
const KEY_PATTERN = /^(?:arn:(?:aws[a-zA-Z-]*)?:[a-z0-9\-.]+:.*)?$/;

/** Settings that are kept and shown, and change nothing here. */
export interface KeptSettings {
  /** @default "PassThrough" */
  readonly tracingMode?: (typeof TRACING_MODES)[number] | undefined;
  /** ARN of the key for the environment variables. */
  readonly keyArn?: string | undefined;
}

/** What a request says of them; `undefined` where it says nothing. */
interface AskedSettings {
  readonly mode: string | undefined;
  readonly applyOn: string | undefined;
  readonly keyArn: string | undefined;
  readonly runtime: string;
}

/**
 * The settings that are only kept, after a request; what it does not name stays.
 *
 * @throws AwsError with AWS's text for a value that AWS does not have, or SnapStart, which Node.js has not.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html, read 2026-11-24
 */
export function changedKept(
  current: KeptSettings,
  { mode, applyOn, keyArn, runtime }: AskedSettings,
): KeptSettings {
  const failures = [
    ...enumFailures("tracingConfig.mode", mode, TRACING_MODES),
    ...enumFailures("snapStart.applyOn", applyOn, SNAP_START_MODES),
    ...(keyArn === undefined || KEY_PATTERN.test(keyArn)
      ? []
      : [
          `Value '${keyArn}' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: ${KEY_PATTERN_TEXT}`,
        ]),
  ];
  if (failures.length > 0) throw validationFailed(failures);
  if (applyOn === "PublishedVersions") {
    throw invalidParameter(`${runtime} is not supported for SnapStart enabled functions.`);
  }
  return {
    tracingMode: TRACING_MODES.find((known) => known === mode) ?? current.tracingMode,
    // An empty ARN takes the key away.
    keyArn: keyArn === undefined ? current.keyArn : keyArn || undefined,
  };
}
