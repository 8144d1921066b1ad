import { AwsError, invalidParameter, resourceNotFound, validationFailed } from "./aws-error.ts";

/** The one account and region that the emulator has. */
export const ACCOUNT_ID = "000000000000";
export const REGION = "us-east-1";

/** The version that changes with every update. */
export const LATEST = "$LATEST";

/** As the service writes its pattern in the error text; recorded on AWS 2025-11-25. */
const NAME_PATTERN_TEXT =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

/** The same pattern for operations that take no version: it has no dots. */
const UNQUALIFIED_NAME_PATTERN_TEXT =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";

/** Groups: region, account, name, qualifier. */
const NAME_PATTERN =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:((?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9\-_.]+)(?::(\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9\-_]+))?$/;

/** The pattern of operations that refuse qualifiers altogether. */
const BARE_NAME_PATTERN_TEXT =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)";

const QUALIFIER_PATTERN_TEXT = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
const QUALIFIER_PATTERN = /^(?:\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9\-_$]+)$/;

/** The older pattern of the operations on provisioned concurrency. */
const PROVISIONED_QUALIFIER_PATTERN_TEXT = "(|[a-zA-Z0-9$_-]+)";
const PROVISIONED_QUALIFIER_PATTERN = /^[a-zA-Z0-9$_-]*$/;
const QUALIFIER_CHARS_MAX = 128;

/** Longest FunctionName, characters: shapes FunctionName and NamespacedFunctionName of the service model. */
const NAME_CHARS_MAX = 140;
const QUALIFIED_NAME_CHARS_MAX = 256;

/** Operations whose FunctionName is a NamespacedFunctionName in the service model. */
const TAKES_QUALIFIED_NAME: ReadonlySet<string> = new Set([
  "Invoke",
  "InvokeAsync",
  "InvokeWithResponseStream",
  "CreateEventSourceMapping",
  "ListEventSourceMappings",
  "UpdateEventSourceMapping",
  "GetFunction",
  "GetFunctionConfiguration",
  "ListVersionsByFunction",
  "DeleteFunction",
  "AddPermission",
  "GetPolicy",
  "RemovePermission",
  "GetFunctionCodeSigningConfig",
  "PutFunctionCodeSigningConfig",
  "DeleteFunctionCodeSigningConfig",
  "GetRuntimeManagementConfig",
  "PutRuntimeManagementConfig",
  "PutFunctionEventInvokeConfig",
  "UpdateFunctionEventInvokeConfig",
  "GetFunctionEventInvokeConfig",
  "DeleteFunctionEventInvokeConfig",
  "ListFunctionEventInvokeConfigs",
]);

/** Operations whose FunctionName is an UnqualifiedFunctionName. */
const TAKES_BARE_NAME: ReadonlySet<string> = new Set([
  "GetFunctionRecursionConfig",
  "PutFunctionRecursionConfig",
]);

/** Which function, and which version or alias of it, a request means. */
export interface FunctionReference {
  readonly name: string;
  /** Version or alias; absent when the caller named none. */
  readonly qualifier: string | undefined;
}

/** @param qualifier - Version or alias; without it the ARN is unqualified. */
export function functionArn(name: string, qualifier?: string): string {
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

/**
 * Reads a function's name, partial ARN or full ARN, with the qualifier in it or beside it.
 *
 * @param functionName - As it stands in the path, percent-decoded.
 * @param qualifier - The query parameter `Qualifier`.
 * @param operation - API name; the longest name and the pattern in the error depend on it.
 * @throws AwsError with AWS's own text when the name or qualifier is malformed, lies in another region or
 *   account, or the two qualifiers differ.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html for lengths and patterns.
 */
export function parseFunctionReference({
  functionName,
  qualifier,
  operation,
}: {
  functionName: string;
  qualifier?: string | undefined;
  operation: string;
}): FunctionReference {
  const match = matchedName(functionName, operation);
  const failures = [
    ...nameFailures(functionName, { operation, isMatch: match !== null }),
    ...(qualifier === undefined ? [] : qualifierFailures(qualifier, operation)),
  ];
  if (match === null || failures.length > 0) throw validationFailed(failures);

  const [, region, account, name = "", derived] = match;
  checkPlace({ region, account, name, operation });
  if (derived !== undefined && qualifier !== undefined && derived !== qualifier) {
    throw invalidParameter(
      "The derived qualifier from the function name does not match the specified qualifier.",
    );
  }
  return { name, qualifier: qualifier ?? derived };
}

/** `live` is an alias, `3` and `$LATEST` are versions. */
export function isAliasName(qualifier: string): boolean {
  return qualifier !== LATEST && !/^\d+$/.test(qualifier);
}

/** The patterns of the operations differ in dots and qualifiers, and in nothing else. */
function matchedName(functionName: string, operation: string): RegExpExecArray | null {
  if (!TAKES_QUALIFIED_NAME.has(operation) && functionName.includes(".")) return null;
  const match = NAME_PATTERN.exec(functionName);
  return match?.[4] !== undefined && TAKES_BARE_NAME.has(operation) ? null : match;
}

function namePatternText(operation: string): string {
  if (TAKES_QUALIFIED_NAME.has(operation)) return NAME_PATTERN_TEXT;
  return TAKES_BARE_NAME.has(operation) ? BARE_NAME_PATTERN_TEXT : UNQUALIFIED_NAME_PATTERN_TEXT;
}

function nameFailures(
  functionName: string,
  { operation, isMatch }: { operation: string; isMatch: boolean },
): string[] {
  const charsMax = TAKES_QUALIFIED_NAME.has(operation) ? QUALIFIED_NAME_CHARS_MAX : NAME_CHARS_MAX;
  const failures: string[] = [];
  if (functionName.length > charsMax) {
    failures.push(
      `Value '${functionName}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${charsMax}`,
    );
  }
  if (!isMatch) {
    failures.push(
      `Value '${functionName}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${namePatternText(operation)}`,
    );
  }
  return failures;
}

function qualifierFailures(qualifier: string, operation: string): string[] {
  const isProvisioned = operation.endsWith("ProvisionedConcurrencyConfig");
  const pattern = isProvisioned ? PROVISIONED_QUALIFIER_PATTERN : QUALIFIER_PATTERN;
  const text = isProvisioned ? PROVISIONED_QUALIFIER_PATTERN_TEXT : QUALIFIER_PATTERN_TEXT;
  const failures: string[] = [];
  if (qualifier.length === 0) {
    failures.push(
      "Value '' at 'qualifier' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  if (qualifier.length > QUALIFIER_CHARS_MAX) {
    failures.push(
      `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: Member must have length less than or equal to ${QUALIFIER_CHARS_MAX}`,
    );
  }
  if (!pattern.test(qualifier)) {
    failures.push(
      `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: ${text}`,
    );
  }
  return failures;
}

function checkPlace({
  region,
  account,
  name,
  operation,
}: {
  region: string | undefined;
  account: string | undefined;
  name: string;
  operation: string;
}): void {
  if (region !== undefined && region !== REGION) {
    throw resourceNotFound(
      `Functions from '${region}' are not reachable in this region ('${REGION}')`,
    );
  }
  if (account === undefined || account === ACCOUNT_ID) return;
  const arn = `arn:aws:lambda:${REGION}:${account}:function:${name}`;
  throw new AwsError("AccessDeniedException", {
    statusCode: 403,
    body: {
      Message: `User: arn:aws:iam::${ACCOUNT_ID}:root is not authorized to perform: lambda:${operation} on resource: ${arn}`,
    },
  });
}
