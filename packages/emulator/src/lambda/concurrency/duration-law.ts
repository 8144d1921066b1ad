import { invariant, type Random } from "@pilotlight/core";

/** How a duration is drawn, milliseconds of service time. */
export type DurationLaw =
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly meanMs: number };

/**
 * How long AWS keeps an idle environment is documented nowhere; measurements of 2017 to 2019 and later reports
 * give 5 to 60 minutes, the newer ones 5 to 15. The lower half of that is the prior.
 *
 * @see https://mikhail.io/2019/08/aws-lambda-cold-starts-after-10-minutes/, read 2026-11-24.
 */
export const KEEP_ALIVE_PRIOR: DurationLaw = { kind: "uniform", minMs: 300_000, maxMs: 600_000 };

/**
 * Lambda ends environments "every few hours", even those that are never idle.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, read 2026-11-24.
 */
export const LIFETIME_PRIOR: DurationLaw = {
  kind: "uniform",
  minMs: 7_200_000,
  maxMs: 14_400_000,
};

/**
 * Provisioned concurrency starts to be allocated after one to two minutes of preparation.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html, read 2026-11-24.
 */
export const PREPARATION_PRIOR: DurationLaw = { kind: "uniform", minMs: 60_000, maxMs: 120_000 };

/**
 * Draws one duration by inversion of the law's distribution.
 *
 * @returns Whole milliseconds, `>= 0`: clocks do not add parts of them exactly.
 */
export function drawDurationMs(law: DurationLaw, random: Random): number {
  switch (law.kind) {
    case "fixed":
      invariant(law.ms >= 0, `a duration is not negative: ${law.ms} ms`);
      return law.ms;
    case "uniform":
      invariant(
        law.minMs >= 0 && law.minMs <= law.maxMs,
        `a duration lies between two bounds in their order: ${law.minMs} to ${law.maxMs} ms`,
      );
      return Math.round(law.minMs + random.next() * (law.maxMs - law.minMs));
    case "exponential":
      invariant(law.meanMs >= 0, `a mean duration is not negative: ${law.meanMs} ms`);
      return Math.round(-Math.log(1 - random.next()) * law.meanMs);
  }
}
