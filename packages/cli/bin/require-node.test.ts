import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("require-node.js", import.meta.url));
const PROGRAM = fileURLToPath(new URL("pilotlight.js", import.meta.url));

interface End {
  readonly status: number | null;
  readonly stderr: string;
  readonly stdout: string;
}

/** Runs a Node that says that it is `version`. */
function runNode(version: string, words: readonly string[]): End {
  const disguise = `Object.defineProperty(process.versions, "node", { value: "${version}" });`;
  const before = ["--import", `data:text/javascript,${disguise}`];
  return spawnSync(process.execPath, [...before, ...words], { encoding: "utf8" });
}

function requireNode(version: string): End {
  return runNode(version, ["--import", SCRIPT, "-p", "'went on'"]);
}

describe("require-node.js", () => {
  test.each(["24.0.0", "24.21.0", "25.1.0", "100.0.0"])("lets Node %s go on", (version) => {
    const { status, stderr, stdout } = requireNode(version);
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "went on\n" });
  });

  test.each(["0.10.48", "8.17.0", "20.20.2", "23.11.1"])("stops Node %s", (version) => {
    const { status, stderr, stdout } = requireNode(version);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("ERR_NODE_TOO_OLD: Pilotlight needs Node 24 or later");
    expect(stderr).toContain(`this is Node ${version}`);
    expect(stderr).toContain("npm start");
  });
});

describe("pilotlight.js", () => {
  test("is the program of the package, and executable", () => {
    const file = new URL("../package.json", import.meta.url);
    const { bin } = JSON.parse(readFileSync(file, "utf8")) as { bin: { pilotlight: string } };
    expect(fileURLToPath(new URL(bin.pilotlight, file))).toBe(PROGRAM);
    expect(statSync(PROGRAM).mode & 0o111).toBe(0o111);
  });

  test("says what an old Node lacks before it reads TypeScript", () => {
    const { status, stderr, stdout } = runNode("20.20.2", [PROGRAM, "--version"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^ERR_NODE_TOO_OLD: .*this is Node 20\.20\.2/);
  });

  test("runs the command line on a Node that will do", () => {
    const { status, stderr, stdout } = runNode(process.versions.node, [PROGRAM, "--version"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
