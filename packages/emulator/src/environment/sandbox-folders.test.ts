import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { FunctionVersion } from "./contract.ts";
import { SandboxFolders } from "./sandbox-folders.ts";
import { FunctionUnderTest } from "./testing/function-under-test.ts";

vi.setConfig({ testTimeout: 30_000 });

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "pilotlight-folders-"));
  vi.stubEnv("TMPDIR", root);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const madeFolders = () =>
  readdirSync(root).filter((name) => /^pilotlight-(?:environment|opt)-/.test(name));

function layer(name: string): string {
  const folder = path.join(root, name);
  mkdirSync(folder);
  return folder;
}

const version = (layerDirectories: readonly string[]): FunctionVersion => ({
  functionName: "f",
  functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  version: "$LATEST",
  handler: "index.handler",
  codeDirectory: root,
  memoryMb: 128,
  timeoutSec: 3,
  variables: {},
  nodePath: [],
  layerDirectories,
});

describe("SandboxFolders", () => {
  test("know no extension in a layer whose extensions are a file", async () => {
    const only = layer("one");
    writeFileSync(path.join(only, "extensions"), "");
    const folders = await SandboxFolders.make({ version: version([only]) }, () => undefined);
    expect(folders.extensionPaths).toEqual([]);
    await folders.remove();
    expect(madeFolders()).toEqual([]);
  });

  test("that cannot be made leave nothing behind", async () => {
    const layers = [layer("one"), layer("two")];
    // A link to itself: it is put into the folder of all layers, and cannot be read there.
    symlinkSync("extensions", path.join(layers[1] ?? "", "extensions"));
    const making = SandboxFolders.make({ version: version(layers) }, () => undefined);
    await expect(making).rejects.toThrow("ELOOP");
    expect(madeFolders()).toEqual([]);
  });
});

describe("an environment that cannot start", () => {
  test("says why in the log and to the caller, and leaves no folder behind", async () => {
    const f = await FunctionUnderTest.start({
      files: { "index.mjs": "export const handler = async () => 1;" },
      layer: { "bin/tool": "" },
      options: { version: { ...version([path.join(root, "none"), root]) } },
    });
    const { payload, isFunctionError, logTail } = await f.send();
    const { errorType, errorMessage } = JSON.parse(Buffer.from(payload).toString());
    expect(isFunctionError).toBe(true);
    expect(errorType).toBe("Runtime.Unknown");
    expect(errorMessage).toMatch(/^RequestId: r-1 Error: the environment could not start: ENOENT/);
    await f.stopped();
    await logTail;
    expect(f.lines).toContainEqual(
      expect.stringMatching(/^the environment could not start: ENOENT/),
    );
    expect(f.stops).toEqual([expect.stringContaining("the environment could not start")]);
    expect(madeFolders()).toEqual([]);
    await f.end();
  });
});
