import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { takeStateDirectory } from "./state-directory.ts";

const place = { root: "" };
const wanted = () => join(place.root, ".pilotlight", "shop");

beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "pilotlight-state-test-"));
});

afterEach(() => {
  rmSync(place.root, { recursive: true });
});

describe("takeStateDirectory", () => {
  test("gives the wanted folder, again and again", async () => {
    for (const _ of [1, 2]) {
      const state = await takeStateDirectory(wanted());
      expect([state.path, state.note]).toEqual([wanted(), undefined]);
      await state.release();
    }
  });

  test("gives a second one a folder of its own, which is removed at the end", async () => {
    const first = await takeStateDirectory(wanted());
    const second = await takeStateDirectory(wanted());
    expect(second.path).not.toBe(wanted());
    expect(second.note).toMatch(new RegExp(`^process ${process.pid} uses .*forgotten at the end$`));
    await second.release();
    expect([existsSync(second.path), existsSync(first.path)]).toEqual([false, true]);
    await first.release();
  });

  test("takes the folder of a process that was killed", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(child, "spawn");
    const first = await takeStateDirectory(wanted());
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    writeFileSync(join(first.path, "lock"), JSON.stringify({ pid: child.pid, start: "1" }));
    const second = await takeStateDirectory(wanted());
    expect(second.path).toBe(wanted());
    await second.release();
  });

  test("takes the folder of a process whose number another one has now", async () => {
    const first = await takeStateDirectory(wanted());
    writeFileSync(join(first.path, "lock"), JSON.stringify({ pid: process.pid, start: "1" }));
    const second = await takeStateDirectory(wanted());
    expect(second.path).toBe(wanted());
    await second.release();
  });

  test("takes a folder whose lock was never written to its end", async () => {
    const first = await takeStateDirectory(wanted());
    writeFileSync(join(first.path, "lock"), '{"pid":');
    const second = await takeStateDirectory(wanted());
    expect(second.path).toBe(wanted());
    await second.release();
  });

  test("leaves nothing beside the lock, and nothing at all when it is given up", async () => {
    const first = await takeStateDirectory(wanted());
    writeFileSync(join(first.path, "lock"), JSON.stringify({ pid: process.pid, start: "1" }));
    const second = await takeStateDirectory(wanted());
    expect(readdirSync(wanted())).toEqual(["lock"]);
    await second.release();
    expect(readdirSync(wanted())).toEqual([]);
  });

  test("gives a temporary folder where the wanted one cannot be made", async () => {
    writeFileSync(join(place.root, "file"), "");
    const state = await takeStateDirectory(join(place.root, "file", "shop"));
    expect(state.note).toContain("cannot be used");
    expect(existsSync(state.path)).toBe(true);
    await state.release();
  });
});
