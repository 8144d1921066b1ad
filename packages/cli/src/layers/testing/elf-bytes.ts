/** What a made-up library says of itself. */
export interface ElfParts {
  readonly machine?: number;
  readonly needed?: readonly string[];
  readonly runpath?: string | undefined;
  /** By library, the versions of its symbols. */
  readonly versions?: Readonly<Record<string, readonly string[]>>;
}

export const MACHINE_X64 = 62;
export const MACHINE_ARM64 = 183;

/** What is loaded lies at other addresses than in the file, as in real libraries. */
const BASE = 0x40_0000;
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;

/** The bytes of a library with a dynamic section and nothing else: System V ABI, chapters 4 and 5. */
export function elfBytes({
  machine = MACHINE_X64,
  needed = [],
  runpath,
  versions = {},
}: ElfParts): Uint8Array {
  const strings = new Strings();
  const neededAt = needed.map((name) => strings.add(name));
  const runpathAt = runpath === undefined ? undefined : strings.add(runpath);
  const libraries = Object.entries(versions);
  const versionTable = versionBytes(libraries, strings);
  const entryCount = neededAt.length + (runpathAt === undefined ? 0 : 1) + 4;
  const dynamicAt = HEADER_BYTES + 2 * SEGMENT_BYTES;
  const versionsAt = dynamicAt + entryCount * 16;
  const stringsAt = versionsAt + versionTable.length;
  const entries: [number, number][] = neededAt.map((at) => [1, at]);
  if (runpathAt !== undefined) entries.push([29, runpathAt]);
  entries.push([5, BASE + stringsAt], [0x6fff_fffe, BASE + versionsAt]);
  entries.push([0x6fff_ffff, libraries.length], [0, 0]);
  const size = stringsAt + strings.bytes.length;
  const file = Buffer.alloc(size);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  file.writeUInt16LE(SEGMENT_BYTES, 54);
  file.writeUInt16LE(2, 56);
  writeSegment(file, HEADER_BYTES, { type: 1, offset: 0, size });
  const dynamic = { type: 2, offset: dynamicAt, size: entryCount * 16 };
  writeSegment(file, HEADER_BYTES + SEGMENT_BYTES, dynamic);
  for (const [index, [tag, value]] of entries.entries()) {
    file.writeBigUInt64LE(BigInt(tag), dynamicAt + index * 16);
    file.writeBigUInt64LE(BigInt(value), dynamicAt + index * 16 + 8);
  }
  versionTable.copy(file, versionsAt);
  Buffer.from(strings.bytes).copy(file, stringsAt);
  return file;
}

function writeSegment(
  file: Buffer,
  at: number,
  { type, offset, size }: { type: number; offset: number; size: number },
): void {
  file.writeUInt32LE(type, at);
  file.writeBigUInt64LE(BigInt(offset), at + 8);
  file.writeBigUInt64LE(BigInt(BASE + offset), at + 16);
  file.writeBigUInt64LE(BigInt(size), at + 32);
}

function versionBytes(
  libraries: readonly (readonly [string, readonly string[]])[],
  strings: Strings,
): Buffer {
  const parts = libraries.map(([library, names], index) => {
    const part = Buffer.alloc(16 * (1 + names.length));
    part.writeUInt16LE(1, 0);
    part.writeUInt16LE(names.length, 2);
    part.writeUInt32LE(strings.add(library), 4);
    part.writeUInt32LE(16, 8);
    part.writeUInt32LE(index === libraries.length - 1 ? 0 : part.length, 12);
    for (const [own, name] of names.entries()) {
      part.writeUInt32LE(strings.add(name), 16 * (1 + own) + 8);
      part.writeUInt32LE(own === names.length - 1 ? 0 : 16, 16 * (1 + own) + 12);
    }
    return part;
  });
  return Buffer.concat(parts);
}

class Strings {
  readonly bytes: number[] = [0];

  add(text: string): number {
    const at = this.bytes.length;
    this.bytes.push(...Buffer.from(`${text}\0`, "latin1"));
    return at;
  }
}
