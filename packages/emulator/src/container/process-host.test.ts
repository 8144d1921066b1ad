import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { realClock } from "../clock.ts";
import { isRunning } from "../environment/testing/is-running.ts";
import { ContainerService } from "./container-service.ts";
import type { ContainerEvent } from "./contract.ts";
import { processHost } from "./process-host.ts";

/** A server that says its variables, and ends as it is told to. */
const SERVER = `
  const { createServer } = require("node:http");
  process.on("SIGTERM", () => {
    console.log("told to end");
    if (process.env.STUBBORN === undefined) process.exit(0);
  });
  createServer((request, response) => {
    if (request.url === "/exit") process.exit(3);
    response.end(process.env.GREETING);
  }).listen(Number(process.env.PORT), "127.0.0.1");
`;

function definition(variables: Record<string, string> = {}) {
  return {
    name: "server",
    command: [process.execPath, "--eval", SERVER] as const,
    workingDirectory: tmpdir(),
    variables: { GREETING: "hello", ...variables },
    bootMs: 0,
    healthCheck: { path: "/", intervalMs: 50 },
  };
}

function serviceOf(variables?: Record<string, string>) {
  const events: ContainerEvent[] = [];
  const service = new ContainerService({
    definition: definition(variables),
    host: processHost(realClock),
    clock: realClock,
    timers: realClock,
    onEvent: (event) => events.push(event),
  });
  const lines = () => events.flatMap((event) => (event.kind === "output" ? [event.line] : []));
  const addresses = (count: number) =>
    expect.poll(() => service.addresses, { timeout: 5_000 }).toHaveLength(count);
  return { service, lines, addresses };
}

describe("processHost", () => {
  test("runs a container, replaces it when it ends, and drains it", async () => {
    const { service, lines, addresses } = serviceOf();
    service.setDesiredCount(1);
    await addresses(1);
    const [first = ""] = service.addresses;
    expect(await (await fetch(first)).text()).toBe("hello");
    await fetch(`${first}/exit`).catch(() => undefined);
    await addresses(0);
    expect(service.list()).toMatchObject([{ phase: "stopped", cause: "exited with status 3" }]);
    await addresses(1);
    const pid = service.list().at(-1)?.pid ?? 0;
    service.setDesiredCount(0);
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
    // What a process wrote may be read after its end.
    await expect.poll(lines).toContain("told to end");
    await service.stop();
  });

  test("ends a container within 1.8 s that does not want to", async () => {
    const { service, addresses } = serviceOf({ STUBBORN: "yes" });
    service.setDesiredCount(1);
    await addresses(1);
    const pid = service.list()[0]?.pid ?? 0;
    const startMs = performance.now();
    await service.stop();
    expect(performance.now() - startMs).toBeLessThan(1_800);
    expect(isRunning(pid)).toBe(false);
  });

  test("says why a program cannot be started", async () => {
    const service = new ContainerService({
      definition: { ...definition(), command: ["/no/such/program"] },
      host: processHost(realClock),
      clock: realClock,
      timers: realClock,
    });
    service.setDesiredCount(1);
    await expect.poll(() => service.list()[0]?.cause).toMatch(/could not be started: .*ENOENT/);
    await service.stop();
  });

  test("leaves no container behind when the emulator is killed", async () => {
    const source = `
      const { ContainerService } = await import(${JSON.stringify(path.join(import.meta.dirname, "container-service.ts"))});
      const { processHost } = await import(${JSON.stringify(path.join(import.meta.dirname, "process-host.ts"))});
      const { realClock } = await import(${JSON.stringify(path.join(import.meta.dirname, "../clock.ts"))});
      const service = new ContainerService({
        definition: ${JSON.stringify(definition({ STUBBORN: "yes" }))},
        host: processHost(realClock),
        clock: realClock,
        timers: realClock,
        onEvent: ({ task }) => task?.phase === "healthy" && console.log(task.pid),
      });
      service.setDesiredCount(1);`;
    const emulator = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [output] = (await once(emulator.stdout, "data")) as [Buffer];
    const pid = Number(output.toString());
    expect(isRunning(pid)).toBe(true);
    emulator.kill("SIGKILL");
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
  });
});
