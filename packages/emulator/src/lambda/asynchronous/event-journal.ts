import { Journal } from "../../state/journal.ts";
import type { EventReport, KeptEvent, OfferedEvent } from "./event.ts";
import { type EventLine, readLine, writtenLine } from "./event-line.ts";

/** The file is rewritten when what it holds of ended events exceeds this, and exceeds what it holds of others. */
const ENDED_BYTES_MAX = 4_194_304;

/** The journal is read in one piece when the emulator starts. */
const REPORT_BYTES_MAX = 67_108_864;

/** What a line has beside its payload, bytes: about. */
const LINE_BYTES = 512;

/** Keeps accepted events until they have ended, so that none is lost when the emulator ends, however it does. */
export class EventJournal {
  /** What had not ended when the emulator ended the last time, in the order of acceptance. */
  readonly restored: readonly KeptEvent[];
  readonly #journal: Journal<unknown>;
  /** Bytes of each event, and of each record that waits. */
  readonly #bytes = new Map<number, number>();
  readonly #reports = new Map<number, number>();
  readonly #reportBytesMax: number;
  #keptBytes = 0;
  #reportBytes = 0;
  #endedBytes = 0;

  /**
   * @param options.reportBytesMax - Bytes of the file that records take which wait for their targets.
   * @throws PilotlightError ERR_STATE_BROKEN when the file holds something else.
   */
  constructor(path: string, { reportBytesMax = REPORT_BYTES_MAX } = {}) {
    this.#reportBytesMax = reportBytesMax;
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

  /** Bytes that the events which have not ended take in the file, without their records: about. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  accept(kept: KeptEvent): void {
    this.#append({ kind: "kept", kept });
    this.#count(kept.id, sizeOf(kept.event));
  }

  fail(id: number, history: { failures: number; ageMs: number; delayMs: number }): void {
    this.#append({ kind: "failed", id, ...history });
    this.#count(id, LINE_BYTES);
  }

  /** @returns Whether the record is in the file; where too many bytes of records wait already, it is not. */
  conclude(id: number, report: EventReport): boolean {
    const bytes = reportSize(report);
    if (this.#reportBytes + bytes > this.#reportBytesMax) return false;
    this.#append({ kind: "concluded", id, report });
    this.#countReport(id, bytes);
    return true;
  }

  /** Writes where the event stands when the emulator ends, without what the file has of it already. */
  leave({ id, failures, ageMs, delayMs, report }: KeptEvent): void {
    const targets = report?.targets ?? [];
    this.#append({ kind: "left", id, failures, ageMs, delayMs, targets });
  }

  end(id: number): void {
    this.#append({ kind: "ended", id });
    const bytes = this.#bytes.get(id) ?? 0;
    const reportBytes = this.#reports.get(id) ?? 0;
    this.#bytes.delete(id);
    this.#reports.delete(id);
    this.#keptBytes -= bytes;
    this.#reportBytes -= reportBytes;
    this.#endedBytes += bytes + reportBytes + LINE_BYTES;
  }

  /** Whether most of the file is about events that have ended. */
  get isWorthRewriting(): boolean {
    return this.#endedBytes > Math.max(ENDED_BYTES_MAX, this.#keptBytes + this.#reportBytes);
  }

  /** Leaves nothing in the file but these. */
  rewrite(kept: readonly KeptEvent[]): void {
    this.#journal.rewrite(kept.map((one) => writtenLine({ kind: "kept", kept: one })));
    const reports = new Map(this.#reports);
    this.#bytes.clear();
    this.#reports.clear();
    this.#keptBytes = 0;
    this.#reportBytes = 0;
    this.#endedBytes = 0;
    for (const { id, event, report } of kept) {
      this.#count(id, sizeOf(event));
      // The size of a record is counted once: that costs as much as writing it.
      if (report !== undefined) this.#countReport(id, reports.get(id) ?? reportSize(report));
    }
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

  #countReport(id: number, bytes: number): void {
    this.#reports.set(id, bytes);
    this.#reportBytes += bytes;
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
    const report =
      line.kind === "left" && before.report !== undefined
        ? { ...before.report, targets: line.targets }
        : before.report;
    events.set(line.id, { ...before, failures, ageMs, delayMs, report });
  }
}

function sizeOf(event: OfferedEvent): number {
  return event.payload.byteLength + LINE_BYTES;
}

/** An answer is JSON within JSON: its quotation marks are escaped, so it is larger in the file than it was. */
function reportSize({ conclusion }: EventReport): number {
  return Buffer.byteLength(JSON.stringify(conclusion.answer?.payload ?? "")) + LINE_BYTES;
}
