import { jsonReply, type Reply } from "../../http/reply.ts";
import type { Call } from "../api-request.ts";
import { invalidParameter, validationFailed } from "../aws-error.ts";
import { parseMembers } from "../function-input.ts";
import type { FunctionRecord } from "../function-record.ts";
import type { FunctionStore } from "../function-store.ts";
import { parseFunctionReference } from "../names.ts";
import { type Route, route } from "../route.ts";
import { tagsMember, withTags } from "./tags.ts";

interface TagContext {
  readonly store: FunctionStore;
}

/** ARNs of functions, as far as this emulator has anything that takes tags. */
const RESOURCE_PATTERN_TEXT =
  "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})";
const FUNCTION_PATTERN =
  /^arn:aws[a-zA-Z-]*:lambda:[a-z-]+-\d:\d{12}:function:[a-zA-Z0-9\-_]+(:(\$LATEST|[a-zA-Z0-9\-_]+))?$/;

/** The operations on the tags of functions. */
export const TAG_ROUTES: readonly Route<TagContext>[] = [
  route("GET /2017-03-31/tags/*", "ListTags", listTags),
  route("POST /2017-03-31/tags/*", "TagResource", tagResource),
  route("DELETE /2017-03-31/tags/*", "UntagResource", untagResource),
];

function listTags({ store }: TagContext, call: Call): Reply {
  return jsonReply(200, { Tags: Object.fromEntries(taggedFunction(store, call).tags) });
}

function tagResource({ store }: TagContext, call: Call): Reply {
  const added = tagsMember(parseMembers(call.body));
  if (added.size === 0) {
    throw invalidParameter("An error occurred and the request cannot be processed.");
  }
  const record = taggedFunction(store, call);
  record.tags = withTags(record.tags, added);
  return { statusCode: 204, headers: {}, body: "" };
}

function untagResource({ store }: TagContext, call: Call): Reply {
  const keys = call.query.getAll("tagKeys");
  if (keys.length === 0) {
    throw validationFailed([
      "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    ]);
  }
  const record = taggedFunction(store, call);
  record.tags = new Map([...record.tags].filter(([key]) => !keys.includes(key)));
  return { statusCode: 204, headers: {}, body: "" };
}

function taggedFunction(store: FunctionStore, call: Call): FunctionRecord {
  const arn = call.parameters[0] ?? "";
  if (!FUNCTION_PATTERN.test(arn)) {
    throw validationFailed([
      `Value '${arn}' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: ${RESOURCE_PATTERN_TEXT}`,
    ]);
  }
  const { name, qualifier } = parseFunctionReference({
    functionName: arn,
    operation: call.operation,
  });
  if (qualifier !== undefined) {
    throw invalidParameter(
      "Tags on function aliases and versions are not supported. Please specify a function ARN.",
    );
  }
  return store.get(name);
}
