import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

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

  test("lets one of several that try at once have a dead lock", async () => {
    const folders = Array.from({ length: ROUNDS }, (_, round) => join(place.root, String(round)));
    for (const folder of folders) {
      mkdirSync(folder);
      writeFileSync(join(folder, "lock"), JSON.stringify({ pid: process.pid, start: "1" }));
    }
    const arrivals = new SharedArrayBuffer(4);
    const racers = Array.from({ length: RACERS }, () => racer(folders, arrivals));
    expect((await Promise.all(racers)).flat().toSorted()).toEqual(folders.toSorted());
  }, 30_000);
});

const ROUNDS = 300;
const RACERS = 2;

/** Takes locks in a thread, each in the same instant as its like. @returns The folders that it has got. */
async function racer(folders: readonly string[], arrivals: SharedArrayBuffer): Promise<string[]> {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    const arrivals = new Int32Array(workerData.arrivals);
    import(workerData.module).then(({ takeLock }) => {
      const taken = workerData.folders.filter((folder, round) => {
        Atomics.add(arrivals, 0, 1);
        while (Atomics.load(arrivals, 0) < (round + 1) * ${RACERS});
        return takeLock(folder + "/lock") === undefined;
      });
      parentPort.postMessage(taken);
    });`;
  const module = join(import.meta.dirname, "lock-file.ts");
  const worker = new Worker(source, { eval: true, workerData: { arrivals, folders, module } });
  const [taken] = (await once(worker, "message")) as [string[]];
  await worker.terminate();
  return taken;
}
