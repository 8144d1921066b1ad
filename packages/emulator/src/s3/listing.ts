import type { OrderedMap } from "./key-order.ts";

/** What is asked of a list of keys. */
export interface ListingQuery {
  readonly prefix: string;
  /** Keys with it behind the prefix are rolled up into one common prefix; empty for none. */
  readonly delimiter: string;
  /** Only what comes after this key or common prefix; empty for all. */
  readonly after: string;
  /** Keys and common prefixes together. */
  readonly itemsMax: number;
}

export interface Listing {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** The last key or common prefix, where more follow. */
  readonly next: string | undefined;
}

/**
 * One page of the keys in their order, rolled up at a delimiter.
 *
 * It takes a binary search for each common prefix, and not a step for each key behind it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, read 2026-11-24.
 */
export function listingOf(entries: OrderedMap<unknown>, query: ListingQuery): Listing {
  const { prefix, delimiter, itemsMax } = query;
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = "";
  let index = startIndex(entries, query);
  for (;;) {
    const key = entries.keyAt(index);
    if (key === undefined || !key.startsWith(prefix)) break;
    if (keys.length + commonPrefixes.length >= itemsMax) {
      return { keys, commonPrefixes, next: last === "" ? undefined : last };
    }
    const common = commonPrefixOf(key, { prefix, delimiter });
    if (common === undefined) {
      keys.push(key);
      index += 1;
    } else {
      commonPrefixes.push(common);
      index = entries.indexAfterPrefix(common);
    }
    last = common ?? key;
  }
  return { keys, commonPrefixes, next: undefined };
}

function startIndex(
  entries: OrderedMap<unknown>,
  { prefix, delimiter, after }: ListingQuery,
): number {
  const isCommonPrefix = delimiter !== "" && commonPrefixOf(after, { prefix, delimiter }) === after;
  const behind = isCommonPrefix ? entries.indexAfterPrefix(after) : entries.indexAfter(after);
  return after === ""
    ? entries.indexOfPrefix(prefix)
    : Math.max(entries.indexOfPrefix(prefix), behind);
}

/** What a key is rolled up into; `undefined` when it is listed itself. */
function commonPrefixOf(
  key: string,
  { prefix, delimiter }: { prefix: string; delimiter: string },
): string | undefined {
  if (delimiter === "" || !key.startsWith(prefix)) return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}
