import type { MappingPhase } from "./mapping-phase.ts";

/** What a user says of an event source mapping, every default filled in. */
export interface MappingSettings {
  /** As the mapping was given it: with the version or alias, where there was one. */
  readonly functionArn: string;
  readonly queueArn: string;
  readonly isFifo: boolean;
  /** Messages in one event, 1 to 10,000. */
  readonly batchSize: number;
  /** How long a batch that is not full waits for more, seconds of service time, 0 to 300. */
  readonly windowSec: number;
  /** Whether the function answers which messages have failed. */
  readonly reportsFailures: boolean;
  /** Event patterns, one of which a message must match; without any, all do. */
  readonly filterPatterns: readonly string[];
  /** Batches that run at the same time. */
  readonly concurrencyMax?: number;
  readonly pollers?: PollerBounds;
}

/** Provisioned event pollers. */
export interface PollerBounds {
  readonly minimum: number;
  readonly maximum: number;
}

/** One event source mapping. */
export interface MappingRecord {
  readonly uuid: string;
  phase: MappingPhase;
  settings: MappingSettings;
  lastModifiedEpochMs: number;
}
