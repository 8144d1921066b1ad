import { readFileSync } from "node:fs";

/** One process among all that ever had its number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as its system writes it; empty where the system does not tell. */
  readonly start: string;
}

/** The process that asks. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, start: statOf(process.pid)?.start ?? "" };
}

/**
 * Tells whether a process still runs, also that of another user.
 *
 * Numbers are used again, so the time of the start decides; where it is not known, the number alone does.
 */
export function isAlive({ pid, start }: ProcessIdentity): boolean {
  // kill(2) takes 0 and less for groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (!hasNumber(pid)) return false;
  const stat = statOf(pid);
  if (stat === undefined) return true;
  // One that has ended keeps its number until its parent asks for it: Z and X in proc(5).
  if (stat.state === "Z" || stat.state === "X") return false;
  return start === "" || stat.start === start;
}

function hasNumber(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Fields 3 and 22 of /proc/PID/stat, proc(5). */
function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
    const fields = afterName.split(" ");
    return { state: fields[0] ?? "", start: fields[19] ?? "" };
  } catch {
    // Other systems, a /proc that hides the processes of others, or one that has just ended.
    return undefined;
  }
}
