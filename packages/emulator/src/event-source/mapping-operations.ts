import { jsonReply, type Reply } from "../http/reply.ts";
import type { Call } from "../lambda/api-request.ts";
import { parseMembers } from "../lambda/function-input.ts";
import { functionArn, parseFunctionReference } from "../lambda/names.ts";
import { pageOf } from "../lambda/page.ts";
import { type Route, route } from "../lambda/route.ts";
import type { EventSources } from "./event-sources.ts";
import { mappingBody } from "./mapping-body.ts";

/** What the operations on event source mappings work with. */
export interface EventSourceContext {
  readonly eventSources: EventSources;
}

/** Mappings on one page: https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html read 2026-11-24 */
const ITEMS_MAX = 100;

const MAPPINGS = "/2015-03-31/event-source-mappings";

/** The operations on event source mappings. */
export const EVENT_SOURCE_ROUTES: readonly Route<EventSourceContext>[] = [
  route(`POST ${MAPPINGS}`, "CreateEventSourceMapping", createMapping),
  route(`GET ${MAPPINGS}`, "ListEventSourceMappings", listMappings),
  route(`GET ${MAPPINGS}/*`, "GetEventSourceMapping", getMapping),
  route(`PUT ${MAPPINGS}/*`, "UpdateEventSourceMapping", updateMapping),
  route(`DELETE ${MAPPINGS}/*`, "DeleteEventSourceMapping", deleteMapping),
];

function createMapping({ eventSources }: EventSourceContext, { body }: Call): Reply {
  return jsonReply(202, eventSources.create(parseMembers(body)));
}

function getMapping({ eventSources }: EventSourceContext, { parameters }: Call): Reply {
  return jsonReply(200, mappingBody(eventSources.get(parameters[0] ?? "")));
}

function updateMapping({ eventSources }: EventSourceContext, { parameters, body }: Call): Reply {
  return jsonReply(202, eventSources.update(parameters[0] ?? "", parseMembers(body)));
}

function deleteMapping({ eventSources }: EventSourceContext, { parameters }: Call): Reply {
  return jsonReply(202, eventSources.delete(parameters[0] ?? ""));
}

function listMappings({ eventSources }: EventSourceContext, { query, operation }: Call): Reply {
  const queueArn = query.get("EventSourceArn");
  const functionName = query.get("FunctionName");
  const reference =
    functionName === null ? undefined : parseFunctionReference({ functionName, operation });
  const arn =
    reference === undefined ? undefined : functionArn(reference.name, reference.qualifier);
  const mappings = eventSources
    .list()
    .filter(
      ({ settings }) =>
        (queueArn === null || settings.queueArn === queueArn) &&
        (arn === undefined || settings.functionArn === arn),
    );
  const page = pageOf(mappings, { query, keyOf: ({ uuid }) => uuid, itemsMax: ITEMS_MAX });
  return jsonReply(200, {
    EventSourceMappings: page.items.map(mappingBody),
    NextMarker: page.nextMarker,
  });
}
