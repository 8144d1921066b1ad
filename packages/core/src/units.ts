/** Bytes in one MB as AWS counts memory and payloads (a mebibyte). */
export const BYTES_PER_MB = 1_048_576;

const BYTE_UNITS = ["B", "KB", "MB", "GB"] as const;

/** Writes a number of bytes for people: at most three significant digits, steps of 1,024. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${BYTE_UNITS[unit]}`;
}

/** Writes milliseconds for people: one decimal below 100 ms, none above. */
export function formatMs(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
