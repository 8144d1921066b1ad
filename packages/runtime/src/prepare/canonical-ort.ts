import { OrtReader } from "./ort-reading.ts";
import { ORT_FORMAT_VERSION } from "./ort-schema.ts";
import { OrtWriter } from "./ort-writing.ts";

/** What layouts and alignment add to a file, as a rule. */
const PADDING = 1.1;

/**
 * Rewrites a model in ONNX Runtime's format so that the same model has the same bytes.
 *
 * ONNX Runtime writes what it keeps in hash maps in an order that changes from process to process: a layer named by its
 * content would have a new name after every build.
 *
 * @param bytes - A file as ONNX Runtime wrote it.
 * @returns Nothing where the file is of a version of the format that is not known here: it is as good as it was.
 */
export function canonicalOrt(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const root = new OrtReader(bytes).read();
    const version = root.fields.get(0);
    if (version?.kind !== "string" || version.text !== ORT_FORMAT_VERSION) return undefined;
    return new OrtWriter(Math.ceil(bytes.length * PADDING)).write(root);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
