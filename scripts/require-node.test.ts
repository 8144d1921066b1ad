import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("require-node.js", import.meta.url));

/** Loads the script into a Node that says that it is `version`. */
function requireNode(version: string): { status: number | null; stderr: string; stdout: string } {
  const disguise = `Object.defineProperty(process.versions, "node", { value: "${version}" });`;
  return spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${disguise}`, "--import", SCRIPT, "-p", "'went on'"],
    { encoding: "utf8" },
  );
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
