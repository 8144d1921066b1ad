import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startEmulator } from "@pilotlight/emulator";

/** An emulator in a process of its own, with as many equal functions as the argument says. Prints its AWS address. */
const count = Number(process.argv[2]);
const names = Array.from({ length: count }, (_, index) => `trivial${index}`);
const stateDirectory = await mkdtemp(join(tmpdir(), "pilotlight-bench-"));
const emulator = await startEmulator({
  apiPort: 0,
  awsPort: 0,
  defaultFunction: "trivial0",
  stateDirectory,
});
for (const functionName of names) {
  await emulator.createFunction({
    functionName,
    handler: "index.handler",
    codeDirectory: join(import.meta.dirname, "trivial-function"),
    memoryMb: 1024,
    timeoutSec: 6,
    architecture: process.arch === "arm64" ? "arm64" : "x86_64",
    variables: {},
    nodePath: [],
  });
}
process.once("SIGTERM", () => {
  void emulator
    .stop()
    .then(() => rm(stateDirectory, { recursive: true, force: true }))
    .then(() => process.exit(0));
});
process.stdout.write(`${emulator.awsUrl}\n`);
