import type { Ink } from "./ink.ts";

/** Cells along each side of the model's input. */
export const GLYPH_SIZE = 8;

/** Paler pixels are the blurred edge of a stroke and do not count for its bounding box. */
const INK_THRESHOLD = 0.3;

/** Half-open, in pixels. */
interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * Fits the ink's bounding box into 8 x 8 cells, as the training images are laid out.
 *
 * The box keeps its aspect ratio, its longer side fills the eight cells, the shorter one is centred; a
 * cell is the mean ink over its area. glyph.py does the same for training.
 *
 * @returns 64 values from 0 (paper) to 1 (ink), row by row.
 */
export function glyphOf(ink: Ink): Float32Array {
  const { rows, columns } = boundingBox(ink);
  const side = Math.max(lengthOf(rows), lengthOf(columns));
  const glyph = new Float32Array(GLYPH_SIZE * GLYPH_SIZE);
  return glyph.map((_, index) => {
    const vertical = cellOf(rows, { side, position: Math.floor(index / GLYPH_SIZE) });
    const horizontal = cellOf(columns, { side, position: index % GLYPH_SIZE });
    return meanInk(ink, { vertical, horizontal, box: { rows, columns } });
  });
}

interface Box {
  readonly rows: Interval;
  readonly columns: Interval;
}

function boundingBox({ width, height, levels }: Ink): Box {
  let [top, bottom, left, right] = [height, 0, width, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if ((levels[row * width + column] ?? 0) < INK_THRESHOLD) continue;
      top = Math.min(top, row);
      bottom = row + 1;
      left = Math.min(left, column);
      right = Math.max(right, column + 1);
    }
  }
  return { rows: { start: top, end: bottom }, columns: { start: left, end: right } };
}

function lengthOf({ start, end }: Interval): number {
  return end - start;
}

/** The stretch of one cell along an axis, when a square of `side` pixels is centred on the interval. */
function cellOf(
  { start, end }: Interval,
  { side, position }: { side: number; position: number },
): Interval {
  const first = (start + end - side) / 2;
  const cell = side / GLYPH_SIZE;
  return { start: first + position * cell, end: first + (position + 1) * cell };
}

/** Mean ink over a cell; what lies outside the bounding box counts as paper. */
function meanInk(
  { width, levels }: Ink,
  { vertical, horizontal, box }: { vertical: Interval; horizontal: Interval; box: Box },
): number {
  const rows = pixelsUnder(vertical, box.rows);
  const columns = pixelsUnder(horizontal, box.columns);
  let sum = 0;
  for (let row = rows.start; row < rows.end; row++) {
    let rowSum = 0;
    for (let column = columns.start; column < columns.end; column++) {
      rowSum += (levels[row * width + column] ?? 0) * shareOf(column, horizontal);
    }
    sum += rowSum * shareOf(row, vertical);
  }
  return sum / (lengthOf(vertical) * lengthOf(horizontal));
}

/** The pixels of `within` that the cell touches. */
function pixelsUnder(cell: Interval, within: Interval): Interval {
  return {
    start: Math.max(Math.floor(cell.start), within.start),
    end: Math.min(Math.ceil(cell.end), within.end),
  };
}

/** How much of the pixel the cell covers, along one axis. */
function shareOf(pixel: number, cell: Interval): number {
  return Math.min(cell.end, pixel + 1) - Math.max(cell.start, pixel);
}
