/** Characters that encodeURIComponent leaves and a form does not. */
const LEFT = /[!'()~]/g;

/**
 * Encodes a key as S3 does in events and in lists of the encoding type `url`: as a form, with slashes left.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html, read 2026-11-24.
 */
export function urlEncodedKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+")
    .replaceAll(LEFT, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
