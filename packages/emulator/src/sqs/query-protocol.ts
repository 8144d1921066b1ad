import { randomUUID } from "node:crypto";

import type { Reply } from "../http/reply.ts";
import type { ServiceRequest } from "../service.ts";
import { unreadable } from "./input.ts";
import { faultOf } from "./json-protocol.ts";
import type { Output } from "./operation.ts";
import type { SqsError } from "./sqs-error.ts";

/** Of the error whose text differs between the protocols. */
const UNKNOWN_QUEUE_CODE = "AWS.SimpleQueueService.NonExistentQueue";

const NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/";

/**
 * Members that are maps: their name in the query protocol, in the service model, and of key and value.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html, read
 *   2026-11-24
 */
const MAPS: readonly (readonly [string, string, string, string])[] = [
  ["Attribute", "Attributes", "Name", "Value"],
  ["MessageAttribute", "MessageAttributes", "Name", "Value"],
  ["MessageSystemAttribute", "MessageSystemAttributes", "Name", "Value"],
  ["Tag", "Tags", "Key", "Value"],
];

/** Members that are lists of texts in requests: a list of one need not be numbered. */
const TEXT_LISTS: readonly (readonly [string, string])[] = [
  ["AttributeName", "AttributeNames"],
  ["MessageAttributeName", "MessageAttributeNames"],
  ["MessageSystemAttributeName", "MessageSystemAttributeNames"],
  ["TagKey", "TagKeys"],
  ["AWSAccountId", "AWSAccountIds"],
  ["ActionName", "Actions"],
];

/** Members that are lists. */
const LISTS: readonly (readonly [string, string])[] = [
  ...TEXT_LISTS,
  ["SendMessageBatchRequestEntry", "Entries"],
  ["DeleteMessageBatchRequestEntry", "Entries"],
  ["ChangeMessageVisibilityBatchRequestEntry", "Entries"],
  ["QueueUrl", "QueueUrls"],
  ["QueueUrl", "queueUrls"],
  ["Message", "Messages"],
  ["BatchResultErrorEntry", "Failed"],
  ["ListMessageMoveTasksResultEntry", "Results"],
];

/** Members that are numbers; in a query everything is text. */
const INTEGERS: ReadonlySet<string> = new Set([
  "DelaySeconds",
  "MaxNumberOfMessages",
  "MaxNumberOfMessagesPerSecond",
  "MaxResults",
  "VisibilityTimeout",
  "WaitTimeSeconds",
]);

type Tree = Map<string, string | Tree>;

/** The operation, where one is named, and its members, as the service model names them. @throws SqsError */
export function queryRequest({ body, path, query }: ServiceRequest): {
  readonly operation: string | undefined;
  readonly members: Readonly<Record<string, unknown>>;
} {
  const tree: Tree = new Map();
  const form = new URLSearchParams(Buffer.from(body).toString());
  for (const [name, value] of [...query, ...form]) plant(tree, { names: name.split("."), value });
  const action = tree.get("Action");
  // The path is the queue's URL where no parameter says otherwise.
  if (!tree.has("QueueUrl") && path !== "/") tree.set("QueueUrl", path);
  return {
    operation: typeof action === "string" ? action : undefined,
    members: membersOf(tree),
  };
}

export function queryOutput(operation: string, output: Output): Reply {
  const members = Object.entries(output).map(([name, value]) =>
    memberXml(name, { value, operation }),
  );
  const content = members.join("");
  const result = content === "" ? "" : element(`${operation}Result`, content);
  return xmlReply(200, { root: `${operation}Response`, content: result, hasMetadata: true });
}

export function queryError(error: SqsError): Reply {
  const message =
    error.queryCode === UNKNOWN_QUEUE_CODE
      ? "The specified queue does not exist for this wsdl version."
      : error.message;
  const content =
    element("Type", faultOf(error)) +
    element("Code", escaped(error.queryCode)) +
    element("Message", escaped(message)) +
    "<Detail/>";
  return xmlReply(error.statusCode, {
    root: "ErrorResponse",
    content: element("Error", content),
    hasMetadata: false,
  });
}

