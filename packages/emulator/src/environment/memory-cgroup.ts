import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = "/sys/fs/cgroup";

/** The names of the same files in both versions of control groups. */
const FILES = {
  v1: { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes" },
  v2: { limit: "memory.max", peak: "memory.peak" },
} as const;

/**
 * A control group of Linux that limits the memory of an environment exactly; the system kills what is over
 * the limit. It is made below the group of this process, which takes root or a delegated group.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
 */
export class MemoryCgroup {
  readonly #directory: string;
  readonly #files: (typeof FILES)["v1" | "v2"];

  private constructor(directory: string, files: (typeof FILES)["v1" | "v2"]) {
    this.#directory = directory;
    this.#files = files;
  }

  /** @throws Error that says why the host does not allow it. */
  static make(name: string, limitBytes: number): MemoryCgroup {
    const { parent, files } = ownGroup();
    const directory = path.join(parent, `pilotlight-${name}`);
    mkdirSync(directory);
    const group = new MemoryCgroup(directory, files);
    try {
      writeFileSync(path.join(directory, files.limit), String(limitBytes));
    } catch (error) {
      group.remove();
      throw error;
    }
    return group;
  }

  /** Takes a process in; what it starts from then on is in it as well. */
  add(pid: number): void {
    writeFileSync(path.join(this.#directory, "cgroup.procs"), String(pid));
  }

  /** The most that was in use, bytes; 0 where the system does not tell. */
  get peakBytes(): number {
    const file = path.join(this.#directory, this.#files.peak);
    return existsSync(file) ? Number(readFileSync(file, "latin1")) : 0;
  }

  /** Its processes must have ended. */
  remove(): void {
    rmdirSync(this.#directory);
  }
}

function ownGroup(): { parent: string; files: (typeof FILES)["v1" | "v2"] } {
  const lines = readFileSync("/proc/self/cgroup", "latin1").split("\n");
  const v1 = lines.map((line) => /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/.exec(line)?.[1]);
  const own = v1.find((group) => group !== undefined);
  if (own !== undefined) return { parent: path.join(ROOT, "memory", own), files: FILES.v1 };
  const v2 = lines.find((line) => line.startsWith("0::"))?.slice(3) ?? "/";
  return { parent: path.join(ROOT, v2), files: FILES.v2 };
}
