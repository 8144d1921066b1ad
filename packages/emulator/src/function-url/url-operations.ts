import { jsonReply, type Reply } from "../http/reply.ts";
import type { Call } from "../lambda/api-request.ts";
import {
  type AwsError,
  resourceConflict,
  resourceNotFound,
  validationFailed,
} from "../lambda/aws-error.ts";
import { parseMembers } from "../lambda/function-input.ts";
import type { FunctionStore } from "../lambda/function-store.ts";
import {
  functionArn,
  type FunctionReference,
  LATEST,
  parseFunctionReference,
} from "../lambda/names.ts";
import { maxItems, pageOf } from "../lambda/page.ts";
import { type Route, route } from "../lambda/route.ts";
import { type FunctionUrl, urlBody } from "./function-url.ts";
import type { FunctionUrls } from "./function-urls.ts";
import { urlChange } from "./url-input.ts";

export interface FunctionUrlContext {
  readonly store: FunctionStore;
  readonly urls: FunctionUrls;
}

const QUALIFIER_PATTERN_TEXT = "((?!^\\d+$)^[0-9a-zA-Z-_]+$)";
const QUALIFIER_PATTERN = /^(?!^\d+$)[0-9a-zA-Z\-_]+$/;
const QUALIFIER_CHARS_MAX = 128;
/** URLs on one page: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionUrlConfigs.html */
const ITEMS_MAX = 50;

/** The operations on function URLs. */
export const FUNCTION_URL_ROUTES: readonly Route<FunctionUrlContext>[] = [
  route("POST /2021-10-31/functions/*/url", "CreateFunctionUrlConfig", createUrl),
  route("GET /2021-10-31/functions/*/url", "GetFunctionUrlConfig", getUrl),
  route("PUT /2021-10-31/functions/*/url", "UpdateFunctionUrlConfig", updateUrl),
  route("DELETE /2021-10-31/functions/*/url", "DeleteFunctionUrlConfig", deleteUrl),
  route("GET /2021-10-31/functions/*/urls", "ListFunctionUrlConfigs", listUrls),
];

async function createUrl({ store, urls }: FunctionUrlContext, call: Call): Promise<Reply> {
  const place = placeOf(call);
  const change = urlChange(parseMembers(call.body), { isNew: true, failures: place.failures });
  const { name, qualifier = LATEST } = place.reference;
  const record = store.find(name);
  if (record === undefined) throw noFunction();
  const arn = functionArn(name, place.reference.qualifier);
  if (urls.find(name, qualifier) !== undefined) throw exists(arn);
  if (qualifier !== LATEST && !record.aliases.has(qualifier)) throw noFunction();
  const { authType = "NONE", invokeMode = "BUFFERED", cors } = change;
  const url = await urls.create(
    { functionName: name, functionArn: arn, qualifier },
    { authType, invokeMode, cors },
  );
  if (url === undefined) throw exists(arn);
  const { LastModifiedTime: _later, ...body } = urlBody(url);
  return jsonReply(201, body);
}

function getUrl({ urls }: FunctionUrlContext, call: Call): Reply {
  return jsonReply(200, urlBody(calledUrl(urls, checkedPlace(call))));
}

function updateUrl({ store, urls }: FunctionUrlContext, call: Call): Reply {
  const place = placeOf(call);
  const change = urlChange(parseMembers(call.body), { isNew: false, failures: place.failures });
  const { name, qualifier } = place.reference;
  const record = store.find(name);
  const isThere = qualifier === undefined || record?.aliases.has(qualifier) === true;
  if (record === undefined || !isThere) throw noFunction();
  const url = calledUrl(urls, place.reference);
  urls.update(url, { ...url.settings, ...change });
  return jsonReply(200, urlBody(url));
}

function deleteUrl({ urls }: FunctionUrlContext, call: Call): Reply {
  urls.delete(calledUrl(urls, checkedPlace(call)));
  return { statusCode: 204, headers: {}, body: "" };
}

function listUrls({ store, urls }: FunctionUrlContext, call: Call): Reply {
  const { name } = checkedPlace(call);
  maxItems(call.query, ITEMS_MAX);
  if (store.find(name) === undefined) throw noFunction();
  const page = pageOf(urls.list(name), { query: call.query, keyOf: (url) => url.functionArn });
  return jsonReply(200, {
    FunctionUrlConfigs: page.items.map(urlBody),
    NextMarker: page.nextMarker,
  });
}

/** The function and alias that a request names, and what is wrong with the alias. */
function placeOf(call: Call): { reference: FunctionReference; failures: string[] } {
  const given = call.query.get("Qualifier") ?? undefined;
  const failures = given === undefined ? [] : qualifierFailures(given);
  const reference = parseFunctionReference({
    functionName: call.parameters[0] ?? "",
    // The alias has a stricter pattern of its own here.
    qualifier: failures.length === 0 ? given : undefined,
    operation: call.operation,
  });
  const { qualifier } = reference;
  if (given === undefined && qualifier !== undefined)
    failures.push(...qualifierFailures(qualifier));
  return { reference, failures };
}

function checkedPlace(call: Call): FunctionReference {
  const { reference, failures } = placeOf(call);
  if (failures.length > 0) throw validationFailed(failures);
  return reference;
}

function qualifierFailures(qualifier: string): string[] {
  const place = `Value '${qualifier}' at 'qualifier' failed to satisfy constraint: Member must`;
  return [
    ...(qualifier.length > QUALIFIER_CHARS_MAX
      ? [`${place} have length less than or equal to ${QUALIFIER_CHARS_MAX}`]
      : []),
    ...(QUALIFIER_PATTERN.test(qualifier)
      ? []
      : [`${place} satisfy regular expression pattern: ${QUALIFIER_PATTERN_TEXT}`]),
  ];
}

function calledUrl(
  urls: FunctionUrls,
  { name, qualifier = LATEST }: FunctionReference,
): FunctionUrl {
  const url = urls.find(name, qualifier);
  if (url !== undefined) return url;
  throw resourceNotFound("The resource you requested does not exist.");
}

function noFunction(): AwsError {
  return resourceNotFound("Function does not exist");
}

function exists(arn: string): AwsError {
  return resourceConflict(
    `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
  );
}
