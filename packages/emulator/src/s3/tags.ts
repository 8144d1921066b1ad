import type { Tag } from "./records.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import { listOf, membersOf, readXml, textOf, writeXml } from "./xml.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html, read 2026-11-24, for the limits. */
const TAGS_MAX = 10;
const KEY_CHARS_MAX = 128;
const VALUE_CHARS_MAX = 256;

/** Reads the header `x-amz-tagging`: pairs as in a query. @throws S3Error 400. */
export function tagsOfHeader(header: string | undefined): Tag[] {
  if (header === undefined || header === "") return [];
  const tags = [...new URLSearchParams(header)].map(([key, value]) => ({ key, value }));
  if (tags.some(({ key }) => key === "")) {
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      { name: "x-amz-tagging", value: header },
    );
  }
  return checked(tags);
}

/** Reads the body of PutObjectTagging. @throws S3Error 400. */
export function tagsOfXml(text: string): Tag[] {
  const { TagSet: set = "" } = readXml(text, "Tagging");
  const tags = listOf(membersOf(set)["Tag"]).map((tag) => {
    const members = membersOf(tag);
    return { key: textOf(members["Key"]) ?? "", value: textOf(members["Value"]) ?? "" };
  });
  return checked(tags);
}

/** The body of GetObjectTagging. */
export function tagsXml(tags: readonly Tag[]): string {
  const Tag = tags.map(({ key, value }) => ({ Key: key, Value: value }));
  return writeXml("Tagging", { TagSet: tags.length === 0 ? "" : { Tag } });
}

function checked(tags: Tag[]): Tag[] {
  if (tags.length > TAGS_MAX) {
    throw new S3Error("BadRequest", {
      statusCode: 400,
      message: "Object tags cannot be greater than 10",
    });
  }
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (seen.has(key)) {
      throw invalidTag("Cannot provide multiple Tags with the same key", key);
    }
    seen.add(key);
    if (key === "" || [...key].length > KEY_CHARS_MAX) {
      throw invalidTag("The TagKey you have provided is invalid", key);
    }
    if ([...value].length > VALUE_CHARS_MAX) {
      throw invalidTag("The TagValue you have provided is invalid", key);
    }
  }
  return tags;
}

function invalidTag(message: string, key: string): S3Error {
  return new S3Error("InvalidTag", { statusCode: 400, message, details: { TagKey: key } });
}
