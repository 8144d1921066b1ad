/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Significant digits that always survive a float32 (FLT_DIG), and that always tell two of them apart. */
const FLOAT32_DIGITS_SURE = 6;
const FLOAT32_DIGITS_MAX = 9;
/** Digits that tell any two float16 apart. */
const FLOAT16_DIGITS_MAX = 5;

/** Whole numbers below this are exact in a float32, and their own shortest decimal up to seven digits. */
const FLOAT32_WHOLE_MAX = 2 ** 24;
const FLOAT16_WHOLE_MAX = 2 ** 11;

/**
 * The double whose decimal is the shortest that reads back as the same float32: 0.1 for the float32 nearest to 0.1,
 * instead of 0.10000000149011612.
 *
 * For n digits the candidate is round(v · 10^k) / 10^k with k = n - 1 - ⌊log10 |v|⌋. While 10^k is exact (|k| ≤ 22)
 * the division is the only rounding, so the candidate is the double nearest to that decimal and prints as it. Six
 * digits are tried first: a shorter decimal shows up there with zeros at its end, which printing drops.
 *
 * @param value - A float32; NaN and infinities are returned as they are.
 * @see C standard, FLT_DIG and FLT_DECIMAL_DIG, for 6 and 9 digits.
 */
export function shortestFloat32(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < FLOAT32_WHOLE_MAX && Math.trunc(value) === value) return value;
  const exponent = Math.floor(Math.log10(magnitude));
  // Outside, a power of ten is inexact; this is false for NaN and infinities as well.
  if (!(exponent >= -14 && exponent <= 22)) return shortestSlowly(value);
  for (let digits = FLOAT32_DIGITS_SURE; digits <= FLOAT32_DIGITS_MAX; digits += 1) {
    const shift = digits - 1 - exponent;
    const power = POWERS_OF_TEN[Math.abs(shift)] as number;
    const candidate =
      shift >= 0 ? Math.round(value * power) / power : Math.round(value / power) * power;
    if (Math.fround(candidate) === value) return candidate;
  }
  return shortestSlowly(value);
}

/** Float32 with few significant bits (subnormals) may need fewer than six digits. */
function shortestSlowly(value: number): number {
  for (let digits = 1; digits <= FLOAT32_DIGITS_MAX; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

/**
 * The double whose decimal is the shortest that reads back as the same float16.
 *
 * @param value - A float16; NaN and infinities are returned as they are.
 */
export function shortestFloat16(value: number): number {
  if (Math.abs(value) < FLOAT16_WHOLE_MAX && Math.trunc(value) === value) return value;
  for (let digits = 1; digits <= FLOAT16_DIGITS_MAX; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.f16round(candidate) === value) return candidate;
  }
  return value;
}
