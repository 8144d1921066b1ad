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
