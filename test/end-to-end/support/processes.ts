import { readdirSync, readFileSync } from "node:fs";

/** One process, told apart from a later one with the same id by its start. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startedAt: string;
  readonly name: string;
}

interface ProcessEntry extends ProcessIdentity {
  readonly parentPid: number;
  readonly isRunning: boolean;
}

/** Whether this machine shows its processes as files. */
export const hasProc = process.platform === "linux";

/** Children of a process, their children and so on. */
export function descendantsOf(pid: number): readonly ProcessIdentity[] {
  const entries = readProcesses();
  const found: ProcessIdentity[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = entries.filter(({ parentPid }) => parents.has(parentPid));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Those of the processes that still run. */
export function stillRunning(processes: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  return processes.filter(({ pid, startedAt }) => {
    const entry = readProcess(pid);
    return entry !== undefined && entry.startedAt === startedAt && entry.isRunning;
  });
}

/** Running processes, of whatever parent, that have a text in their command line or their environment. */
export function processesThatMention(text: string): readonly ProcessIdentity[] {
  return readProcesses().filter(({ pid, isRunning }) => {
    if (!isRunning || pid === process.pid) return false;
    return ["cmdline", "environ"].some((file) => readProcFile(pid, file)?.includes(text));
  });
}

function readProcesses(): readonly ProcessEntry[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined);
}

/** @see proc_pid_stat(5): pid (comm) state ppid … starttime is field 22. */
function readProcess(pid: number): ProcessEntry | undefined {
  const stat = readProcFile(pid, "stat");
  if (stat === undefined) return undefined;
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  const [state = "", parent = "0"] = fields;
  return {
    pid,
    name: stat.slice(stat.indexOf("(") + 1, nameEnd),
    parentPid: Number(parent),
    startedAt: fields[19] ?? "",
    // A zombie has ended; only its parent has not asked yet.
    isRunning: state !== "Z" && state !== "X",
  };
}

/** @returns Nothing when the process has ended meanwhile, or belongs to somebody else. */
function readProcFile(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
