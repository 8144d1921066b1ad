import { PilotlightError } from "@pilotlight/core";

/** The environment variables that `pilotlight dev` reads; README.md lists them. */
export interface DevSettings {
  readonly apiPort: number;
  readonly awsPort: number;
  /** How many times faster emulated service delays run. */
  readonly speed: number;
}

const DEFAULT_API_PORT = 4700;
const DEFAULT_AWS_PORT = 4701;
const PORT_MAX = 65_535;
const SPEED_MAX = 10_000;

/**
 * Reads the settings from environment variables.
 *
 * @throws PilotlightError ERR_COMMAND_INVALID naming the variable, the value and what is accepted.
 */
export function readDevSettings(variables: NodeJS.ProcessEnv): DevSettings {
  return {
    apiPort: port(variables, { name: "PILOTLIGHT_API_PORT", fallback: DEFAULT_API_PORT }),
    awsPort: port(variables, { name: "PILOTLIGHT_AWS_PORT", fallback: DEFAULT_AWS_PORT }),
    speed: speed(variables),
  };
}

const DEFAULT_DEFINITION = "inference.config.ts";

/**
 * Path of the definition that a command reads: its argument, else PILOTLIGHT_DEFINITION, else ./inference.config.ts.
 *
 * An empty variable counts as none.
 */
export function definitionPath(given: string | undefined, variables: NodeJS.ProcessEnv): string {
  return given ?? (variables["PILOTLIGHT_DEFINITION"] || DEFAULT_DEFINITION);
}

function port(
  variables: NodeJS.ProcessEnv,
  { name, fallback }: { name: string; fallback: number },
): number {
  const text = variables[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= PORT_MAX) return value;
  throw new PilotlightError(
    "ERR_COMMAND_INVALID",
    `${name}: got ${JSON.stringify(text)}; accepted: a port from 0 to ${PORT_MAX}, 0 takes a free one`,
  );
}

function speed(variables: NodeJS.ProcessEnv): number {
  const text = variables["PILOTLIGHT_SPEED"];
  if (text === undefined || text === "") return 1;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= SPEED_MAX) return value;
  throw new PilotlightError(
    "ERR_COMMAND_INVALID",
    `PILOTLIGHT_SPEED: got ${JSON.stringify(text)}; accepted: a number above 0, at most ${SPEED_MAX}`,
  );
}
