/** One entry in a ZIP file's directory. */
export interface ZipEntry {
  readonly path: string;
  /** File type and rights, as `stat` has them in `mode`. */
  readonly mode: number;
  readonly sizeBytes: number;
}

const DIRECTORY_ENTRY = 0x0201_4b50;
const END = 0x0605_4b50;

/** The directory of a ZIP file without a comment: APPNOTE.TXT, sections 4.3.12 and 4.3.16. */
export function zipEntries(bytes: Buffer): ZipEntry[] {
  const end = bytes.length - 22;
  if (bytes.readUInt32LE(end) !== END) throw new Error("no ZIP file without a comment");
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error(`no entry at ${at}`);
    const nameBytes = bytes.readUInt16LE(at + 28);
    const entry = {
      path: bytes.toString("utf8", at + 46, at + 46 + nameBytes),
      mode: bytes.readUInt32LE(at + 38) >>> 16,
      sizeBytes: bytes.readUInt32LE(at + 24),
    };
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    return entry;
  });
}
