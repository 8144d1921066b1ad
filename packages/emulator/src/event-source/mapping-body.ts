import { ACCOUNT_ID, REGION } from "../lambda/names.ts";
import { mappingState } from "./mapping-phase.ts";
import type { MappingRecord } from "./mapping-record.ts";

/** EventSourceMappingConfiguration, with the members that a queue's mapping has. */
export function mappingBody({
  uuid,
  phase,
  settings,
  lastModifiedEpochMs,
}: MappingRecord): Record<string, unknown> {
  const { filterPatterns, concurrencyMax, pollers } = settings;
  return {
    UUID: uuid,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.windowSec,
    EventSourceArn: settings.queueArn,
    ...(filterPatterns.length > 0 && {
      FilterCriteria: { Filters: filterPatterns.map((pattern) => ({ Pattern: pattern })) },
    }),
    FunctionArn: settings.functionArn,
    LastModified: lastModifiedEpochMs / 1_000,
    State: mappingState(phase),
    StateTransitionReason: "USER_INITIATED",
    FunctionResponseTypes: settings.reportsFailures ? ["ReportBatchItemFailures"] : [],
    ...(concurrencyMax !== undefined && { ScalingConfig: { MaximumConcurrency: concurrencyMax } }),
    ...(pollers !== undefined && {
      ProvisionedPollerConfig: {
        MinimumPollers: pollers.minimum,
        MaximumPollers: pollers.maximum,
      },
    }),
    EventSourceMappingArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:event-source-mapping:${uuid}`,
  };
}
