import { pathToFileURL } from "node:url";

import { jsonReply, type Reply } from "../../http/reply.ts";
import type { Call } from "../api-request.ts";
import { invalidParameter, notEmulated, validationFailed } from "../aws-error.ts";
import { unpackCode } from "../code.ts";
import { isMembers, parseMembers, type RequestMembers, stringMember } from "../function-input.ts";
import type { FunctionCode } from "../function-record.ts";
import type { FunctionStore } from "../function-store.ts";
import { pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { layerArn, type LayerStore, type LayerVersion } from "./layer-store.ts";

/** What the operations on layers work with. */
export interface LayerContext {
  readonly layers: LayerStore;
  readonly store: FunctionStore;
  /** Folder that layers are unpacked in. */
  readonly codeDirectory: string;
}

const NAME_PATTERN_TEXT =
  "(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";
const NAME_CHARS_MAX = 140;

/** Paths and methods are those of the service model, https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
export const LAYER_ROUTES: readonly Route<LayerContext>[] = [
  route("POST /2018-10-31/layers/*/versions", "PublishLayerVersion", publishLayerVersion),
  route("GET /2018-10-31/layers/*/versions/*", "GetLayerVersion", getLayerVersion),
  route("DELETE /2018-10-31/layers/*/versions/*", "DeleteLayerVersion", deleteLayerVersion),
  route("GET /2018-10-31/layers/*/versions", "ListLayerVersions", listLayerVersions),
  route("GET /2018-10-31/layers", "ListLayers", listLayers),
];

async function publishLayerVersion(context: LayerContext, call: Call): Promise<Reply> {
  const name = calledLayer(call);
  const members = parseMembers(call.body);
  const published = context.layers.publish(name, {
    description: stringMember(members, "Description") ?? "",
    licenseInfo: stringMember(members, "LicenseInfo"),
    compatibleRuntimes: stringsMember(members, "CompatibleRuntimes"),
    compatibleArchitectures: stringsMember(members, "CompatibleArchitectures"),
    code: await codeOf(context, members["Content"]),
  });
  return jsonReply(201, withContent(published));
}

function getLayerVersion({ layers }: LayerContext, call: Call): Reply {
  return jsonReply(200, withContent(layers.get(calledLayer(call), calledVersion(call))));
}

async function deleteLayerVersion({ layers, store }: LayerContext, call: Call): Promise<Reply> {
  const used = new Set(
    store
      .list()
      .flatMap(({ latest, versions }) => [latest, ...versions.values()])
      .flatMap(({ settings }) => settings.layers ?? [])
      .map(({ directory }) => directory),
  );
  await layers.delete(calledLayer(call), {
    version: calledVersion(call),
    isInUse: (directory) => used.has(directory),
  });
  return { statusCode: 204, headers: {}, body: "" };
}

function listLayerVersions({ layers }: LayerContext, call: Call): Reply {
  const versions = layers.versions(calledLayer(call)).filter(fitting(call.query));
  const page = pageOf(versions, { query: call.query, keyOf: ({ version }) => String(version) });
  return jsonReply(200, {
    LayerVersions: page.items.map(listed),
    NextMarker: page.nextMarker,
  });
}

function listLayers({ layers }: LayerContext, call: Call): Reply {
  // GetLayerVersionByArn has the same path.
  const arn = call.query.get("Arn");
  if (call.query.get("find") === "LayerVersion" && arn !== null) {
    return jsonReply(200, withContent(layers.getByArn(arn)));
  }
  const newest = layers.newest().flatMap(({ layerName }) => {
    const fits = layers.versions(layerName).find(fitting(call.query));
    return fits === undefined ? [] : [fits];
  });
  const page = pageOf(newest, { query: call.query, keyOf: ({ layerName }) => layerName });
  return jsonReply(200, {
    Layers: page.items.map((version) => ({
      LayerName: version.layerName,
      LayerArn: version.layerArn,
      LatestMatchingVersion: listed(version),
    })),
    NextMarker: page.nextMarker,
  });
}

function fitting(query: URLSearchParams): (version: LayerVersion) => boolean {
  const runtime = query.get("CompatibleRuntime");
  const architecture = query.get("CompatibleArchitecture");
  return ({ compatibleRuntimes, compatibleArchitectures }) =>
    (runtime === null || compatibleRuntimes.includes(runtime)) &&
    (architecture === null || compatibleArchitectures.includes(architecture));
}

function calledLayer({ parameters: [given = ""] }: Call): string {
  const name = given.startsWith(layerArn("")) ? given.slice(layerArn("").length) : given;
  if (/^[a-zA-Z0-9-_]+$/.test(name) && given.length <= NAME_CHARS_MAX) return name;
  const bound =
    given.length > NAME_CHARS_MAX
      ? `Member must have length less than or equal to ${NAME_CHARS_MAX}`
      : `Member must satisfy regular expression pattern: ${NAME_PATTERN_TEXT}`;
  throw validationFailed([
    `Value '${given}' at 'layerName' failed to satisfy constraint: ${bound}`,
  ]);
}

function calledVersion({ parameters: [, given = ""] }: Call): number {
  const version = Number(given);
  if (Number.isInteger(version) && version >= 1) return version;
  throw invalidParameter("Layer Version Cannot be less than 1.");
}

async function codeOf(
  { codeDirectory }: LayerContext,
  content: RequestMembers[string],
): Promise<FunctionCode> {
  if (!isMembers(content)) {
    throw validationFailed([
      "Value null at 'content' failed to satisfy constraint: Member must not be null",
    ]);
  }
  const zip = stringMember(content, "ZipFile");
  if (zip !== undefined) return unpackCode(Buffer.from(zip, "base64"), codeDirectory);
  throw notEmulated(
    "The content of the layer is not given as ZipFile; this emulator takes it only so (the aws command: --zip-file fileb://layer.zip).",
  );
}

function stringsMember(members: RequestMembers, name: string): readonly string[] {
  const value = members[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** What lists say of a version. */
function listed(version: LayerVersion): Record<string, unknown> {
  const { compatibleRuntimes, compatibleArchitectures, licenseInfo } = version;
  return {
    LayerVersionArn: version.arn,
    Version: version.version,
    Description: version.description,
    CreatedDate: new Date(version.createdEpochMs).toISOString().replace("Z", "+0000"),
    ...(compatibleRuntimes.length > 0 && { CompatibleRuntimes: compatibleRuntimes }),
    ...(compatibleArchitectures.length > 0 && { CompatibleArchitectures: compatibleArchitectures }),
    ...(licenseInfo !== undefined && { LicenseInfo: licenseInfo }),
  };
}

function withContent(version: LayerVersion): Record<string, unknown> {
  const { code } = version;
  return {
    Content: {
      Location: pathToFileURL(code.directory).href,
      CodeSha256: code.sha256,
      CodeSize: code.sizeBytes,
    },
    LayerArn: version.layerArn,
    ...listed(version),
  };
}
