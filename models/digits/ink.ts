import type { Picture } from "./picture.ts";
import { refusal } from "./refusal.ts";

/** How much ink each pixel holds, 0 paper to 1 the strongest stroke, row by row. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly levels: Float32Array;
}

/** Less than this share of the way from black to white between paper and ink is no drawing. */
const MIN_CONTRAST = 0.08;

const WHITE = 1;
const BLACK = 0;

/**
 * Tells ink from paper: paper is what most of the border is, dark or bright.
 *
 * A transparent picture is laid on white, and on black when nothing shows on white.
 *
 * @throws Refusal 400 when the picture is blank.
 */
export function inkOf(picture: Picture): Ink {
  const ink = inkOn(WHITE, picture) ?? inkOn(BLACK, picture);
  if (ink !== undefined) return ink;
  throw refusal(
    400,
    `the image of ${picture.width} x ${picture.height} pixels is blank: no pixel differs from the rest by ${MIN_CONTRAST * 100} % of the way from black to white; send one digit that stands out from its paper`,
  );
}

function inkOn(background: number, { width, height, luma, alpha }: Picture): Ink | undefined {
  const seen = luma.map((value, index) => {
    const opacity = alpha[index] ?? 1;
    return value * opacity + background * (1 - opacity);
  });
  const { darkest, brightest } = rangeOf(seen);
  if (brightest - darkest < MIN_CONTRAST) return undefined;
  const middle = (darkest + brightest) / 2;
  const border = borderOf(seen, { width, height });
  const isPaperBright = majorityIsAbove(border, middle) ?? majorityIsAbove(seen, middle) ?? true;
  const strongest = isPaperBright ? darkest : brightest;
  const paper = median(border.filter((value) => value > middle === isPaperBright));
  const levels = seen.map((value) => {
    return Math.min(Math.max((value - paper) / (strongest - paper), 0), 1);
  });
  return { width, height, levels };
}

function rangeOf(values: Float32Array): { darkest: number; brightest: number } {
  let darkest = WHITE;
  let brightest = BLACK;
  for (const value of values) {
    if (value < darkest) darkest = value;
    if (value > brightest) brightest = value;
  }
  return { darkest, brightest };
}

function borderOf(
  values: Float32Array,
  { width, height }: { width: number; height: number },
): Float32Array {
  const border = [...values.subarray(0, width), ...values.subarray((height - 1) * width)];
  for (let row = 1; row < height - 1; row++) {
    border.push(values[row * width] ?? 0, values[(row + 1) * width - 1] ?? 0);
  }
  return Float32Array.from(border);
}

/** Whether more values lie above the threshold than not; undefined when as many do. */
function majorityIsAbove(values: Float32Array, threshold: number): boolean | undefined {
  let surplus = 0;
  for (const value of values) surplus += value > threshold ? 1 : -1;
  return surplus === 0 ? undefined : surplus > 0;
}

function median(values: Float32Array): number {
  return values.toSorted()[Math.floor(values.length / 2)] ?? 0;
}
