import { isPilotlightError } from "@pilotlight/core";

import { parseCommand } from "./command-line.ts";
import { SERVER_VERSION } from "./version.ts";

const HELP = `pilotlight <command> [--help]

  dev [definition]                     run a definition on this machine
  infer <model> --input FILE           ask a model from the command line
  check [definition]                   check a definition and its models; print inputs, outputs, sizes

  --help, --version`;

/** Each command is loaded when it is asked for: the emulator, the bundler and ONNX Runtime take most of a second. */
const load = {
  dev: () => import("./commands/dev.ts"),
  infer: () => import("./commands/infer.ts"),
  check: () => import("./commands/check.ts"),
} as const;

/** Exit status for wrong use or a failed command. */
const EXIT_FAILURE = 1;

async function run(argv: readonly string[]): Promise<void> {
  const command = parseCommand(argv);
  switch (command.verb) {
    case "help":
      return print(command.of === undefined ? HELP : await helpOf(command.of));
    case "version":
      return print(SERVER_VERSION);
    case "dev":
      return await (await load.dev()).dev(command.definition);
    case "infer":
      return await (await load.infer()).infer(command);
    case "check":
      return await (await load.check()).check(command.definition);
  }
}

async function helpOf(verb: keyof typeof load): Promise<string> {
  switch (verb) {
    case "dev":
      return (await load.dev()).DEV_HELP;
    case "infer":
      return (await load.infer()).INFER_HELP;
    case "check":
      return (await load.check()).CHECK_HELP;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (!isPilotlightError(error)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = EXIT_FAILURE;
}
