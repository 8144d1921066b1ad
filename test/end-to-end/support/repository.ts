import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Root of the repository. */
export const REPOSITORY = resolve(import.meta.dirname, "../../..");

/** Models with known answers and request bodies of other clients; not part of the repository. */
export const SHARED = process.env["PILOTLIGHT_SHARED"] ?? resolve(REPOSITORY, "../shared");

/** Whether there is a shared folder with models. */
export const hasShared = existsSync(join(SHARED, "models/INDEX.md"));

/** The sample models, as a definition anywhere names them. */
export const SAMPLE_MODELS: Readonly<Record<string, ModelEntry>> = {
  digits: {
    artifact: join(REPOSITORY, "models/digits/model.onnx"),
    handler: join(REPOSITORY, "models/digits/handler.ts"),
  },
  biopsy: { artifact: join(REPOSITORY, "models/biopsy/model.onnx") },
};

/** What a test's definition says of a model. */
export interface ModelEntry {
  readonly artifact: string;
  readonly handler?: string;
  readonly function?: { readonly memoryMb?: number };
}
