import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { OrphanGuard } from "./orphan-guard.ts";
import { isRunning } from "./testing/is-running.ts";

function sleeper(): { pid: number; end: () => Promise<unknown> } {
  const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
  const exit = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    end: () => {
      child.kill("SIGKILL");
      return exit;
    },
  };
}

describe("OrphanGuard", () => {
  test("ends the groups that it has when its process is killed, and no others", async () => {
    const sleepers = [sleeper(), sleeper(), sleeper()];
    const [first, forgotten, last] = sleepers.map(({ pid }) => pid);
    const source = `
      const { OrphanGuard } = await import(${JSON.stringify(path.join(import.meta.dirname, "orphan-guard.ts"))});
      const guard = new OrphanGuard();
      for (const group of [${first}, ${forgotten}, ${last}]) guard.add(group);
      await guard.remove(${forgotten});
      console.log("ready");
      setInterval(() => undefined, 1000);`;
    const emulator = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(emulator.stdout, "data");
    emulator.kill("SIGKILL");
    await expect
      .poll(() => [first, last].some((pid) => isRunning(pid ?? 0)), { timeout: 5000 })
      .toBe(false);
    expect(isRunning(forgotten ?? 0)).toBe(true);
    await Promise.all(sleepers.map(({ end }) => end()));
  });

  test("leaves alone what it has been told to forget when it has nothing left to guard", async () => {
    const { pid, end } = sleeper();
    const guard = new OrphanGuard();
    guard.add(pid);
    await guard.remove(pid);
    expect(isRunning(pid)).toBe(true);
    await end();
  });
});
