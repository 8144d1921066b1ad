import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitStatusOf } from "./run-child.ts";

const node = (code: string) => spawn(process.execPath, ["-e", code], { stdio: "pipe" });

describe("exitStatusOf", () => {
  test.each([0, 1, 7])("gives the exit status %i", async (status) => {
    expect(await exitStatusOf(node(`process.exit(${status})`))).toBe(status);
  });

  test("gives 128 plus the signal that ended the child", async () => {
    expect(await exitStatusOf(node(`process.kill(process.pid, "SIGKILL")`))).toBe(137);
  });

  test("passes a signal on to the child, and takes its listener away afterwards", async () => {
    const listenersBefore = process.listenerCount("SIGTERM");
    const child = node(`
      process.once("SIGTERM", () => process.exit(9));
      setInterval(() => {}, 1000);
      console.log("up");
    `);
    const status = exitStatusOf(child);
    await once(child.stdout, "data");
    process.emit("SIGTERM", "SIGTERM");
    expect(await status).toBe(9);
    expect(process.listenerCount("SIGTERM")).toBe(listenersBefore);
  });

  test("rejects where there is no such command", async () => {
    const child = spawn(join(import.meta.dirname, "no-such-command"), []);
    await expect(exitStatusOf(child)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
