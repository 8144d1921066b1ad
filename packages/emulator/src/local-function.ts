import type { LIVE_ALIAS } from "@pilotlight/core";

import { checkSettings } from "./lambda/function-input.ts";
import type { Architecture, FunctionSettings } from "./lambda/function-record.ts";
import { ACCOUNT_ID } from "./lambda/names.ts";

/** A function that is made in process, from a folder that exists. */
export interface LocalFunction {
  readonly functionName: string;
  /** `file.export`, as Lambda's Handler. */
  readonly handler: string;
  /** Absolute path of the code; it is used in place. */
  readonly codeDirectory: string;
  readonly memoryMb: number;
  readonly timeoutSec: number;
  readonly architecture: Architecture;
  readonly variables: Readonly<Record<string, string>>;
  /** Folders that layers would put on the module search path. */
  readonly nodePath: readonly string[];
  /** Absolute paths of unpacked layers, in AWS's order: files of a later one take the place of earlier ones. */
  readonly layerDirectories?: readonly string[];
  /** Publishes a version of it. An alias needs one, and implies it. */
  readonly publish?: boolean;
  /** Points at the published version. */
  readonly alias?: typeof LIVE_ALIAS;
}

/** What CreateFunction would have been told. @throws AwsError as CreateFunction. */
export function settingsOf(spec: LocalFunction): FunctionSettings {
  const settings = {
    description: "",
    handler: spec.handler,
    runtime: "nodejs24.x",
    role: `arn:aws:iam::${ACCOUNT_ID}:role/pilotlight`,
    memoryMb: spec.memoryMb,
    timeoutSec: spec.timeoutSec,
    architecture: spec.architecture,
    variables: spec.variables,
    ephemeralStorageMb: 512,
    nodePath: spec.nodePath,
    layerDirectories: spec.layerDirectories,
  };
  checkSettings(settings);
  return settings;
}
