import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startCommand, untilReady } from "./support/command.ts";
import type { RunningCommand } from "./support/command.ts";
import { makeDefinitionFolder } from "./support/definition-folder.ts";
import { eventually } from "./support/eventually.ts";
import { send } from "./support/http.ts";
import { descendantsOf, hasProc, processesThatMention, stillRunning } from "./support/processes.ts";
import { REPOSITORY, SAMPLE_MODELS } from "./support/repository.ts";
import type { ModelEntry } from "./support/repository.ts";
import { jsonSample } from "./support/sample-requests.ts";

const CYCLES = Number(process.env["PILOTLIGHT_CYCLES"] ?? 3);
const CYCLE_TIMEOUT_MS = 30_000;
const DEFINITION = join(REPOSITORY, "inference.config.ts");

/** From the signal to the end of the last process: design, "stop". */
const STOP_MS_MAX = 2_000;

describe.skipIf(!hasProc)("stopping (needs /proc)", () => {
  /** Bundles, and so the environments of all functions, mention this folder. */
  let scratch: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "stop-"));
  });

  afterAll(async () => {
    for (const { pid } of processesThatMention(scratch)) process.kill(pid, "SIGKILL");
    await rm(scratch, { recursive: true, force: true });
  });

  /** npm leaves a compile cache of its own beside them. */
  async function bundleFolders(): Promise<readonly string[]> {
    return (await readdir(scratch)).filter((name) => name.startsWith("pilotlight-"));
  }

  function startDev(): RunningCommand {
    return startCommand(["dev", DEFINITION], { variables: { TMPDIR: scratch } });
  }

  function startNpm(): RunningCommand {
    return startCommand(["start", "--silent"], {
      program: "npm",
      variables: { TMPDIR: scratch },
    });
  }

  /** Starts, has both models answer, sends a signal, and tells what is left when the stop has to be over. */
  async function cycle(
    start: () => RunningCommand,
    signal: NodeJS.Signals,
  ): Promise<{ began: number; left: readonly string[]; tookMs: number; files: readonly string[] }> {
    const command = start();
    const { api } = await untilReady(command);
    for (const model of ["digits", "biopsy"] as const) {
      const { statusCode } = await send(`${api}/v2/models/${model}/infer`, jsonSample(model));
      expect(statusCode).toBe(200);
    }
    const children = descendantsOf(command.pid);
    const startMs = performance.now();
    command.kill(signal);
    await command.ended;
    const left = () => [...stillRunning(children), ...processesThatMention(scratch)];
    await eventually("the end of every process", () => left().length === 0, {
      limitMs: STOP_MS_MAX,
    }).catch(() => undefined);
    const tookMs = performance.now() - startMs;
    const files = await bundleFolders();
    return { began: children.length, left: left().map(({ name }) => name), tookMs, files };
  }

  test.each([
    { start: startDev, program: "pilotlight dev", signal: "SIGTERM" },
    { start: startDev, program: "pilotlight dev", signal: "SIGINT" },
    { start: startNpm, program: "npm start", signal: "SIGTERM" },
    { start: startNpm, program: "npm start", signal: "SIGINT" },
  ] as const)(
    "$signal to the process of $program ends all processes within 2 s and leaves no file",
    async ({ start, signal }) => {
      const { began, left, tookMs, files } = await cycle(start, signal);
      // The route function and two models, each in a process of its own.
      expect(began).toBeGreaterThanOrEqual(3);
      expect(left).toEqual([]);
      expect(files).toEqual([]);
      expect(tookMs).toBeLessThan(STOP_MS_MAX);
    },
    CYCLE_TIMEOUT_MS,
  );

  /** Moments after which the start-up of many models still has work to do. */
  test.each([
    {
      moment: "before the models are built",
      isReached: (lines: readonly string[]) => lines.length > 0,
    },
    {
      moment: "while functions are built",
      isReached: async () => {
        const [work] = await bundleFolders();
        if (work === undefined) return false;
        return (await readdir(join(scratch, work))).some((name) => name.startsWith("infer-"));
      },
    },
  ])(
    "a signal during start-up, $moment, ends it in order and no ready line follows",
    async ({ isReached }) => {
      const names = Array.from({ length: 40 }, (_, index) => `model-${index}`);
      const entry = SAMPLE_MODELS["digits"] as ModelEntry;
      const folder = await makeDefinitionFolder(
        Object.fromEntries(names.map((name) => [name, entry])),
      );
      const command = startCommand(["dev", folder.path], { variables: { TMPDIR: scratch } });
      await eventually("the moment", () => isReached(command.lines));
      const children = descendantsOf(command.pid);
      expect(command.lines.join("\n")).not.toContain('"event":"ready"');
      command.kill("SIGTERM");
      const { status, stdout, stderr } = await command.ended;
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).not.toContain('"event":"ready"');
      expect([...stillRunning(children), ...processesThatMention(scratch)]).toEqual([]);
      expect(await bundleFolders()).toEqual([]);
      await folder.remove();
    },
    CYCLE_TIMEOUT_MS,
  );

  test(
    "a signal during a reload waits for it, and leaves no file",
    async () => {
      const folder = await makeDefinitionFolder(SAMPLE_MODELS);
      const command = startCommand(["dev", folder.path], { variables: { TMPDIR: scratch } });
      await untilReady(command);
      await folder.define({ ...SAMPLE_MODELS, again: SAMPLE_MODELS["biopsy"] as ModelEntry });
      await eventually("the reload", () =>
        command.lines.some((line) => line.startsWith("changed: ")),
      );
      command.kill("SIGTERM");
      const { status, stderr } = await command.ended;
      expect([status, stderr]).toEqual([0, ""]);
      expect(processesThatMention(scratch)).toEqual([]);
      expect(await bundleFolders()).toEqual([]);
      await folder.remove();
    },
    CYCLE_TIMEOUT_MS,
  );

  test(
    "a second signal changes nothing",
    async () => {
      const command = startDev();
      await untilReady(command);
      command.kill("SIGINT");
      command.kill("SIGINT");
      const { status } = await command.ended;
      expect(status).toBe(0);
      expect(processesThatMention(scratch)).toEqual([]);
    },
    CYCLE_TIMEOUT_MS,
  );

  test(
    `${CYCLES} starts and stops leave no process and no file`,
    async () => {
      for (let count = 1; count <= CYCLES; count += 1) {
        const { left, files } = await cycle(startDev, count % 2 === 0 ? "SIGINT" : "SIGTERM");
        expect({ count, left, files }).toEqual({ count, left: [], files: [] });
      }
    },
    CYCLES * CYCLE_TIMEOUT_MS,
  );
});
