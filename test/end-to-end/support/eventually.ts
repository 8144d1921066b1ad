import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 20;
const LIMIT_MS = 30_000;

/**
 * Asks again and again until there is an answer.
 *
 * @param look - Gives undefined or false as long as it is not so.
 * @throws Error naming what was awaited, when the limit passes.
 */
export async function eventually<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  { limitMs = LIMIT_MS }: { limitMs?: number } = {},
): Promise<Value> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(PAUSE_MS);
  }
}
