/** Who may call a function URL. */
export const AUTH_TYPES = ["NONE", "AWS_IAM"] as const;
type AuthType = (typeof AUTH_TYPES)[number];

/** Whether a response is passed on whole or in parts. */
export const INVOKE_MODES = ["BUFFERED", "RESPONSE_STREAM"] as const;
type InvokeMode = (typeof INVOKE_MODES)[number];

/** What pages of other origins may do; a member that was not given is absent. */
export interface Cors {
  readonly AllowCredentials?: boolean;
  readonly AllowHeaders?: readonly string[];
  readonly AllowMethods?: readonly string[];
  readonly AllowOrigins?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  /** Seconds for which a browser keeps the answer to a preflight. */
  readonly MaxAge?: number;
}

/** What a function URL's owner can set. */
export interface UrlSettings {
  readonly authType: AuthType;
  readonly invokeMode: InvokeMode;
  readonly cors?: Cors | undefined;
}

/** The HTTP address of a function, or of one of its aliases. */
export interface FunctionUrl {
  /** Thirty-two letters and digits; on AWS they are the first part of the host. */
  readonly id: string;
  /** Where it is reached, with a slash at the end. */
  readonly url: string;
  readonly functionName: string;
  /** With the alias, where it has one. */
  readonly functionArn: string;
  /** The alias; `$LATEST` where it has none. */
  readonly qualifier: string;
  readonly createdEpochMs: number;
  settings: UrlSettings;
  modifiedEpochMs: number;
}

/** FunctionUrlConfig as the API answers it. */
export function urlBody(url: FunctionUrl): Record<string, unknown> {
  const { authType, invokeMode, cors } = url.settings;
  return {
    FunctionUrl: url.url,
    FunctionArn: url.functionArn,
    AuthType: authType,
    ...(cors === undefined ? {} : { Cors: cors }),
    CreationTime: new Date(url.createdEpochMs).toISOString(),
    LastModifiedTime: new Date(url.modifiedEpochMs).toISOString(),
    InvokeMode: invokeMode,
  };
}
