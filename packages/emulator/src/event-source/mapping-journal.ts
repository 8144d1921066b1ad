import { invariant } from "@pilotlight/core";

import { Journal } from "../state/journal.ts";
import type { MappingSettings } from "./mapping-record.ts";

/** A mapping as it is kept: what it becomes when its transition has ended. */
export interface KeptMapping {
  readonly uuid: string;
  readonly isEnabled: boolean;
  readonly settings: MappingSettings;
  readonly lastModifiedEpochMs: number;
}

type Entry =
  | { readonly kind: "kept"; readonly mapping: KeptMapping }
  | { readonly kind: "deleted"; readonly uuid: string };

/** Entries for each mapping, and beside them, before the file is written anew. */
const ENTRIES_PER_MAPPING_MAX = 4;
const ENTRIES_MIN = 100;

/** The mappings that outlive the emulator. */
export class MappingJournal {
  readonly #journal: Journal<Entry>;
  readonly #kept = new Map<string, KeptMapping>();

  /** @throws PilotlightError ERR_STATE_BROKEN when the file holds something else. */
  constructor(path: string) {
    this.#journal = new Journal({ path, read: readEntry });
    for (const entry of this.#journal.takeEntries()) this.#apply(entry);
  }

  /** What the file holds, in the order of the mappings' creation. */
  list(): KeptMapping[] {
    return [...this.#kept.values()];
  }

  keep(mapping: KeptMapping): void {
    this.#append({ kind: "kept", mapping });
  }

  delete(uuid: string): void {
    this.#append({ kind: "deleted", uuid });
  }

  close(): void {
    this.#journal.close();
  }

  #append(entry: Entry): void {
    this.#apply(entry);
    this.#journal.append(entry);
    if (this.#journal.length <= ENTRIES_MIN + this.#kept.size * ENTRIES_PER_MAPPING_MAX) return;
    this.#journal.rewrite(this.list().map((mapping) => ({ kind: "kept", mapping })));
  }

  #apply(entry: Entry): void {
    if (entry.kind === "kept") this.#kept.set(entry.mapping.uuid, entry.mapping);
    else this.#kept.delete(entry.uuid);
  }
}

function readEntry(value: unknown): Entry {
  const entry = value as Partial<Extract<Entry, { kind: "kept" }>> & { readonly uuid?: unknown };
  if (value !== null && (entry.kind as string) === "deleted" && typeof entry.uuid === "string") {
    return { kind: "deleted", uuid: entry.uuid };
  }
  const settings = value === null ? undefined : entry.mapping?.settings;
  invariant(
    typeof settings?.functionArn === "string" &&
      typeof settings.queueArn === "string" &&
      typeof settings.batchSize === "number" &&
      Array.isArray(settings.filterPatterns),
    "an event source mapping or the deletion of one is expected",
  );
  return value as Entry;
}
