import { urlEncodedKey } from "./key-encoding.ts";
import { invalidArgument } from "./s3-error.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, read 2026-11-24. */
const ITEMS_MAX = 1_000;

const INTEGER_MAX = 2_147_483_647;

/**
 * How many items a list may have; more than the largest page are not refused.
 *
 * @throws S3Error InvalidArgument.
 */
export function itemsMax(
  query: URLSearchParams,
  {
    name,
    otherwise = ITEMS_MAX,
    largest = ITEMS_MAX,
  }: { name: string; otherwise?: number; largest?: number },
): number {
  const value = query.get(name);
  if (value === null || value === "") return otherwise;
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || Math.abs(number) > INTEGER_MAX) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, {
      name,
      value,
    });
  }
  if (number < 0) {
    const argument = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    throw invalidArgument(`Argument ${argument} must be an integer between 0 and 2147483647`, {
      name,
      value,
    });
  }
  return Math.min(number, largest);
}

/** How keys are written in a list. @throws S3Error InvalidArgument for an unknown encoding. */
export function keyWriter(query: URLSearchParams): (key: string) => string {
  const encoding = query.get("encoding-type");
  if (encoding === null || encoding === "") return (key) => key;
  if (encoding === "url") return urlEncodedKey;
  throw invalidArgument("Invalid Encoding Method specified in Request", {
    name: "encoding-type",
    value: encoding,
  });
}