function plant(tree: Tree, { names, value }: { names: readonly string[]; value: string }): void {
  const [name = "", ...rest] = names;
  if (rest.length === 0) {
    tree.set(name, value);
    return;
  }
  const known = tree.get(name);
  const branch: Tree = known instanceof Map ? known : new Map<string, string | Tree>();
  tree.set(name, branch);
  plant(branch, { names: rest, value });
}

function membersOf(tree: Tree): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...tree].map(([name, value]) => memberOf(name, value)));
}

function memberOf(name: string, value: string | Tree): readonly [string, unknown] {
  if (typeof value === "string") {
    const texts = TEXT_LISTS.find(([short]) => short === name);
    if (texts !== undefined) return [texts[1], [value]];
    return [name, INTEGERS.has(name) ? integer(value) : value];
  }
  const map = MAPS.find(([short]) => short === name);
  if (map !== undefined) {
    const [, long, keyName, valueName] = map;
    const pairs = entriesOf(value, keyName).map((entry) => [
      textIn(entry, keyName),
      valueOf(entry, valueName),
    ]);
    return [long, Object.fromEntries(pairs)];
  }
  const list = LISTS.find(([short]) => short === name);
  if (list === undefined) return [name, membersOf(value)];
  const items = numbered(value).map((item) => (typeof item === "string" ? item : membersOf(item)));
  return [list[1], items];
}

/** `Attribute.1.Name` is one of several, `Attribute.Name` the only one. */
function entriesOf(tree: Tree, keyName: string): readonly Tree[] {
  if (tree.has(keyName)) return [tree];
  return numbered(tree).filter((entry) => typeof entry !== "string");
}

function numbered(tree: Tree): readonly (string | Tree)[] {
  const entries = [...tree].filter(([name]) => /^\d+$/.test(name));
  return entries.toSorted(([one], [other]) => Number(one) - Number(other)).map(([, item]) => item);
}

/** An entry without a name has an empty one, which every map refuses in its own words. */
function textIn(tree: Tree, name: string): string {
  const value = tree.get(name);
  return typeof value === "string" ? value : "";
}

function valueOf(tree: Tree, name: string): unknown {
  const value = tree.get(name) ?? "";
  return typeof value === "string" ? value : membersOf(value);
}

function integer(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw unreadable(`"${text}" can not be converted to an Integer`);
}

function memberXml(
  name: string,
  { value, operation }: { readonly value: unknown; readonly operation: string },
): string {
  if (value === undefined) return "";
  const map = MAPS.find(([, long]) => long === name);
  if (map !== undefined) {
    const [short, , keyName, valueName] = map;
    const entries = Object.entries(value as Readonly<Record<string, unknown>>);
    return entries
      .map(([key, item]) =>
        element(
          short,
          element(keyName, escaped(key)) + element(valueName, contentXml(item, operation)),
        ),
      )
      .join("");
  }
  if (Array.isArray(value)) {
    const list = LISTS.find(([, long]) => long === name);
    const short = name === "Successful" ? `${operation}ResultEntry` : (list?.[0] ?? name);
    return value.map((item: unknown) => element(short, contentXml(item, operation))).join("");
  }
  return element(name, contentXml(value, operation));
}

function contentXml(value: unknown, operation: string): string {
  if (typeof value !== "object" || value === null) return escaped(String(value));
  const members = Object.entries(value as Readonly<Record<string, unknown>>);
  return members.map(([name, member]) => memberXml(name, { value: member, operation })).join("");
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

/** A carriage return is written as a reference: a parser would make a line feed of it. */
function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#xD;");
}

function xmlReply(
  statusCode: number,
  { root, content, hasMetadata }: { root: string; content: string; hasMetadata: boolean },
): Reply {
  const requestId = randomUUID();
  const id = element("RequestId", requestId);
  const end = hasMetadata ? element("ResponseMetadata", id) : id;
  return {
    statusCode,
    headers: { "x-amzn-RequestId": requestId, "Content-Type": "text/xml" },
    body: `<?xml version="1.0"?><${root} xmlns="${NAMESPACE}">${content}${end}</${root}>`,
  };
}
