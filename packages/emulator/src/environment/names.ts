import { randomBytes } from "node:crypto";

import type { FunctionIdentity } from "../runtime-api/index.ts";
import type { FunctionVersion } from "./contract.ts";

/** What an extension is told of the function that it belongs to. */
export function functionIdentity(version: FunctionVersion): FunctionIdentity {
  const { functionName, functionArn, handler } = version;
  // The account stands fifth in an ARN.
  const accountId = functionArn.split(":")[4] ?? "";
  return { functionName, functionVersion: version.version, handler, accountId };
}

/** Name of an environment's log stream: date, version, and 32 hexadecimal digits. */
export function logStreamName(version: string, epochMs: number): string {
  const date = new Date(epochMs).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${date}/[${version}]${randomBytes(16).toString("hex")}`;
}

/**
 * A trace id for an invocation that came without one, not sampled: AWS gives one to every invocation.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function unsampledTraceId(epochMs: number): string {
  const seconds = Math.floor(epochMs / 1000)
    .toString(16)
    .padStart(8, "0");
  const random = randomBytes(20).toString("hex");
  return `Root=1-${seconds}-${random.slice(0, 24)};Parent=${random.slice(24)};Sampled=0`;
}
