import type { FunctionVersion, LogSettings } from "../environment/contract.ts";
import type { FunctionPhase } from "./function-state.ts";
import type { KeptSettings } from "./kept-settings.ts";
import type { PolicyStatement } from "./permissions/statement.ts";

export type Architecture = "arm64" | "x86_64";

/** A layer version of a function. */
export interface LayerReference {
  readonly arn: string;
  /** Of its ZIP file. */
  readonly sizeBytes: number;
  /** Absolute path of its unpacked content. */
  readonly directory: string;
}

/** What a function's user can set, apart from its code. */
export interface FunctionSettings extends KeptSettings {
  readonly description: string;
  readonly handler: string;
  readonly runtime: string;
  readonly role: string;
  readonly memoryMb: number;
  readonly timeoutSec: number;
  readonly architecture: Architecture;
  readonly variables: Readonly<Record<string, string>>;
  readonly ephemeralStorageMb: number;
  /** What layers would put on the module search path; only functions made in process have any. */
  readonly nodePath: readonly string[];
  /** In the order in which they are laid over each other; absent where there are none. */
  readonly layers?: readonly LayerReference[] | undefined;
  /** Folders that a function made in process has for layers. */
  readonly layerDirectories?: readonly string[] | undefined;
  /** Absent where the log is text in the function's own group. */
  readonly logging?: LogSettings | undefined;
  /** ARN of the queue for events that failed; absent where there is none. */
  readonly deadLetterArn?: string | undefined;
}

/** A function's code, as it lies on this machine. */
export interface FunctionCode {
  /** Absolute path of the unpacked code. */
  readonly directory: string;
  /** SHA-256, base64: of the ZIP file, or of the listing of a folder that is used in place. */
  readonly sha256: string;
  /** Of the ZIP file, or of the folder's files together. */
  readonly sizeBytes: number;
  /** Whether the emulator unpacked the folder itself and may delete it. */
  readonly isOwned: boolean;
}

/** `$LATEST` or a published version: settings, code and what environments are started from. */
export interface VersionRecord {
  /** `$LATEST` or a number. */
  readonly version: string;
  readonly settings: FunctionSettings;
  readonly code: FunctionCode;
  readonly revisionId: string;
  readonly lastModifiedEpochMs: number;
  /** The key of the version's environments in the pool: a change of settings or code makes another. */
  readonly running: FunctionVersion;
}

/** A second version of an alias, and its share of the requests. */
export interface AliasRouting {
  readonly version: string;
  /** 0 to 1. */
  readonly weight: number;
}

/** A name for a version, which can be moved. */
export interface AliasRecord {
  readonly name: string;
  readonly functionVersion: string;
  readonly description: string;
  readonly revisionId: string;
  /** Absent where every request goes to `functionVersion`. */
  readonly routing?: AliasRouting | undefined;
}

/** When a version gets a new runtime; nothing here follows it. */
export interface RuntimeManagement {
  readonly updateRuntimeOn: "Auto" | "Manual" | "FunctionUpdate";
  /** With `Manual`. */
  readonly runtimeVersionArn?: string | undefined;
}

/** One function with its versions and aliases. */
export interface FunctionRecord {
  readonly name: string;
  /** Unqualified. */
  readonly arn: string;
  phase: FunctionPhase;
  latest: VersionRecord;
  /** What the newest published version was published from; publishing that again gives no new version. */
  publishedFrom: VersionRecord | undefined;
  /** By number, oldest first. */
  readonly versions: Map<string, VersionRecord>;
  readonly aliases: Map<string, AliasRecord>;
  /** Resource policies by version or alias; that of the function itself under `$LATEST`. */
  readonly policies: Map<string, readonly PolicyStatement[]>;
  tags: ReadonlyMap<string, string>;
  /** What Lambda does about a function that calls itself on and on; nothing here follows it. */
  recursiveLoop?: "Allow" | "Terminate";
  /** By version. */
  readonly runtimeManagement: Map<string, RuntimeManagement>;
  /** The number that the next published version gets; numbers are never used again. */
  nextVersion: number;
}
