/**
 * Compares keys as S3 orders them: by the bytes of their UTF-8.
 *
 * JavaScript compares UTF-16 code units, which puts characters beyond U+FFFF before U+E000..U+FFFF.
 *
 * @returns Negative, zero or positive, as for sort.
 */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** Where a code unit stands in the order of code points: surrogates stand for the largest ones. */
function rank(codeUnit: number): number {
  if (codeUnit < 0xd800) return codeUnit;
  return codeUnit < 0xe000 ? codeUnit + 0x2000 : codeUnit - 0x800;
}

/** Names in the order of {@link compareKeys}, each with what it stands for. */
export class OrderedMap<Value> {
  readonly #values = new Map<string, Value>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) this.#keys.splice(this.indexAfter(key), 0, key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.indexAfter(key) - 1, 1);
  }

  keyAt(index: number): string | undefined {
    return this.#keys[index];
  }

  /** How many keys are not larger than `key`; it need not be one of them. */
  indexAfter(key: string): number {
    return this.#firstIndex((known) => compareKeys(known, key) > 0);
  }

  /** How many keys are smaller than every key that begins with `prefix`. */
  indexOfPrefix(prefix: string): number {
    return this.#firstIndex((known) => compareKeys(known, prefix) >= 0);
  }

  /** How many keys are not larger than those that begin with `prefix`. */
  indexAfterPrefix(prefix: string): number {
    return this.#firstIndex((known) => compareKeys(known, prefix) > 0 && !known.startsWith(prefix));
  }

  *values(): Generator<Value> {
    for (const key of this.#keys) {
      const value = this.#values.get(key);
      if (value !== undefined) yield value;
    }
  }

  /** The first index whose key satisfies a condition that all later keys satisfy too. */
  #firstIndex(isBehind: (key: string) => boolean): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(this.#keys[middle] ?? "")) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
