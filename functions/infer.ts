import { inferHandler, readSettings } from "@pilotlight/runtime";
import type { InferSettings } from "@pilotlight/runtime";

/** Serves one model; the settings beside the code say which. Loading it is the function's init phase. */
const directory = process.env["LAMBDA_TASK_ROOT"] ?? import.meta.dirname;

export const handler = await inferHandler(await readSettings<InferSettings>(directory), directory);
