const DAY_MS = 86_400_000;

/** Making a formatter takes far longer than using it; there are about 600 names of zones. */
const FORMATTERS = new Map<string, Intl.DateTimeFormat>();

/** Whether the IANA time zone database has a zone of that name. */
export function isTimeZone(name: string): boolean {
  // ECMAScript takes offsets such as +03:00 too; AWS takes names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    // RangeError is how the constructor says that there is no such zone.
    return false;
  }
}

/** What the clocks of a zone show at an instant, as if it were UTC, milliseconds. */
export function localMsOf(epochMs: number, timeZone: string): number {
  if (timeZone === "UTC") return epochMs;
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatterOf(timeZone).formatToParts(epochMs)) {
    parts[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const subsecondMs = ((epochMs % 1000) + 1000) % 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second) + subsecondMs;
}

/**
 * The instant at which the clocks of a zone show a local time.
 *
 * @param localMs - The local time as if it were UTC, milliseconds.
 * @returns The first such instant where the time occurs twice; `undefined` where clocks skip it.
 */
export function epochMsOf(localMs: number, timeZone: string): number | undefined {
  // Clocks change at most once within two days, so that one of these two offsets is the one in force.
  const offsets = [localMs - DAY_MS, localMs + DAY_MS].map(
    (nearbyMs) => localMsOf(nearbyMs, timeZone) - nearbyMs,
  );
  const instants = offsets
    .map((offsetMs) => localMs - offsetMs)
    .filter((epochMs) => localMsOf(epochMs, timeZone) === localMs);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATTERS.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  FORMATTERS.set(timeZone, made);
  return made;
}
