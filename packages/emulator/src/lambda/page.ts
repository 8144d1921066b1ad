import { validationFailed } from "./aws-error.ts";

/** Functions or versions on one page: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html */
const ITEMS_MAX = 50;
const MODEL_ITEMS_MAX = 10_000;

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Where the next page starts; absent on the last one. */
  readonly nextMarker: string | undefined;
}

/**
 * Cuts the page that `Marker` and `MaxItems` ask for.
 *
 * @param items - All items, in a stable order.
 * @param keyOf - What a marker names: the first item of the next page.
 * @param itemsMax - Items on one page.
 * @throws AwsError 400 when MaxItems is out of range.
 */
export function pageOf<Item>(
  items: readonly Item[],
  {
    query,
    keyOf,
    itemsMax = ITEMS_MAX,
  }: { query: URLSearchParams; keyOf: (item: Item) => string; itemsMax?: number },
): Page<Item> {
  const maximum = maxItems(query);
  const marker = query.get("Marker");
  const found = marker === null ? 0 : items.findIndex((item) => keyOf(item) === marker);
  const start = found < 0 ? items.length : found;
  const end = start + Math.min(itemsMax, maximum ?? itemsMax);
  const next = items[end];
  return {
    items: items.slice(start, end),
    nextMarker: next === undefined ? undefined : keyOf(next),
  };
}

/**
 * The query's `MaxItems`, checked; `undefined` where it has none.
 *
 * @param max - The largest that the service model takes: 50 for some lists.
 * @throws AwsError 400 when it is out of range.
 */
export function maxItems(query: URLSearchParams, max = MODEL_ITEMS_MAX): number | undefined {
  const text = query.get("MaxItems");
  if (text === null) return undefined;
  const value = Number(text);
  if (value >= 1 && value <= max) return Math.floor(value);
  const bound = value > max ? `less than or equal to ${max}` : "greater than or equal to 1";
  throw validationFailed([
    `Value '${text}' at 'maxItems' failed to satisfy constraint: Member must have value ${bound}`,
  ]);
}
