/**
 * Quotas of AWS that Pilotlight holds to. Read 2026-11-22; MB here is MiB, as on the pages themselves.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html unless a line names another source.
 */
export const LAMBDA_LIMITS = {
  memoryMbMin: 128,
  memoryMbMax: 10_240,
  timeoutSecMin: 1,
  timeoutSecMax: 900,
  /** Memory that buys the equivalent of one vCPU. */
  memoryMbPerVcpu: 1769,
  functionNameCharsMax: 64,
  environmentBytesMax: 4096,
  /** Request payload of a synchronous Invoke. */
  invokeRequestBytesMax: 6_291_456,
  /** 6 MiB + 100 bytes: aws-lambda-runtime-interface-emulator, interop/model.go MaxPayloadSize. */
  invokeResponseBytesMax: 6_291_556,
  /** Payload of an Event Invoke, 1 MB since October 2025 (AWS compute blog, 2026-01-29). */
  invokeEventBytesMax: 1_048_576,
  /** Init phase on demand: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
  initSecMax: 10,
  /** The tail of the log that Invoke returns: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
  logTailBytesMax: 4096,
  layersMax: 5,
  unzippedBytesMax: 262_144_000,
} as const;

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, read 2026-11-22. */
export const HTTP_API_LIMITS = {
  payloadBytesMax: 10_485_760,
  integrationTimeoutSecMax: 30,
} as const;
