import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of this checkout: functions/ and node_modules/ lie there. */
export const CHECKOUT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Where packages of ours and of others are found from, wherever a definition lies. */
export const NODE_MODULES = join(CHECKOUT, "node_modules");
