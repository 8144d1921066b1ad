import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder that queues, objects and events are kept in from one start to the next. */
export interface StateDirectory {
  readonly path: string;
  /** Why it is not the wanted one, in a sentence. */
  readonly note: string | undefined;
  /** Lets the next start have it. */
  release(): Promise<void>;
}

const LOCK_FILE = "lock";

/**
 * Takes the folder for this process, making it where it does not exist.
 *
 * Two processes must not write to the same queues: where another one that lives has the folder, or where it cannot be
 * written to, the answer is a temporary folder, which is removed at the end.
 */
export async function takeStateDirectory(wanted: string): Promise<StateDirectory> {
  const refusal = lock(wanted);
  if (refusal === undefined) {
    return {
      path: wanted,
      note: undefined,
      release: () => rm(join(wanted, LOCK_FILE), { force: true }),
    };
  }
  const path = await mkdtemp(join(tmpdir(), "pilotlight-state-"));
  return {
    path,
    note: `${refusal}; what is put into queues and buckets now is forgotten at the end`,
    release: () => rm(path, { recursive: true, force: true }),
  };
}

/** @returns Why the folder cannot be had. */
function lock(directory: string): string | undefined {
  const file = join(directory, LOCK_FILE);
  try {
    mkdirSync(directory, { recursive: true });
    const holder = holderOf(file);
    if (holder !== undefined && isSameProcess(holder)) {
      return `process ${holder.pid} uses ${directory}`;
    }
    // What a process that was killed has left.
    if (holder !== undefined) unlinkSync(file);
    writeFileSync(file, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }), {
      flag: "wx",
      mode: 0o600,
    });
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `${directory} cannot be used: ${reason}`;
  }
}

interface Holder {
  readonly pid: number;
  /** When the process started, as its system writes it; numbers of processes are used again. */
  readonly start: string;
}

function holderOf(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Partial<Holder>;
    return { pid: Number(holder.pid), start: String(holder.start) };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    // A process was killed while it wrote the file.
    rmSync(file);
    return undefined;
  }
}

function isSameProcess({ pid, start }: Holder): boolean {
  if (pid === process.pid) return startOf(pid) === start;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return startOf(pid) === start;
}

/** Field 22 of /proc/PID/stat, proc(5); empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
    return afterName.split(" ")[19] ?? "";
  } catch {
    // Other systems, or a process that has just ended: its number alone must do.
    return "";
  }
}
