import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { loadDefinition, readDevSettings } from "@pilotlight/cli";

import { startDevServer } from "../scripts/dev-server.ts";
import type { DevServer } from "../scripts/dev-server.ts";

const ROOT = join(import.meta.dirname, "..");
const README = await readFile(join(ROOT, "README.md"), "utf8");
const run = promisify(execFile);

const isThere = (program: string) =>
  run(program, ["--version"]).then(
    () => true,
    () => false,
  );
const hasCurl = await isThere("curl");
const hasAws = await isThere("aws");

/** Blocks of one language, in the order of the page. */
function blocks(language: string): readonly string[] {
  const fence = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "gs");
  return [...README.matchAll(fence)].map((match) => match[1]?.trim() ?? "");
}

const COMMANDS = blocks("sh")
  .flatMap((block) => block.split("\n"))
  .map((line) => line.replace(/\s+#.*$/, ""));

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "any",
  AWS_SECRET_ACCESS_KEY: "any",
  AWS_DEFAULT_REGION: "us-east-1",
};

let server: DevServer;
beforeAll(async () => {
  server = await startDevServer(join(ROOT, "inference.config.ts"));
}, 60_000);
afterAll(() => server.stop());

async function shell(command: string): Promise<string> {
  const local = command
    .replace("http://127.0.0.1:4700", server.api)
    .replace("http://127.0.0.1:4701", server.aws);
  const env = { ...process.env, ...CREDENTIALS };
  return (await run("sh", ["-c", local], { cwd: ROOT, env })).stdout;
}

describe("README.md", () => {
  test("names the two commands that start and test a fresh clone", async () => {
    expect(COMMANDS).toContain("npm ci && npm start");
    expect(README).toContain("`npm ci && npm test`");
    const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["start", "test", "bench"]));
  });

  describe.skipIf(!hasCurl)("its curl commands (need curl)", () => {
    const curls = COMMANDS.filter((line) => line.startsWith("curl "));

    test("there are at least two", () => {
      expect(curls.length).toBeGreaterThanOrEqual(2);
    });

    test.each(curls)(
      "%s gets an answer without an error",
      async (command) => {
        const answer: unknown = JSON.parse(await shell(`${command} --silent --show-error`));
        expect(answer).not.toHaveProperty("error");
      },
      30_000,
    );

    test("the first gives the answer that stands below it", async () => {
      const [shown = "{}"] = blocks("json");
      const answer: unknown = JSON.parse(await shell(`${curls[0]} --silent`));
      expect(answer).toMatchObject(JSON.parse(shown) as object);
    }, 30_000);
  });

  test.skipIf(!hasAws)(
    "its aws command lists the functions of the sample definition (needs the aws command)",
    async () => {
      const [command = ""] = COMMANDS.filter((line) => line.startsWith("aws "));
      expect(await shell(command)).toContain('"FunctionName": "pilotlight-local-digits"');
    },
    30_000,
  );

  test("names benches that there are", async () => {
    const bench = await readFile(join(ROOT, "scripts/bench.ts"), "utf8");
    const names = COMMANDS.flatMap((line) => /^npm run bench -- (\w+)$/.exec(line)?.[1] ?? []);
    expect(names).toEqual(["serve", "emulator"]);
    for (const name of names) expect(bench).toMatch(new RegExp(`> = \\{.*\\b${name}\\b.*\\};`));
  });

  test.each(COMMANDS.filter((line) => /^npx pilotlight (check|infer)/.test(line)))(
    "%s ends well",
    async (command) => {
      const output = await shell(command.replace("npx ", "npx --no-install "));
      expect(output.length).toBeGreaterThan(0);
    },
    60_000,
  );

  test("shows a definition that is accepted, with the defaults of its table", async () => {
    const source = blocks("ts").find((block) => block.includes("defineInference(")) ?? "";
    const folder = await mkdtemp(join(tmpdir(), "pilotlight-readme-"));
    try {
      await writeFile(join(folder, "inference.config.ts"), source);
      const { definition } = await loadDefinition(join(folder, "inference.config.ts"), folder);
      expect(definition.name).toBe("pilotlight");
      expect(definition.models["fraud"]).toMatchObject({
        latencyBudgetMs: 1000,
        function: { memoryMb: 1769, timeoutSec: 30, architecture: "arm64", environment: {} },
        session: { optimization: "all", warmUp: true },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("names the ports and the speed that are the defaults", () => {
    const { apiPort, awsPort, speed } = readDevSettings({});
    // The formatter pads the columns of tables.
    const rows = README.replaceAll(/ +/g, " ");
    expect(rows).toContain(`| \`PILOTLIGHT_API_PORT\` | ${apiPort} |`);
    expect(rows).toContain(`| \`PILOTLIGHT_AWS_PORT\` | ${awsPort} |`);
    expect(rows).toContain(`| \`PILOTLIGHT_SPEED\` | ${speed} |`);
  });

  test("links only to files that are there", async () => {
    const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) await expect(stat(join(ROOT, link))).resolves.toBeDefined();
  });
});
