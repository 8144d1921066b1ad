import { EventEmitter } from "node:events";
import type { FSWatcher, watch } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FOLDERS_MAX, watchFiles } from "./watch.ts";
import type { FileWatch } from "./watch.ts";

const WAIT = { timeout: 10_000, interval: 20 };

let root: string;
let changes: string[][];
let lines: string[];
let fileWatch: FileWatch;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pilotlight-watch-"));
  changes = [];
  lines = [];
});

afterEach(async () => {
  fileWatch.close();
  await rm(root, { recursive: true, force: true });
});

function start(paths: readonly string[], watchFolder?: typeof watch): void {
  fileWatch = watchFiles({
    onChange: (changed) => changes.push([...changed]),
    onLimit: (line) => lines.push(line),
    ...(watchFolder === undefined ? {} : { watchFolder }),
  });
  fileWatch.set(paths);
}

async function write(...names: readonly string[]): Promise<string> {
  const path = join(root, ...names);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, `${Math.random()}`);
  return path;
}

/** Waits until a change of the file is told, and forgets all changes. */
async function seen(path: string): Promise<boolean> {
  await vi.waitFor(() => expect(changes.flat()).toContain(path), WAIT);
  changes.length = 0;
  return true;
}

describe("watchFiles", () => {
  test("tells of a changed file of the set, and of no other", async () => {
    const path = await write("a/one");
    start([path]);
    await write("a/other");
    await write("a/one");
    expect(await seen(path)).toBe(true);
    expect(changes.flat()).toEqual([]);
    expect(lines).toEqual([]);
  });

  test("sees changes in a folder that was moved away and replaced by a copy", async () => {
    const path = await write("a/one");
    start([path]);
    await rename(join(root, "a"), join(root, "b"));
    await cp(join(root, "b"), join(root, "a"), { recursive: true });
    expect(await seen(path)).toBe(true);
    await write("a/one");
    expect(await seen(path)).toBe(true);
  });

  test("sees changes in a folder that was removed and comes back", async () => {
    const path = await write("a/one");
    start([path]);
    await rm(join(root, "a"), { recursive: true });
    await vi.waitFor(() => expect(changes.length).toBeGreaterThan(0), WAIT);
    changes.length = 0;
    await write("a/one");
    expect(await seen(path)).toBe(true);
    await write("a/one");
    expect(await seen(path)).toBe(true);
  });

  test("sees changes in a folder whose parent was replaced", async () => {
    const path = await write("project/a/one");
    start([path]);
    await rename(join(root, "project"), join(root, "before"));
    await cp(join(root, "before"), join(root, "project"), { recursive: true });
    expect(await seen(path)).toBe(true);
    await write("project/a/one");
    expect(await seen(path)).toBe(true);
  });

  test("waits for a folder that is not there yet", async () => {
    start([join(root, "later/one")]);
    expect(await seen(await write("later/one"))).toBe(true);
  });

  test(`watches ${FOLDERS_MAX} folders, and says once that there are more`, async () => {
    const names = Array.from({ length: FOLDERS_MAX + 1 }, (_, index) => join(`${index}`, "file"));
    const paths = await Promise.all(names.map((name) => write(name)));
    start(paths);
    fileWatch.set(paths);
    expect(lines).toEqual([
      expect.stringContaining(`only ${FOLDERS_MAX} folders of ${FOLDERS_MAX + 1}`),
    ]);
    await write(names.at(-1) ?? "");
    await write(names[0] ?? "");
    await vi.waitFor(() => expect(changes).toEqual([[paths[0]]]), WAIT);
  });

  test.each(["ENOSPC", "EMFILE"])("goes on with one plain line when watch gives %s", (code) => {
    start([join(root, "one")], () => {
      throw Object.assign(new Error("no more watches"), { code });
    });
    fileWatch.set([join(root, "one"), join(tmpdir(), "two")]);
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^not every folder.*${code}`))]);
  });

  test("watches anew after a watch has failed", async () => {
    const watchers: FSWatcher[] = [];
    const failing = (() => {
      const watcher = Object.assign(new EventEmitter(), { close: () => undefined });
      watchers.push(watcher as unknown as FSWatcher);
      return watcher;
    }) as unknown as typeof watch;
    const path = await write("one");
    start([path], failing);
    watchers[0]?.emit("error", new Error("EPERM"));
    expect(await seen(path)).toBe(true);
    expect(watchers).toHaveLength(2);
  });
});
