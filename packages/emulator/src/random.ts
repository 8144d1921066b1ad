import type { Random } from "@pilotlight/core";

/** The chance of the machine; tests take a seeded one instead. */
export const processRandom: Random = { next: () => Math.random() };
