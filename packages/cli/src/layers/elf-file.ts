/** What a shared library says of itself, as far as it decides where it can be loaded. */
export interface ElfFile {
  readonly machine: "x64" | "arm64" | "other";
  /** Libraries that are loaded with it, in its order. */
  readonly needed: readonly string[];
  /** Folders in which those are looked for first; undefined where it names none. */
  readonly runpath: string | undefined;
  /** Versions of other libraries' symbols that it uses, such as `GLIBC_2.28`. */
  readonly versions: readonly string[];
}

/** The constants of elf.h: System V ABI, chapters 4 and 5, and the Linux Standard Base on symbol versions. */
const MAGIC = 0x7f45_4c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINES: Readonly<Record<number, ElfFile["machine"]>> = { 62: "x64", 183: "arm64" };
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_VERNEED = 0x6fff_fffe;
const DT_VERNEEDNUM = 0x6fff_ffff;

/** More than any library has; a broken file must not keep the reader busy. */
const ENTRIES_MAX = 10_000;
const NAME_BYTES_MAX = 4096;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly sizeBytes: number;
}

interface DynamicEntry {
  readonly tag: number;
  readonly value: number;
}

/**
 * Reads the dynamic section of a shared library.
 *
 * @returns Undefined for whatever is no whole, dynamic, little-endian ELF file of 64 bits.
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
 */
export function readElf(bytes: Uint8Array): ElfFile | undefined {
  try {
    return new ElfReader(bytes).read();
  } catch (error) {
    // A DataView refuses what lies outside of the file.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The highest version of one library's symbols: `2.28` for `GLIBC`.
 *
 * @param versions - As {@link ElfFile} has them.
 * @returns Undefined when there is none.
 */
export function highestVersion(versions: readonly string[], library: string): string | undefined {
  const numbers = versions
    .filter((version) => version.startsWith(`${library}_`))
    .map((version) => version.slice(library.length + 1))
    .filter((version) => /^\d+(\.\d+)*$/.test(version));
  return numbers.toSorted(compareVersions).at(-1);
}

/** Orders dotted numbers by value: 2.4 before 2.28. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [one.split(".").map(Number), other.split(".").map(Number)];
  const differing = left.findIndex((part, index) => part !== right[index]);
  if (differing < 0) return left.length - right.length;
  return (left[differing] ?? 0) - (right[differing] ?? -1);
}

class ElfReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #segments: readonly Segment[];

  /** @throws RangeError for a file that ends too early. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#segments = this.#isElf() ? this.#readSegments() : [];
  }

  read(): ElfFile | undefined {
    const dynamic = this.#segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return undefined;
    const entries = this.#readDynamic(dynamic);
    const valueOf = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.value;
    const strings = valueOf(DT_STRTAB);
    if (strings === undefined) return undefined;
    const names = this.#offsetOf(strings);
    const runpath = valueOf(DT_RUNPATH) ?? valueOf(DT_RPATH);
    const needed = entries.filter(({ tag }) => tag === DT_NEEDED);
    const table = { address: valueOf(DT_VERNEED), count: valueOf(DT_VERNEEDNUM) ?? 0, names };
    return {
      machine: MACHINES[this.#view.getUint16(18, true)] ?? "other",
      needed: needed.map(({ value }) => this.#text(names + value)),
      runpath: runpath === undefined ? undefined : this.#text(names + runpath),
      versions: this.#readVersions(table),
    };
  }

  #isElf(): boolean {
    return (
      this.#view.getUint32(0) === MAGIC &&
      this.#view.getUint8(4) === CLASS_64 &&
      this.#view.getUint8(5) === LITTLE_ENDIAN
    );
  }

  #readSegments(): Segment[] {
    const table = this.#long(32);
    const size = this.#view.getUint16(54, true);
    const count = this.#view.getUint16(56, true);
    return Array.from({ length: count }, (_, index) => {
      const at = table + index * size;
      return {
        type: this.#view.getUint32(at, true),
        offset: this.#long(at + 8),
        address: this.#long(at + 16),
        sizeBytes: this.#long(at + 32),
      };
    });
  }

  #readDynamic({ offset, sizeBytes }: Segment): DynamicEntry[] {
    const entries: DynamicEntry[] = [];
    const count = Math.min(ENTRIES_MAX, Math.floor(sizeBytes / 16));
    for (let index = 0; index < count; index++) {
      const tag = this.#long(offset + index * 16);
      if (tag === DT_NULL) break;
      entries.push({ tag, value: this.#long(offset + index * 16 + 8) });
    }
    return entries;
  }

  /** The table of needed versions: a list of libraries, each with a list of its versions. */
  #readVersions({
    address,
    count,
    names,
  }: {
    address: number | undefined;
    count: number;
    names: number;
  }): string[] {
    const versions = new Set<string>();
    if (address === undefined) return [];
    let library = this.#offsetOf(address);
    let left = ENTRIES_MAX;
    for (let index = 0; index < count && left > 0; index++) {
      const versionCount = this.#view.getUint16(library + 2, true);
      let version = library + this.#view.getUint32(library + 8, true);
      for (let own = 0; own < versionCount && left > 0; own++, left--) {
        versions.add(this.#text(names + this.#view.getUint32(version + 8, true)));
        version += this.#view.getUint32(version + 12, true);
      }
      library += this.#view.getUint32(library + 12, true);
      left -= 1;
    }
    return [...versions];
  }

  /** Where in the file lies what is loaded at an address. @throws RangeError where nothing is loaded. */
  #offsetOf(address: number): number {
    const segment = this.#segments.find((one) => {
      const within = address - one.address;
      return one.type === PT_LOAD && within >= 0 && within < one.sizeBytes;
    });
    if (segment === undefined) throw new RangeError(`nothing is loaded at ${address}`);
    return segment.offset + address - segment.address;
  }

  #text(offset: number): string {
    const end = this.#bytes.indexOf(0, offset);
    if (end < 0 || end - offset > NAME_BYTES_MAX) throw new RangeError(`no text at ${offset}`);
    return Buffer.from(this.#bytes.subarray(offset, end)).toString("latin1");
  }

  /** Addresses and sizes beyond 2^53 are in no file: they become a number that lies outside of it. */
  #long(offset: number): number {
    return Number(this.#view.getBigUint64(offset, true));
  }
}
