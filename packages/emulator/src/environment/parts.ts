import {
  type FunctionIdentity,
  RuntimeApi,
  type RuntimeApiListener,
} from "../runtime-api/index.ts";
import { ProcessGroup, type ProcessGroupOptions } from "./process-group.ts";
import { RuntimeProcess, type RuntimeProcessOptions } from "./runtime-process.ts";
import { SandboxFolders } from "./sandbox-folders.ts";

/** A process that leads a group, as its environment sees it. */
export type RunningProcess = Pick<
  ProcessGroup,
  "pid" | "hasExited" | "exited" | "gone" | "signal" | "flushLines"
>;

/** The runtime, as its environment sees it. */
export type RunningRuntime = RunningProcess & Pick<RuntimeProcess, "channel">;

/** The folders of an environment, as it sees them. */
export type Folders = Pick<
  SandboxFolders,
  "temporaryDirectory" | "optDirectory" | "extensionPaths" | "wrap" | "remove"
>;

/** What touches the system: a test of races puts scripted parts in the place of these. */
export interface EnvironmentParts {
  readonly openApi: (listener: RuntimeApiListener, identity: FunctionIdentity) => RuntimeApi;
  readonly makeFolders: (...options: Parameters<typeof SandboxFolders.make>) => Promise<Folders>;
  readonly startRuntime: (options: RuntimeProcessOptions) => RunningRuntime;
  readonly startExtension: (options: ProcessGroupOptions) => RunningProcess;
}

/** Processes, folders and a server of this machine. */
export const SYSTEM_PARTS: EnvironmentParts = {
  openApi: (listener, identity) => new RuntimeApi(listener, identity),
  makeFolders: (...options) => SandboxFolders.make(...options),
  startRuntime: (options) => new RuntimeProcess(options),
  startExtension: (options) => new ProcessGroup(options),
};
