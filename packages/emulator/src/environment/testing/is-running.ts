import { existsSync, readFileSync } from "node:fs";

/**
 * Whether a process runs. One that has ended but has not been collected by its parent does not: an
 * orphan's new parent may take its time.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (!existsSync("/proc/self/stat")) return true;
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ESRCH" || code === "ENOENT") return false;
    throw error;
  }
}
