import { PilotlightError } from "@pilotlight/core";

const NODE_MAJOR_MIN = 24;

/**
 * Refuses a Node that is too old.
 *
 * @param version - As `process.versions.node`.
 * @throws PilotlightError ERR_NODE_TOO_OLD saying what runs, what is needed and how to get it.
 */
export function requireNode(version: string): void {
  const major = Number(version.split(".", 1)[0]);
  if (major >= NODE_MAJOR_MIN) return;
  throw new PilotlightError(
    "ERR_NODE_TOO_OLD",
    `this is Node ${version}; Pilotlight needs ${NODE_MAJOR_MIN} or newer. On Linux x64 and arm64 npm scripts run on the one that npm ci installed (npm start); elsewhere install Node ${NODE_MAJOR_MIN}`,
  );
}
