import { PilotlightError } from "@pilotlight/core";

import type { BuiltLayer } from "./built-layer.ts";

/** Most that a layer may take, bytes. */
export interface LayerBudget {
  readonly zippedBytesMax: number;
  readonly unzippedBytesMax: number;
}

/**
 * Refuses a layer that is larger than its budget.
 *
 * @param budgetFile - Where the budget stands, for the message.
 * @throws PilotlightError ERR_LAYER_TOO_LARGE with what is over, and by how much.
 */
export function checkBudget(
  { name, zippedBytes, unzippedBytes }: BuiltLayer,
  { zippedBytesMax, unzippedBytesMax }: LayerBudget,
  budgetFile: string,
): void {
  const overruns = [
    { what: "zipped", got: zippedBytes, max: zippedBytesMax },
    { what: "unzipped", got: unzippedBytes, max: unzippedBytesMax },
  ].filter(({ got, max }) => got > max);
  if (overruns.length === 0) return;
  const lines = overruns.map(
    ({ what, got, max }) => `  ${what}: ${got} bytes, ${got - max} more than the ${max} allowed`,
  );
  throw new PilotlightError(
    "ERR_LAYER_TOO_LARGE",
    `the layer ${name} is over its budget:\n${lines.join("\n")}\n  leave out what is not needed, or raise the budget in ${budgetFile} knowingly`,
  );
}
