/** An object as services inside the emulated AWS read it. */
type ObjectReading =
  | { readonly kind: "read"; readonly bytes: Uint8Array }
  | {
      readonly kind: "refused";
      /** Code of the S3 error, `NoSuchKey`. */
      readonly code: string;
      readonly message: string;
    };

/** The objects of the account, as services inside the emulated AWS read them. */
export interface ObjectReader {
  /** @param bytesMax - A larger object is refused with `EntityTooLarge`, and none of it is read. */
  read(
    location: { readonly bucket: string; readonly key: string },
    options: { readonly bytesMax: number },
  ): Promise<ObjectReading>;
}
