import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

/**
 * Keeps the list of process groups that it reads from its input, one change a line, and ends them
 * all when its input ends.
 */
const SCRIPT = `
groups=' '
while read -r verb group; do
  case "$verb" in
    add) groups="$groups$group " ;;
    remove) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`;

/**
 * Ends process groups when this process ends in a way that leaves it no time to do so itself.
 *
 * A runtime watches the emulator by itself (runtime-client.cjs), but not while its function blocks the
 * event loop: such a function would run on for ever. So one shell, in a session of its own, reads the
 * list from a pipe that closes with the emulator. It is there only while there are groups.
 */
export class OrphanGuard {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  /** Takes a group under guard. */
  add(group: number): void {
    this.#groups.add(group);
    if (this.#shell === undefined) this.#start();
    else this.#shell.stdin?.write(`add ${group}\n`);
  }

  /** Forgets a group that has ended; settles when no shell is left that is not needed. */
  async remove(group: number): Promise<void> {
    if (!this.#groups.delete(group)) return;
    const shell = this.#shell;
    if (shell === undefined) return;
    shell.stdin?.write(`remove ${group}\n`);
    if (this.#groups.size > 0) return;
    this.#shell = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    shell.once("exit", () => resolve());
    shell.ref();
    shell.stdin?.end();
    if (shell.exitCode === null && shell.signalCode === null) await promise;
  }

  #start(): void {
    const shell = spawn("/bin/sh", ["-c", SCRIPT], {
      detached: true,
      cwd: "/",
      env: {},
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#shell = shell;
    // Without a shell the runtimes still watch the emulator themselves; the next group tries again.
    const lost = () => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.on("error", lost);
    shell.on("exit", lost);
    shell.stdin.on("error", lost);
    shell.unref();
    (shell.stdin as Socket).unref();
    for (const group of this.#groups) shell.stdin.write(`add ${group}\n`);
  }
}
