import { buffer } from "node:stream/consumers";

import type { ObjectReader } from "./contract.ts";
import type { ObjectRecord } from "./records.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Store } from "./s3-store.ts";

/** Reads objects for the services that do not speak HTTP with S3. */
export function objectReader(store: S3Store): ObjectReader {
  return {
    async read({ bucket, key }, { bytesMax }) {
      const found = foundObject(store, { bucket, key });
      if (found instanceof S3Error) {
        return { kind: "refused", code: found.code, message: found.message };
      }
      if (found.sizeBytes > bytesMax) {
        return {
          kind: "refused",
          code: "EntityTooLarge",
          message: `The object has ${found.sizeBytes} bytes; at most ${bytesMax} are taken`,
        };
      }
      return { kind: "read", bytes: await buffer(store.files.read(found.segments)) };
    },
  };
}

function foundObject(
  store: S3Store,
  { bucket, key }: { bucket: string; key: string },
): ObjectRecord | S3Error {
  try {
    return store.object(bucket, key);
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
}
