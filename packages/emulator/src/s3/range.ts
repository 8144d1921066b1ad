import type { ByteRange } from "./content-files.ts";

/** What a Range header asks of a content: a part of it, all of it, or what it does not have. */
export type RangeVerdict = ByteRange | "whole" | "unsatisfiable";

/**
 * Reads a Range header; one that asks for several ranges, or is none, asks for the whole, as on S3.
 *
 * @see RFC 9110, section 14.1.2.
 */
export function rangeOf(header: string | undefined, sizeBytes: number): RangeVerdict {
  const match = /^bytes=(\d*)-(\d*)$/.exec((header ?? "").replaceAll(" ", ""));
  if (match === null) return "whole";
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return "whole";
    const length = Number(last);
    if (length === 0 || sizeBytes === 0) return "unsatisfiable";
    return { first: Math.max(0, sizeBytes - length), last: sizeBytes - 1 };
  }
  if (last !== "" && Number(last) < Number(first)) return "whole";
  if (Number(first) >= sizeBytes) return "unsatisfiable";
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return { first: Number(first), last: end };
}
