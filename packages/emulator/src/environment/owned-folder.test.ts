import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { makeOwnedFolder, sweepOwnedFolders } from "./owned-folder.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "pilotlight-owned-test-"));
  vi.stubEnv("TMPDIR", root);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** The name of a folder, as a process makes it that has had the number of this one. */
async function nameOfDead(): Promise<string> {
  const own = await makeOwnedFolder("work");
  rmSync(own, { recursive: true });
  return path.basename(own).replace(/\.\d*-(\w{6})$/, ".1-$1");
}

describe("sweepOwnedFolders", () => {
  test("removes the folders of a process that was killed, with what is in them", async () => {
    const source = `
      const { makeOwnedFolder } = await import(${JSON.stringify(path.join(import.meta.dirname, "owned-folder.ts"))});
      const { writeFileSync } = await import("node:fs");
      for (const purpose of ["environment", "opt", "work", "state"])
        writeFileSync(await makeOwnedFolder(purpose) + "/file", "");
      process.send("made");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    await once(child, "message");
    await sweepOwnedFolders();
    expect(readdirSync(root)).toHaveLength(4);
    child.kill("SIGKILL");
    await once(child, "exit");
    await sweepOwnedFolders();
    expect(readdirSync(root)).toEqual([]);
  }, 20_000);

  test("leaves what a living process has made", async () => {
    const folder = await makeOwnedFolder("environment");
    await sweepOwnedFolders();
    expect(existsSync(folder)).toBe(true);
  });

  test("leaves folders that only look alike, and links", async () => {
    const dead = await nameOfDead();
    const others = [
      "pilotlight-Ab12xY",
      "pilotlight-test-Ab12xY",
      `${dead}-more`,
      `my-${dead}`,
      dead.replace(/^pilotlight-work-\d*/, "pilotlight-work-1"),
    ];
    for (const name of others) mkdirSync(path.join(root, name));
    symlinkSync(path.join(root, "pilotlight-Ab12xY"), path.join(root, dead));
    await sweepOwnedFolders();
    expect(readdirSync(root).toSorted()).toEqual([...others, dead].toSorted());
  });

  test("has nothing to say where there is no folder for temporary files", async () => {
    vi.stubEnv("TMPDIR", path.join(root, "none"));
    await expect(sweepOwnedFolders()).resolves.toBeUndefined();
  });
});
