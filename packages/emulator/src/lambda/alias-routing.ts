import type { Random } from "@pilotlight/core";

import { AwsError, invalidParameter, validationFailed } from "./aws-error.ts";
import { isMembers, type RequestMembers } from "./function-input.ts";
import type { AliasRouting } from "./function-record.ts";
import { LATEST } from "./names.ts";

const MEMBER = "routingConfig.additionalVersionWeights";
const VERSION_KEY_PATTERN = /^[0-9]+$/;
const VERSION_KEY_CHARS_MAX = 1024;

const KEY_CONSTRAINTS =
  "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]";
const VALUE_CONSTRAINTS =
  "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]";

/** What a request says of an alias's weights: nothing, that there are none, or one version more. */
export type RoutingChange =
  | { readonly kind: "unchanged" }
  | { readonly kind: "none" }
  | { readonly kind: "several" }
  | { readonly kind: "weighted"; readonly routing: AliasRouting };

/**
 * The version that one request of an alias goes to.
 *
 * @param alias - `routing.weight` is the share of the requests, 0 to 1, that go to `routing.version`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html, read 2026-11-24.
 */
export function chosenVersion(
  alias: { readonly functionVersion: string; readonly routing?: AliasRouting | undefined },
  random: Random,
): string {
  const { functionVersion, routing } = alias;
  if (routing === undefined) return functionVersion;
  return random.next() < routing.weight ? routing.version : functionVersion;
}

/**
 * Reads the member `RoutingConfig`.
 *
 * @returns What it asks for, and a sentence for each constraint of the service model that it breaks.
 */
export function routingMember(members: RequestMembers): {
  change: RoutingChange;
  failures: readonly string[];
} {
  const config = members["RoutingConfig"];
  if (!isMembers(config)) return { change: { kind: "unchanged" }, failures: [] };
  const weights = config["AdditionalVersionWeights"];
  const entries = isMembers(weights) ? Object.entries(weights) : [];
  const [first, ...others] = entries;
  if (first === undefined) return { change: { kind: "none" }, failures: [] };
  const failures = constraintFailures(entries);
  if (others.length > 0) return { change: { kind: "several" }, failures };
  const [version, weight] = first;
  return { change: { kind: "weighted", routing: { version, weight: Number(weight) } }, failures };
}

/**
 * Refuses weights that do not go with the version that the alias points at, in AWS's words.
 *
 * @throws AwsError 400.
 */
export function checkRouting(change: RoutingChange, functionVersion: string): void {
  if (change.kind === "several") {
    throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  }
  if (change.kind !== "weighted") return;
  if (functionVersion === LATEST) {
    // This one body has no Type, as recorded.
    throw new AwsError("InvalidParameterValueException", {
      statusCode: 400,
      body: { message: "$LATEST is not supported for an alias pointing to more than 1 version" },
    });
  }
  const { version } = change.routing;
  if (version === functionVersion) {
    throw invalidParameter(
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    );
  }
}

/** @throws AwsError 400 when there is a failure. */
export function refuseFailures(failures: readonly string[]): void {
  if (failures.length > 0) throw validationFailed(failures);
}

function constraintFailures(entries: readonly (readonly [string, unknown])[]): string[] {
  const shown = `{${entries.map(([version, weight]) => `${version}=${doubleText(weight)}`).join(", ")}}`;
  const place = `Value '${shown}' at '${MEMBER}' failed to satisfy constraint: `;
  const areKeysRight = entries.every(
    ([version]) => VERSION_KEY_PATTERN.test(version) && version.length <= VERSION_KEY_CHARS_MAX,
  );
  const areValuesRight = entries.every(
    ([, weight]) => typeof weight === "number" && weight >= 0 && weight <= 1,
  );
  return [
    ...(areKeysRight ? [] : [place + KEY_CONSTRAINTS]),
    ...(areValuesRight ? [] : [place + VALUE_CONSTRAINTS]),
  ];
}

/** As Java writes a double: whole numbers with one decimal. */
function doubleText(value: unknown): string {
  return Number.isInteger(value) ? `${String(value)}.0` : String(value);
}
