import { createHash } from "node:crypto";

import { invariant } from "@pilotlight/core";

/** A file of a prepared model, by its content. */
export interface ModelFile {
  /** Path inside the model's folder: `model.ort`. */
  readonly name: string;
  readonly bytes: number;
  /** Of the content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Where Lambda unpacks layers. @see https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html, read 2026-11-24. */
const LAYER_ROOT = "/opt";

/** Where models lie in a layer, each in a folder of its own, so that layers of several models do not meet. */
const MODELS_FOLDER = "models";

/** 128 bits: enough that no two contents meet, and short enough for a path that people read. */
const ID_DIGITS = 32;

/** One file of a layer. */
export interface LayerEntry {
  readonly file: ModelFile;
  /** Path inside the zip archive: `models/{id}/model.ort`. */
  readonly archivePath: string;
  /** Path that a function sees: `/opt/models/{id}/model.ort`. */
  readonly path: string;
}

/** A layer that holds one model: the same for the same content. */
export interface ModelLayer {
  readonly name: string;
  /** First 32 hexadecimal digits of the content's SHA-256, the name of the model's folder. */
  readonly id: string;
  /** Sorted by name. */
  readonly entries: readonly LayerEntry[];
  /** What Lambda counts against its limit of unzipped bytes. */
  readonly unzippedBytes: number;
}

/**
 * Names the layer of these files: the same bytes under the same names give the same name, in whatever order.
 *
 * Lambda accepts layer names of at most 140 letters, digits, `-` and `_`.
 *
 * @returns `pilotlight-model-` and 32 hexadecimal digits.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html, LayerName, read 2026-11-24.
 */
export function modelLayerName(files: readonly ModelFile[]): string {
  return `pilotlight-model-${contentId(files)}`;
}

/**
 * Lays files out as a layer: every path holds the content's hash, so that a new model never meets an old one's file.
 *
 * @param files - At least one; names are unique.
 */
export function modelLayer(files: readonly ModelFile[]): ModelLayer {
  const id = contentId(files);
  const entries = sortedByName(files).map((file) => {
    const archivePath = `${MODELS_FOLDER}/${id}/${file.name}`;
    return { file, archivePath, path: `${LAYER_ROOT}/${archivePath}` };
  });
  const unzippedBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return { name: modelLayerName(files), id, entries, unzippedBytes };
}

function contentId(files: readonly ModelFile[]): string {
  invariant(files.length > 0, "a model layer has at least one file");
  const names = new Set(files.map(({ name }) => name));
  invariant(names.size === files.length, "the names of a model's files are unique");
  const hash = createHash("sha256");
  for (const { name, sha256 } of sortedByName(files)) {
    invariant(isInnerPath(name), `a model's file lies inside its folder, not at "${name}"`);
    invariant(/^[0-9a-f]{64}$/.test(sha256), `"${sha256}" is no SHA-256`);
    hash.update(`${sha256}  ${name}\n`);
  }
  return hash.digest("hex").slice(0, ID_DIGITS);
}

/** Whether a path stays inside the folder that it is relative to, and says so in one way only. */
export function isInnerPath(path: string): boolean {
  const segments = path.split("/");
  return !/[\\\0\n]/.test(path) && segments.every((segment) => !["", ".", ".."].includes(segment));
}

/** By code units and not by a language's order, so that every machine sorts alike. */
function sortedByName(files: readonly ModelFile[]): readonly ModelFile[] {
  return files.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
