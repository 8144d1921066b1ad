import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

import type { CommandLine } from "./process-group.ts";

const execute = promisify(execFile);

/** Ways to a mount namespace of one's own: with the rights for it, else by a user namespace. */
const WAYS: readonly (readonly string[])[] = [
  ["--mount", "--propagation", "private"],
  ["--user", "--map-root-user", "--mount", "--propagation", "private"],
];

/** Mounts pairs of folders, source and target, up to the word `--`, and becomes the command after it. */
const SCRIPT = `
while [ "$1" != "--" ]; do mount --bind "$1" "$2" || exit 125; shift 2; done
shift
exec "$@"`;

/** Whether the host lets a process have mounts of its own, or why not. */
export type MountSupport =
  | { readonly kind: "supported"; readonly options: readonly string[] }
  | { readonly kind: "unsupported"; readonly reason: string };

let support: Promise<MountSupport> | undefined;

/** Tries once whether the host allows it. */
export function mountSupport(): Promise<MountSupport> {
  support ??= probed();
  return support;
}

async function probed(): Promise<MountSupport> {
  let reason = "";
  for (const options of WAYS) {
    try {
      await execute("unshare", [...options, "/bin/sh", "-c", "mount --bind /opt /opt"]);
      return { kind: "supported", options };
    } catch (error) {
      reason = error instanceof Error ? error.message.trim() : String(error);
    }
  }
  return { kind: "unsupported", reason };
}

/** One folder that is to be seen in the place of another. */
export interface Mount {
  readonly source: string;
  readonly target: string;
}

/** The command in a mount namespace of its own; it keeps its process and its descriptors. */
export function inMountNamespace(
  { command, args }: CommandLine,
  { options, mounts }: { options: readonly string[]; mounts: readonly Mount[] },
): CommandLine {
  const pairs = mounts.flatMap(({ source, target }) => [source, target]);
  return {
    command: "unshare",
    args: [...options, "/bin/sh", "-c", SCRIPT, "sh", ...pairs, "--", command, ...args],
  };
}

/** Whether `file` lies in `folder`: a mount at `folder` would hide it. */
export function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}
