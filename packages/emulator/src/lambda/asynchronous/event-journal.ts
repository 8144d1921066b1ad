import { Journal } from "../../state/journal.ts";
import type { EventReport, KeptEvent } from "./event.ts";
import { type EventLine, readLine, writtenLine } from "./event-line.ts";

/** The file is rewritten when what it holds of ended events exceeds this, and exceeds what it holds of others. */
const ENDED_BYTES_MAX = 4_194_304;

/** What a line has beside its payload, bytes: about. */
const LINE_BYTES = 512;

/** Keeps accepted events until they have ended, so that none is lost when the emulator ends, however it does. */
export class EventJournal {
  /** What had not ended when the emulator ended the last time, in the order of acceptance. */
  readonly restored: readonly KeptEvent[];
  readonly #journal: Journal<unknown>;
  readonly #bytes = new Map<number, number>();
  #keptBytes = 0;
  #endedBytes = 0;

  /** @throws PilotlightError ERR_STATE_BROKEN when the file holds something else. */
  constructor(path: string) {
    const events = new Map<number, KeptEvent>();
    this.#journal = new Journal<unknown>({
      path,
      read: (value) => {
        apply(events, readLine(value));
        return value;
      },
    });
    this.restored = [...events.values()];
    if (this.#journal.length > 0) this.rewrite(this.restored);
  }

  /** Bytes that the events which have not ended take in the file: about. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  accept(kept: KeptEvent): void {
    this.#append({ kind: "kept", kept });
    this.#count(kept.id, sizeOf(kept));
  }

  fail(id: number, history: { failures: number; ageMs: number; delayMs: number }): void {
    this.#append({ kind: "failed", id, ...history });
    this.#count(id, LINE_BYTES);
  }

  conclude(id: number, report: EventReport): void {
    this.#append({ kind: "concluded", id, report });
    this.#count(id, reportSize(report));
  }

  end(id: number): void {
    this.#append({ kind: "ended", id });
    const bytes = this.#bytes.get(id) ?? 0;
    this.#bytes.delete(id);
    this.#keptBytes -= bytes;
    this.#endedBytes += bytes + LINE_BYTES;
  }

  /** Whether most of the file is about events that have ended. */
  get isWorthRewriting(): boolean {
    return this.#endedBytes > Math.max(ENDED_BYTES_MAX, this.#keptBytes);
  }

  /** Leaves nothing in the file but these. */
  rewrite(kept: readonly KeptEvent[]): void {
    this.#journal.rewrite(kept.map((one) => writtenLine({ kind: "kept", kept: one })));
    this.#bytes.clear();
    this.#keptBytes = 0;
    this.#endedBytes = 0;
    for (const one of kept) this.#count(one.id, sizeOf(one));
  }

  close(): void {
    this.#journal.close();
  }

  #append(line: EventLine): void {
    this.#journal.append(writtenLine(line));
  }

  #count(id: number, bytes: number): void {
    this.#bytes.set(id, (this.#bytes.get(id) ?? 0) + bytes);
    this.#keptBytes += bytes;
  }
}

/** @throws Error for a line about an event that is not there. */
function apply(events: Map<number, KeptEvent>, line: EventLine): void {
  if (line.kind === "kept") {
    events.set(line.kept.id, line.kept);
    return;
  }
  const before = events.get(line.id);
  if (before === undefined) {
    throw new Error(
      `"${line.kind}" is said of event ${line.id}, of which no earlier line says "kept"`,
    );
  }
  if (line.kind === "ended") events.delete(line.id);
  else if (line.kind === "concluded") events.set(line.id, { ...before, report: line.report });
  else {
    const { failures, ageMs, delayMs } = line;
    events.set(line.id, { ...before, failures, ageMs, delayMs });
  }
}

function sizeOf({ event, report }: KeptEvent): number {
  const reported = report === undefined ? 0 : reportSize(report);
  return event.payload.byteLength + LINE_BYTES + reported;
}

function reportSize({ conclusion }: EventReport): number {
  return (conclusion.answer?.payload.length ?? 0) + LINE_BYTES;
}
