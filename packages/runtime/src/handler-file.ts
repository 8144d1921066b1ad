import { pathToFileURL } from "node:url";

import { PilotlightError } from "@pilotlight/core";

import type { Handler } from "./handler.ts";

/**
 * Loads a bundled handler file and checks what it exports.
 *
 * @param path - Absolute path of a JavaScript module.
 * @throws PilotlightError ERR_HANDLER_INVALID when the file fails to load or its default export is no handler.
 */
export async function loadHandler(path: string): Promise<Handler> {
  const exported = await importDefault(path);
  if (isHandler(exported)) return exported;
  throw new PilotlightError(
    "ERR_HANDLER_INVALID",
    `the handler's default export is ${describe(exported)}; accepted: an object with the functions preprocess and postprocess`,
  );
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError("ERR_HANDLER_INVALID", `the handler failed to load: ${reason}`, {
      cause: error,
    });
  }
}

function isHandler(value: unknown): value is Handler {
  if (typeof value !== "object" || value === null) return false;
  const { preprocess, postprocess } = value as Partial<Handler>;
  return typeof preprocess === "function" && typeof postprocess === "function";
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `an object with ${Object.keys(value).join(", ") || "nothing"}`;
}
