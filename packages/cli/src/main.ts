import { isPilotlightError } from "@pilotlight/core";

import { check, CHECK_HELP } from "./commands/check.ts";
import { dev, DEV_HELP } from "./commands/dev.ts";
import { infer, INFER_HELP } from "./commands/infer.ts";
import { parseCommand } from "./command-line.ts";
import { SERVER_VERSION } from "./version.ts";

const HELP = `pilotlight <command> [--help]

  dev [definition]                     run a definition on this machine
  infer <model> --input FILE           ask a model from the command line
  check [definition]                   check a definition and its models; print inputs, outputs, sizes

  --help, --version`;

const COMMAND_HELP = { dev: DEV_HELP, infer: INFER_HELP, check: CHECK_HELP } as const;

/** Exit status for wrong use or a failed command. */
const EXIT_FAILURE = 1;

async function run(argv: readonly string[]): Promise<void> {
  const command = parseCommand(argv);
  switch (command.verb) {
    case "help":
      return print(command.of === undefined ? HELP : COMMAND_HELP[command.of]);
    case "version":
      return print(SERVER_VERSION);
    case "dev":
      return await dev(command.definition);
    case "infer":
      return await infer(command);
    case "check":
      return await check(command.definition);
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
