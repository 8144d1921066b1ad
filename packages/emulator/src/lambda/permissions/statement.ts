import { invalidParameter } from "../aws-error.ts";

/** What AddPermission allows, and to whom. */
export interface Permission {
  readonly statementId: string;
  readonly action: string;
  readonly principal: string;
  readonly sourceArn?: string | undefined;
  readonly sourceAccount?: string | undefined;
  readonly principalOrgId?: string | undefined;
  readonly eventSourceToken?: string | undefined;
  readonly functionUrlAuthType?: string | undefined;
  readonly invokedViaFunctionUrl?: boolean | undefined;
}

/** One statement of a resource policy, in the order of members that AWS writes. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: "*" | Readonly<Record<string, string>>;
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const URL_ACTION = "lambda:InvokeFunctionUrl";

/**
 * The statement that a permission becomes.
 *
 * @param resourceArn - The function, version or alias.
 * @throws AwsError 400 for a principal that is none.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html, read 2026-11-24.
 */
export function policyStatement(permission: Permission, resourceArn: string): PolicyStatement {
  const { statementId, action, principal, functionUrlAuthType } = permission;
  if (functionUrlAuthType !== undefined && action !== URL_ACTION) {
    throw invalidParameter(`FunctionUrlAuthType is only supported for ${URL_ACTION} action`);
  }
  const condition = conditionOf(permission);
  return {
    Sid: statementId,
    Effect: "Allow",
    Principal: principalOf(principal),
    Action: action,
    Resource: resourceArn,
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
}

function principalOf(principal: string): PolicyStatement["Principal"] {
  if (principal === "*") return "*";
  // Some services are older than amazonaws.com: alexa-appkit.amazon.com.
  if (/\.amazon(aws)?\.com(\.cn)?$/.test(principal)) return { Service: principal };
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (/^arn:aws[a-zA-Z-]*:(iam|sts):/.test(principal)) return { AWS: principal };
  throw invalidParameter(
    "The provided principal was invalid. Please check the principal and try again.",
  );
}

function conditionOf(permission: Permission): Record<string, Record<string, string>> {
  const equal = present({
    "lambda:FunctionUrlAuthType": permission.functionUrlAuthType,
    "aws:PrincipalOrgID": permission.principalOrgId,
    "AWS:SourceAccount": permission.sourceAccount,
    "lambda:EventSourceToken": permission.eventSourceToken,
  });
  const like = present({ "AWS:SourceArn": permission.sourceArn });
  const { invokedViaFunctionUrl } = permission;
  return {
    ...(Object.keys(equal).length === 0 ? {} : { StringEquals: equal }),
    ...(Object.keys(like).length === 0 ? {} : { ArnLike: like }),
    ...(invokedViaFunctionUrl === undefined
      ? {}
      : { Bool: { "lambda:InvokedViaFunctionUrl": String(invokedViaFunctionUrl) } }),
  };
}

function present(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
