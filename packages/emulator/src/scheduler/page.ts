/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Names where the next page starts; absent on the last one. */
  readonly nextToken: string | undefined;
}

interface PageOptions<Item> {
  readonly itemsMax: number;
  readonly token: string | undefined;
  /** What a token names: the last item of the page before. */
  readonly keyOf: (item: Item) => string;
}

/**
 * Cuts one page.
 *
 * @param items - In the order of their keys.
 * @returns `undefined` where the token is none.
 */
export function pageOf<Item>(
  items: readonly Item[],
  { itemsMax, token, keyOf }: PageOptions<Item>,
): Page<Item> | undefined {
  const after = token === undefined ? "" : Buffer.from(token, "base64url").toString("utf8");
  if (token !== undefined && Buffer.from(after).toString("base64url") !== token) return undefined;
  const rest = items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, itemsMax);
  const last = page.at(-1);
  const isLast = last === undefined || rest.length === page.length;
  return {
    items: page,
    nextToken: isLast ? undefined : Buffer.from(keyOf(last)).toString("base64url"),
  };
}
