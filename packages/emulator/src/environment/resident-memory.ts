import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Reads how much memory process groups keep resident. */
export interface ResidentMemory {
  /** How often it may be asked, milliseconds. */
  readonly periodMs: number;
  /**
   * @param groups - Each by the processes that lead its process groups.
   * @returns Bytes for each, in the same order; what has ended has none.
   */
  read(groups: readonly (readonly number[])[]): readonly number[] | Promise<readonly number[]>;
}

/** Resident memory as this system tells it: Linux by files, any other by one `ps` for all. */
export function residentMemory(): ResidentMemory {
  return existsSync("/proc/self/statm") ? new ProcMemory() : PS_MEMORY;
}

/** Processes that a function starts are looked for in every fifth reading only: it takes ten times as long. */
const READINGS_PER_SEARCH = 5;

class ProcMemory implements ResidentMemory {
  readonly periodMs = 20;
  readonly #pageBytes = pageBytes();
  readonly #descendants = new Map<number, readonly number[]>();
  #readingCount = 0;

  read(groups: readonly (readonly number[])[]): readonly number[] {
    if (this.#readingCount % READINGS_PER_SEARCH === 0) this.#descendants.clear();
    this.#readingCount += 1;
    return groups.map((leaders) => this.#together(leaders) * this.#pageBytes);
  }

  /** Pages of files, such as Node's own, are there once for all processes that have them. */
  #together(leaders: readonly number[]): number {
    const pages = leaders.flatMap((leader) => [leader, ...this.#startedBy(leader)]).map(pagesOf);
    const own = pages.reduce((sum, { resident, shared }) => sum + resident - shared, 0);
    return own + Math.max(0, ...pages.map(({ shared }) => shared));
  }

  #startedBy(leader: number): readonly number[] {
    const descendants = this.#descendants.get(leader) ?? descendantsOf(leader);
    this.#descendants.set(leader, descendants);
    return descendants;
  }
}

const PS_MEMORY: ResidentMemory = {
  periodMs: 100,
  read: (groups) =>
    new Promise((resolve) => {
      execFile("ps", ["-axo", "pgid=,rss="], (_error, output) => {
        const kilobytes = new Map<number, number>();
        for (const line of output.split("\n")) {
          const [group = 0, resident = 0] = line.trim().split(/\s+/).map(Number);
          kilobytes.set(group, (kilobytes.get(group) ?? 0) + resident);
        }
        const bytesOf = (group: number) => (kilobytes.get(group) ?? 0) * 1024;
        resolve(groups.map((pids) => pids.reduce((sum, pid) => sum + bytesOf(pid), 0)));
      });
    }),
};

/** The system counts in pages; their size is the one of this process's own figures. */
function pageBytes(): number {
  const pages = pagesOf(process.pid).resident;
  return pages === 0 ? 4096 : 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages));
}

/** @see proc_pid_statm(5): the second figure is all that is resident, the third what of it belongs to files. */
function pagesOf(pid: number): { readonly resident: number; readonly shared: number } {
  const [, resident = 0, shared = 0] = textOf(`/proc/${pid}/statm`).split(" ", 3).map(Number);
  return { resident, shared };
}

/** Every thread of a process lists the children that it has started. */
function descendantsOf(pid: number): readonly number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    // The process has just ended.
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    // The process has just ended, or the system does not list children.
    return "";
  }
}
