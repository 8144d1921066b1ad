import { enumFailures } from "../lambda/constraint-failures.ts";
import { invalidRequestContent, validationFailed } from "../lambda/aws-error.ts";
import { isMembers, type RequestMembers, stringMember } from "../lambda/function-input.ts";
import { AUTH_TYPES, type Cors, INVOKE_MODES, type UrlSettings } from "./function-url.ts";

/**
 * Sizes of the lists of `Cors`, items and characters of each.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html, read 2026-11-24.
 */
const CORS_LISTS = {
  AllowHeaders: { itemsMax: 100, charsMax: 1024 },
  AllowMethods: { itemsMax: 6, charsMax: 6 },
  AllowOrigins: { itemsMax: 100, charsMax: 253 },
  ExposeHeaders: { itemsMax: 100, charsMax: 1024 },
} as const;
const MAX_AGE_SEC_MAX = 86_400;

/** Settings that a request names, checked; absent ones are not named. */
export interface UrlChange {
  readonly authType?: UrlSettings["authType"];
  readonly invokeMode?: UrlSettings["invokeMode"];
  readonly cors?: Cors;
}

/**
 * Reads the settings of a function URL.
 *
 * @param isNew - Whether AuthType must be there.
 * @param failures - Of the rest of the request: they are told together.
 * @throws AwsError 400 with AWS's text.
 */
export function urlChange(
  members: RequestMembers,
  { isNew, failures: others }: { isNew: boolean; failures: readonly string[] },
): UrlChange {
  const given = {
    authType: stringMember(members, "AuthType"),
    invokeMode: stringMember(members, "InvokeMode"),
  };
  const cors = corsMember(members);
  const failures = [
    ...others,
    ...(isNew && given.authType === undefined
      ? ["Value null at 'authType' failed to satisfy constraint: Member must not be null"]
      : enumFailures("authType", given.authType, AUTH_TYPES)),
    ...enumFailures("invokeMode", given.invokeMode, INVOKE_MODES.toReversed()),
    ...(cors === undefined ? [] : corsFailures(cors)),
  ];
  if (failures.length > 0) throw validationFailed(failures);
  const authType = AUTH_TYPES.find((known) => known === given.authType);
  const invokeMode = INVOKE_MODES.find((known) => known === given.invokeMode);
  return {
    ...(authType === undefined ? {} : { authType }),
    ...(invokeMode === undefined ? {} : { invokeMode }),
    ...(cors === undefined ? {} : { cors }),
  };
}

function corsMember(members: RequestMembers): Cors | undefined {
  const value = members["Cors"];
  if (value === undefined || value === null) return undefined;
  if (!isMembers(value)) throw notRead("Cors", "an object");
  const { AllowCredentials, MaxAge } = value;
  if (isGiven(AllowCredentials) && typeof AllowCredentials !== "boolean") {
    throw notRead("Cors.AllowCredentials", "a boolean");
  }
  if (isGiven(MaxAge) && !Number.isInteger(MaxAge)) throw notRead("Cors.MaxAge", "an integer");
  const lists = Object.keys(CORS_LISTS).flatMap((name) => {
    const list = value[name];
    if (!isGiven(list)) return [];
    if (isTexts(list)) return [[name, list] as const];
    throw notRead(`Cors.${name}`, "a list of strings");
  });
  return {
    ...(typeof AllowCredentials === "boolean" ? { AllowCredentials } : {}),
    ...Object.fromEntries(lists),
    ...(typeof MaxAge === "number" ? { MaxAge } : {}),
  };
}

function corsFailures(cors: Cors): string[] {
  const failures = Object.entries(CORS_LISTS).flatMap(([name, { itemsMax, charsMax }]) => {
    const list = cors[name as keyof typeof CORS_LISTS] ?? [];
    const place = `Value '[${list.join(", ")}]' at 'cors.${name[0]?.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must`;
    return [
      ...(list.length > itemsMax ? [`${place} have length less than or equal to ${itemsMax}`] : []),
      ...(list.some((item) => item.length > charsMax)
        ? [
            `${place} satisfy constraint: [Member must have length less than or equal to ${charsMax}]`,
          ]
        : []),
    ];
  });
  const { MaxAge } = cors;
  if (MaxAge === undefined || (MaxAge >= 0 && MaxAge <= MAX_AGE_SEC_MAX)) return failures;
  const bound =
    MaxAge < 0 ? "greater than or equal to 0" : `less than or equal to ${MAX_AGE_SEC_MAX}`;
  return [
    ...failures,
    `Value '${MaxAge}' at 'cors.maxAge' failed to satisfy constraint: Member must have value ${bound}`,
  ];
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function notRead(name: string, accepted: string): Error {
  return invalidRequestContent(
    `Could not parse request body into json: ${name} must be ${accepted}`,
  );
}
