import {
  emptyReply,
  headerOf,
  type S3Call,
  type S3Context,
  type S3Reply,
  xmlReply,
} from "./call.ts";
import { checksumElement } from "./checksum.ts";
import { xmlBody } from "./incoming-body.ts";
import { checkVersion } from "./object-operations.ts";
import type { Tag } from "./records.ts";
import { invalidArgument } from "./s3-error.ts";
import { tagsOfXml, tagsXml } from "./tags.ts";
import { writeXml } from "./xml.ts";

/** Attributes that can be asked for. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  "ETag",
  "Checksum",
  "ObjectParts",
  "StorageClass",
  "ObjectSize",
]);

export function getObjectTagging({ store }: S3Context, call: S3Call): S3Reply {
  checkVersion(call);
  return xmlReply(tagsXml(store.object(call.bucket, call.key).tags));
}

export async function putObjectTagging(context: S3Context, call: S3Call): Promise<S3Reply> {
  context.store.object(call.bucket, call.key);
  setTags(context, call, { tags: tagsOfXml(await xmlBody(call)), name: "s3:ObjectTagging:Put" });
  return emptyReply(200);
}

export function deleteObjectTagging(context: S3Context, call: S3Call): S3Reply {
  setTags(context, call, { tags: [], name: "s3:ObjectTagging:Delete" });
  return emptyReply(204);
}

export function getObjectAttributes({ store }: S3Context, call: S3Call): S3Reply {
  const object = store.object(call.bucket, call.key);
  checkVersion(call);
  const header = headerOf(call, "x-amz-object-attributes") ?? "";
  const wanted = new Set(header.split(",").map((name) => name.trim()));
  for (const name of wanted) {
    if (ATTRIBUTES.has(name)) continue;
    throw invalidArgument("Invalid attribute name specified.", {
      name: "x-amz-object-attributes",
      value: header,
    });
  }
  const { etag, checksum, partNumbers, storageClass, sizeBytes, modifiedMs } = object;
  const members = {
    ETag: wanted.has("ETag") ? etag : undefined,
    Checksum:
      wanted.has("Checksum") && checksum !== undefined
        ? { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type }
        : undefined,
    ObjectParts:
      wanted.has("ObjectParts") && partNumbers !== undefined
        ? { PartsCount: partNumbers.length }
        : undefined,
    StorageClass: wanted.has("StorageClass") ? storageClass : undefined,
    ObjectSize: wanted.has("ObjectSize") ? sizeBytes : undefined,
  };
  return xmlReply(writeXml("GetObjectAttributesResponse", members), {
    "last-modified": new Date(modifiedMs).toUTCString(),
  });
}

/** Tags are no content: neither the tag of the entity nor its time changes. */
function setTags(
  { store }: S3Context,
  call: S3Call,
  { tags, name }: { tags: readonly Tag[]; name: string },
): void {
  checkVersion(call);
  const object = store.object(call.bucket, call.key);
  store.commit(
    { type: "object", name: call.bucket, object: { ...object, tags } },
    { ...call, name },
  );
}
