import { parseArgs } from "node:util";

import { PilotlightError } from "@pilotlight/core";

/** A parsed command line. */
export type Command =
  | { readonly verb: "help"; readonly of?: "dev" | "infer" | "check" }
  | { readonly verb: "version" }
  | { readonly verb: "dev" | "check"; readonly definition: string | undefined }
  | {
      readonly verb: "infer";
      readonly model: string;
      readonly input: string;
      readonly definition: string | undefined;
      readonly url: string | undefined;
    };

const VERBS = ["dev", "infer", "check"] as const;

/**
 * Parses the arguments after the program's name.
 *
 * @throws PilotlightError ERR_COMMAND_INVALID saying what was got and what is accepted.
 */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parse(argv);
  const [verb, ...rest] = positionals;
  if (values.version === true) return { verb: "version" };
  if (verb === undefined) return { verb: "help" };
  const known = VERBS.find((name) => name === verb);
  if (known === undefined)
    throw invalid(`there is no command "${verb}"; accepted: ${VERBS.join(", ")}`);
  if (values.help === true) return { verb: "help", of: known };
  if (known === "infer") return inferCommand(rest, values);
  return definitionCommand(known, { positionals: rest, options: values });
}

interface Options {
  readonly input?: string | undefined;
  readonly definition?: string | undefined;
  readonly url?: string | undefined;
}

function definitionCommand(
  verb: "dev" | "check",
  { positionals, options }: { positionals: readonly string[]; options: Options },
): Command {
  const { input, url, definition } = options;
  const unknown = input === undefined ? "--url" : "--input";
  if (input !== undefined || url !== undefined) throw invalid(`${verb} takes no ${unknown}`);
  const named = definition === undefined ? positionals : [definition, ...positionals];
  const [first, surplus] = named;
  if (surplus !== undefined)
    throw invalid(`${verb} takes one definition; got "${surplus}" as well`);
  return { verb, definition: first };
}

function inferCommand(positionals: readonly string[], options: Options): Command {
  const [model, surplus] = positionals;
  if (model === undefined)
    throw invalid("infer takes a model: pilotlight infer <model> --input FILE");
  if (surplus !== undefined) throw invalid(`infer takes one model; got "${surplus}" as well`);
  const { input, definition, url } = options;
  if (input === undefined)
    throw invalid("infer takes a file: pilotlight infer <model> --input FILE");
  return { verb: "infer", model, input, definition, url };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
        input: { type: "string", short: "i" },
        definition: { type: "string", short: "d" },
        url: { type: "string" },
      },
    });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function invalid(fault: string): PilotlightError {
  return new PilotlightError(
    "ERR_COMMAND_INVALID",
    `${fault}\nrun pilotlight --help for what is accepted`,
  );
}
