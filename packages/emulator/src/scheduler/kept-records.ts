import { Journal } from "../state/journal.ts";

/** One line of the file: a record that is new or has changed, or the key of one that is gone. */
type Change<Kept> = { readonly put: Kept } | { readonly delete: string };

interface KeptRecordsOptions<Kept> {
  /** Absolute path of the file. */
  readonly path: string;
  readonly keyOf: (record: Kept) => string;
  /** Reads a record of the file. @throws Anything, where the value is none. */
  readonly read: (value: unknown) => Kept;
}

/** The file is written anew when it has more lines than this, and more than twice its records. */
const LINES_MIN = 1_000;

/** Records by key that survive a restart of the emulator; whatever reads them sees the last change at once. */
export class KeptRecords<Kept> {
  readonly #journal: Journal<Change<Kept>>;
  readonly #keyOf: (record: Kept) => string;
  readonly #records = new Map<string, Kept>();

  /** @throws PilotlightError ERR_STATE_BROKEN when the file holds something else. */
  constructor({ path, keyOf, read }: KeptRecordsOptions<Kept>) {
    this.#keyOf = keyOf;
    this.#journal = new Journal({ path, read: (value) => readChange(value, read) });
    for (const change of this.#journal.takeEntries()) this.#apply(change);
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): Kept | undefined {
    return this.#records.get(key);
  }

  /** All records, by key. */
  list(): Kept[] {
    return [...this.#records]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, record]) => record);
  }

  put(record: Kept): void {
    this.#change({ put: record });
  }

  delete(key: string): void {
    if (this.#records.has(key)) this.#change({ delete: key });
  }

  close(): void {
    this.#journal.close();
  }

  #change(change: Change<Kept>): void {
    this.#journal.append(change);
    this.#apply(change);
    if (this.#journal.length <= Math.max(LINES_MIN, 2 * this.#records.size)) return;
    this.#journal.rewrite([...this.#records.values()].map((record) => ({ put: record })));
  }

  #apply(change: Change<Kept>): void {
    if ("put" in change) this.#records.set(this.#keyOf(change.put), change.put);
    else this.#records.delete(change.delete);
  }
}

function readChange<Kept>(value: unknown, read: (value: unknown) => Kept): Change<Kept> {
  const change = Object(value) as { readonly put?: unknown; readonly delete?: unknown };
  if (typeof change.delete === "string") return { delete: change.delete };
  if (change.put === undefined) throw new Error('a line has the member "put" or "delete"');
  return { put: read(change.put) };
}
