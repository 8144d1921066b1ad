/** One line of a bench's table. */
export type BenchRow = Readonly<Record<string, string | number>>;

/** What a bench measured in one run. */
export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** Figures that targets judge: ratios of things measured in this run. */
  readonly figures: Readonly<Record<string, number>>;
  readonly targets: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
}

/** Names of figures that miss their target. */
export function missedTargets({ figures, targets }: BenchResult): readonly string[] {
  return Object.entries(targets)
    .filter(([name, { min = -Infinity, max = Infinity }]) => {
      const figure = figures[name];
      return figure === undefined || !(figure >= min && figure <= max);
    })
    .map(([name]) => name);
}

/** Median of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
