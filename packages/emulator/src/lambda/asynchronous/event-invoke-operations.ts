import type { Deliveries } from "../../delivery.ts";
import { jsonReply, type Reply } from "../../http/reply.ts";
import { calledFunction, type Call } from "../api-request.ts";
import { type AwsError, resourceNotFound } from "../aws-error.ts";
import { parseMembers } from "../function-input.ts";
import type { FunctionRecord } from "../function-record.ts";
import type { FunctionStore } from "../function-store.ts";
import { functionArn, LATEST } from "../names.ts";
import { maxItems, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import {
  type EventInvokeConfig,
  type EventInvokeConfigs,
  hasQualifier,
} from "./event-invoke-config.ts";
import { checkDestinations, eventInvokeInput } from "./event-invoke-input.ts";

/** What the operations on event invoke configurations work with. */
export interface EventInvokeContext {
  readonly store: FunctionStore;
  readonly eventInvokeConfigs: EventInvokeConfigs;
  readonly deliveries: Deliveries;
  /** Wall time of the service clock, milliseconds since the Unix epoch. */
  readonly nowEpochMs: () => number;
}

/** Configurations on one page. */
const ITEMS_MAX = 50;

const PATH = "/2019-09-25/functions/*/event-invoke-config";

/** Paths and methods of https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html, read 2026-11-24. */
export const EVENT_INVOKE_ROUTES: readonly Route<EventInvokeContext>[] = [
  route(`PUT ${PATH}`, "PutFunctionEventInvokeConfig", putConfig),
  route(`POST ${PATH}`, "UpdateFunctionEventInvokeConfig", updateConfig),
  route(`GET ${PATH}`, "GetFunctionEventInvokeConfig", getConfig),
  route(`DELETE ${PATH}`, "DeleteFunctionEventInvokeConfig", deleteConfig),
  route(`GET ${PATH}/list`, "ListFunctionEventInvokeConfigs", listConfigs),
];

/** Put replaces the whole configuration. */
function putConfig(context: EventInvokeContext, call: Call): Reply {
  const reference = calledFunction(call);
  const { maximumRetryAttempts, maximumEventAgeSec, destinations } = eventInvokeInput(
    parseMembers(call.body),
  );
  const { record, qualifier } = existing(context, reference);
  if (destinations !== undefined) {
    checkDestinations(destinations, {
      functionName: record.name,
      deliveries: context.deliveries,
    });
  }
  return saved(context, record, {
    qualifier,
    lastModifiedEpochMs: context.nowEpochMs(),
    maximumRetryAttempts,
    maximumEventAgeSec,
    onSuccess: destinations?.onSuccess,
    onFailure: destinations?.onFailure,
  });
}

/** Update replaces what it names. */
function updateConfig(context: EventInvokeContext, call: Call): Reply {
  const reference = calledFunction(call);
  const { maximumRetryAttempts, maximumEventAgeSec, destinations } = eventInvokeInput(
    parseMembers(call.body),
  );
  const { record, qualifier } = existing(context, reference);
  const current = context.eventInvokeConfigs.find(record, qualifier);
  if (current === undefined) throw withoutConfig(record.name, qualifier);
  if (destinations !== undefined) {
    checkDestinations(destinations, {
      functionName: record.name,
      deliveries: context.deliveries,
    });
  }
  return saved(context, record, {
    qualifier,
    lastModifiedEpochMs: context.nowEpochMs(),
    maximumRetryAttempts: maximumRetryAttempts ?? current.maximumRetryAttempts,
    maximumEventAgeSec: maximumEventAgeSec ?? current.maximumEventAgeSec,
    onSuccess: destinations === undefined ? current.onSuccess : destinations.onSuccess,
    onFailure: destinations === undefined ? current.onFailure : destinations.onFailure,
  });
}

function getConfig({ store, eventInvokeConfigs }: EventInvokeContext, call: Call): Reply {
  const { name, qualifier = LATEST } = calledFunction(call);
  const record = store.find(name);
  const config = record === undefined ? undefined : eventInvokeConfigs.find(record, qualifier);
  if (record === undefined || config === undefined) throw withoutConfig(name, qualifier);
  return jsonReply(200, configBody(record, config));
}

function deleteConfig({ store, eventInvokeConfigs }: EventInvokeContext, call: Call): Reply {
  const { name, qualifier = LATEST } = calledFunction(call);
  const record = store.find(name);
  if (record === undefined || !eventInvokeConfigs.delete(record, qualifier)) {
    throw withoutConfig(name, qualifier);
  }
  return { statusCode: 204, headers: {}, body: "" };
}

function listConfigs(context: EventInvokeContext, call: Call): Reply {
  const { name } = calledFunction(call);
  maxItems(call.query, ITEMS_MAX);
  const record = context.store.find(name);
  if (record === undefined) throw withoutFunction();
  const page = pageOf(context.eventInvokeConfigs.list(record), {
    query: call.query,
    keyOf: ({ qualifier }) => functionArn(name, qualifier),
  });
  return jsonReply(200, {
    FunctionEventInvokeConfigs: page.items.map((config) => configBody(record, config)),
    NextMarker: page.nextMarker,
  });
}

/** The function, and the version or alias of it that the request names. @throws AwsError 404. */
function existing(
  { store }: EventInvokeContext,
  { name, qualifier = LATEST }: ReturnType<typeof calledFunction>,
): { record: FunctionRecord; qualifier: string } {
  const record = store.find(name);
  if (record === undefined || !hasQualifier(record, qualifier)) throw withoutFunction();
  return { record, qualifier };
}

function saved(
  { eventInvokeConfigs }: EventInvokeContext,
  record: FunctionRecord,
  config: EventInvokeConfig,
): Reply {
  eventInvokeConfigs.put(record, config);
  return jsonReply(200, configBody(record, config));
}

/** FunctionEventInvokeConfig; both destinations are there, whether they are set or not, as recorded on AWS 2025-11-25. */
function configBody(record: FunctionRecord, config: EventInvokeConfig): Record<string, unknown> {
  return {
    // The protocol writes points in time as seconds.
    LastModified: config.lastModifiedEpochMs / 1000,
    FunctionArn: functionArn(record.name, config.qualifier),
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumEventAgeInSeconds: config.maximumEventAgeSec,
    DestinationConfig: {
      OnSuccess: { Destination: config.onSuccess },
      OnFailure: { Destination: config.onFailure },
    },
  };
}

function withoutFunction(): AwsError {
  return resourceNotFound("The function doesn't exist.");
}

function withoutConfig(name: string, qualifier: string): AwsError {
  return resourceNotFound(
    `The function ${functionArn(name, qualifier)} doesn't have an EventInvokeConfig`,
  );
}
