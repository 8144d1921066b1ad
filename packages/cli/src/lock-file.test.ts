import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { takeLock } from "./lock-file.ts";

const place = { root: "" };
const file = () => join(place.root, "lock");

beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "pilotlight-lock-test-"));
});

afterEach(() => {
  rmSync(place.root, { recursive: true });
});

describe("takeLock", () => {
  test("names the holder to whoever comes later", () => {
    expect(takeLock(file())).toBeUndefined();
    expect(takeLock(file())).toMatchObject({ pid: process.pid });
  });

  test.skipIf(process.platform !== "linux")(
    "takes the lock of a process whose number a process of another user has now",
    () => {
      writeFileSync(file(), JSON.stringify({ pid: 1, start: "never" }));
      expect(takeLock(file())).toBeUndefined();
    },
  );

  test.each(["", '{"pid":', "null", "{}", '{"pid":-1,"start":""}', '{"pid":"x","start":""}'])(
    "takes a lock that says %j and so names nobody",
    (content) => {
      writeFileSync(file(), content);
      expect(takeLock(file())).toBeUndefined();
    },
  );

  test("is not kept from a dead lock by a process that was killed while it took it", () => {
    writeFileSync(file(), JSON.stringify({ pid: process.pid, start: "1" }));
    writeFileSync(`${file()}.claim`, JSON.stringify({ pid: process.pid, start: "2" }));
    expect(takeLock(file())).toBeUndefined();
    expect(readdirSync(place.root)).toEqual(["lock"]);
  });

  test("leaves a dead lock to the process that is taking it", () => {
    writeFileSync(file(), JSON.stringify({ pid: process.pid, start: "1" }));
    expect(takeLock(`${file()}.claim`)).toBeUndefined();
    expect(takeLock(file())).toMatchObject({ pid: process.pid });
  });

  test("lets one of several processes have a dead lock", async () => {
    const folders = Array.from({ length: ROUNDS }, (_, round) => join(place.root, String(round)));
    for (const folder of folders) {
      mkdirSync(folder);
      writeFileSync(join(folder, "lock"), JSON.stringify({ pid: process.pid, start: "1" }));
    }
    const taken = (await Promise.all(Array.from({ length: RACERS }, () => racer(folders)))).flat();
    expect(taken.toSorted()).toEqual(folders.toSorted());
  }, 30_000);
});

const ROUNDS = 25;
const RACERS = 3;

/** Takes locks beside its like, all of them as long as any of them runs. @returns The folders that it has got. */
async function racer(folders: readonly string[]): Promise<string[]> {
  const source = `
    const { takeLock } = await import(${JSON.stringify(join(import.meta.dirname, "lock-file.ts"))});
    const { readdirSync, writeFileSync } = await import("node:fs");
    const meet = (place, count) => {
      writeFileSync(place + "/at-" + process.pid, "");
      while (readdirSync(place).filter((name) => name.startsWith("at-")).length < count);
    };
    const taken = [];
    for (const folder of ${JSON.stringify(folders)}) {
      meet(folder, ${RACERS});
      if (takeLock(folder + "/lock") === undefined) taken.push(folder);
    }
    meet(${JSON.stringify(place.root)}, ${RACERS});
    console.log(JSON.stringify(taken));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
  });
  return JSON.parse(await text(child.stdout)) as string[];
}
