import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { askProcess } from "./bounded-process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pilotlight-bounded-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const BOUNDS = { timeoutMs: 20_000, memoryBytes: 400_000_000 };

async function ask(name: string, body: string, bounds: Partial<typeof BOUNDS> = {}) {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, body);
  return await askProcess<unknown>(
    pathToFileURL(path),
    { numbers: Float32Array.of(1, 2) },
    { ...BOUNDS, ...bounds, folder },
  );
}

const STEP = `process.send({ kind: "step", step: "walking" });`;

describe.concurrent("askProcess", { timeout: 30_000 }, () => {
  test("gives what the process answers to the question, typed arrays as such", async () => {
    const body = `process.on("message", ({ numbers }) => {
      process.send({ kind: "answer", answer: numbers.constructor.name + numbers.length });
    });`;
    expect(await ask("answers", body)).toEqual({ kind: "answered", answer: "Float32Array2" });
  });

  test("says by which signal it went, at which step, and its last words", async () => {
    const body = `process.on("message", () => {
      ${STEP}
      process.stderr.write("free(): invalid pointer\\n", () => {
        setTimeout(() => process.kill(process.pid, "SIGSEGV"), 50);
      });
    });`;
    expect(await ask("crashes", body)).toEqual({
      kind: "lost",
      reason: "its process crashed (SIGSEGV) while walking: free(): invalid pointer",
    });
  });

  test("says with which code it ended where no answer came", async () => {
    const body = `process.on("message", () => { throw new RangeError("no such thing"); });`;
    const outcome = await ask("throws", body);
    expect(outcome).toEqual({
      kind: "lost",
      reason: expect.stringMatching(
        /^its process ended with code 1 while starting: .*RangeError: no such thing/s,
      ) as string,
    });
  });

  test("stops one that does not end, even one that never listens", async () => {
    const body = `process.on("message", () => { ${STEP} for (;;); });`;
    const outcome = await ask("loops", body, { timeoutMs: 1500 });
    expect(outcome).toEqual({ kind: "lost", reason: "walking took longer than 1.5 s" });
  });

  test("stops one that takes more memory than it may, outside V8's heap too", async () => {
    const body = `process.on("message", () => {
      ${STEP}
      const kept = [];
      setInterval(() => { if (kept.length < 40) kept.push(Buffer.alloc(20_000_000, 1)); }, 10);
    });`;
    expect(await ask("grows", body)).toEqual({
      kind: "lost",
      reason: "walking took more than 381 MB of memory",
    });
  });

  test("gives it telemetry switched off and a home of its own", async () => {
    const body = `process.on("message", () => {
      const { ORT_DISABLE_TELEMETRY, HOME, TMPDIR, NODE_OPTIONS } = process.env;
      process.send({ kind: "answer", answer: { ORT_DISABLE_TELEMETRY, HOME, TMPDIR, NODE_OPTIONS } });
    });`;
    expect(await ask("tells", body)).toEqual({
      kind: "answered",
      answer: { ORT_DISABLE_TELEMETRY: "1", HOME: folder, TMPDIR: folder, NODE_OPTIONS: undefined },
    });
    expect((await readdir(folder)).filter((name) => !name.endsWith(".mjs"))).toEqual([]);
  });
});
