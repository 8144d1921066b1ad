import type { MappingSettings } from "../mapping-record.ts";

/** Settings of a mapping of the fake queue, with those that a test names. */
export function mappingSettings(more: Partial<MappingSettings> = {}): MappingSettings {
  const isFifo = more.isFifo ?? false;
  return {
    functionArn: "arn:aws:lambda:us-east-1:000000000000:function:consumer",
    queueArn: `arn:aws:sqs:us-east-1:000000000000:queue${isFifo ? ".fifo" : ""}`,
    isFifo,
    batchSize: 10,
    windowSec: 0,
    reportsFailures: false,
    filterPatterns: [],
    ...more,
  };
}
