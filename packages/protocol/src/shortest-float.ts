/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** A binary format: how its decimals are searched. */
interface FloatFormat {
  readonly round: (value: number) => number;
  /** Significant digits that always survive the format, and that always tell two of its values apart. */
  readonly digitsSure: number;
  readonly digitsMax: number;
  /** Below this every whole number is exact. */
  readonly wholeMax: number;
  /** Below this the format has subnormals, of which even `digitsSure` digits may say too much. */
  readonly normalMin: number;
}

const FLOAT32: FloatFormat = {
  round: Math.fround,
  digitsSure: 6,
  digitsMax: 9,
  wholeMax: 2 ** 24,
  // Subnormal from 2^-126 on; long before, 10^k is no longer exact.
  normalMin: 1e-14,
};

const FLOAT16: FloatFormat = {
  round: Math.f16round,
  digitsSure: 3,
  digitsMax: 5,
  wholeMax: 2 ** 11,
  normalMin: 2 ** -14,
};

/** Above this 10^k is no longer exact for few digits. */
const MAGNITUDE_MAX = 1e22;

/**
 * The double whose decimal is the shortest that reads back as the same float32: 0.1 for the float32 nearest to 0.1,
 * instead of 0.10000000149011612.
 *
 * For n digits the candidate is round(v · 10^k) / 10^k with k = n - 1 - ⌊log10 |v|⌋. While 10^k is exact (|k| ≤ 22)
 * the division is the only rounding, so the candidate is the double nearest to that decimal and prints as it. Six
 * digits are tried first: a shorter decimal shows up there with zeros at its end, which printing drops.
 *
 * @param value - A finite float32.
 * @see C standard, section 5.2.4.2.2, FLT_DIG and FLT_DECIMAL_DIG, for 6 and 9 digits; the formula with p = 11 gives
 *   3 and 5 for float16.
 */
export function shortestFloat32(value: number): number {
  return shortest(value, FLOAT32);
}

/** The double whose decimal is the shortest that reads back as the same finite float16, in the same way. */
export function shortestFloat16(value: number): number {
  return shortest(value, FLOAT16);
}

function shortest(value: number, format: FloatFormat): number {
  const magnitude = Math.abs(value);
  if (magnitude < format.wholeMax && Math.trunc(value) === value) return value;
  if (!(magnitude >= format.normalMin && magnitude <= MAGNITUDE_MAX)) {
    return shortestSlowly(value, format);
  }
  const exponent = Math.floor(Math.log10(magnitude));
  for (let digits = format.digitsSure; digits <= format.digitsMax; digits += 1) {
    const shift = digits - 1 - exponent;
    const power = POWERS_OF_TEN[Math.abs(shift)] as number;
    // Of the magnitude, since a tie has to go away from zero: below a power of two the spacing is half as wide.
    const candidate =
      shift >= 0 ? Math.round(magnitude * power) / power : Math.round(magnitude / power) * power;
    if (format.round(candidate) === magnitude) return value < 0 ? -candidate : candidate;
  }
  return shortestSlowly(value, format);
}

function shortestSlowly(value: number, { round, digitsMax }: FloatFormat): number {
  for (let digits = 1; digits <= digitsMax; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (round(candidate) === value) return candidate;
  }
  return value;
}
