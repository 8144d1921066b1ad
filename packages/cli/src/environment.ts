import { resolve } from "node:path";

import { PilotlightError } from "@pilotlight/core";

/** The environment variables that `pilotlight dev` reads; README.md lists them. */
export interface DevSettings {
  readonly apiPort: number;
  readonly awsPort: number;
  /** How many times faster emulated service delays run. */
  readonly speed: number;
  /** Folder that the emulator keeps its state in; `undefined` for the one beside the definition. */
  readonly stateDirectory: string | undefined;
  /** File that gets one line of JSON for each event; `undefined` for none. */
  readonly traceFile: string | undefined;
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
  const apiPort = port(variables, { name: "PILOTLIGHT_API_PORT", fallback: DEFAULT_API_PORT });
  const awsPort = port(variables, { name: "PILOTLIGHT_AWS_PORT", fallback: DEFAULT_AWS_PORT });
  if (apiPort === awsPort && apiPort !== 0) {
    throw new PilotlightError(
      "ERR_COMMAND_INVALID",
      `PILOTLIGHT_API_PORT and PILOTLIGHT_AWS_PORT are both ${apiPort}; accepted: two ports, 0 takes a free one`,
    );
  }
  return {
    apiPort,
    awsPort,
    speed: speed(variables),
    stateDirectory: fromCaller(variables["PILOTLIGHT_STATE"] || undefined, variables),
    traceFile: fromCaller(variables["PILOTLIGHT_TRACE"] || undefined, variables),
  };
}

const DEFAULT_DEFINITION = "inference.config.ts";

/** npm's scripts that run the command line. */
const OWN_SCRIPTS: readonly string[] = ["start", "pilotlight"];

/**
 * Path of the definition that a command reads: its argument, else PILOTLIGHT_DEFINITION, else ./inference.config.ts.
 *
 * An empty variable counts as none. What the user named is relative to where the user was: npm runs a script in the
 * checkout and says in INIT_CWD where it was called.
 */
export function definitionPath(given: string | undefined, variables: NodeJS.ProcessEnv): string {
  const named = given ?? (variables["PILOTLIGHT_DEFINITION"] || undefined);
  return fromCaller(named, variables) ?? DEFAULT_DEFINITION;
}

function fromCaller(path: string | undefined, variables: NodeJS.ProcessEnv): string | undefined {
  const isOwnScript = OWN_SCRIPTS.includes(variables["npm_lifecycle_event"] ?? "");
  const caller = isOwnScript ? variables["INIT_CWD"] : undefined;
  return path === undefined || caller === undefined ? path : resolve(caller, path);
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
