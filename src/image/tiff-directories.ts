import type { ByteSource } from './byte-source.ts';

/**
 * Directory of a TIFF (TIFF 6.0, section 2), or of a format that is built like it. Holds at most 64 numbers of each
 * tag.
 */
export interface Directory {
  readonly numbers: ReadonlyMap<number, readonly number[]>;
  /** Offset in the file, and bytes, of each tag's values, and their type. */
  readonly places: ReadonlyMap<number, TagPlace>;
  /** Offset of the next directory from the base; 0 for none. */
  readonly next: number;
}

/** Place of a tag's values in a file. */
interface TagPlace {
  readonly start: number;
  readonly bytes: number;
  readonly type: number;
}

/** Byte order of a TIFF, and the base that its offsets count from. */
export interface TiffPlace {
  readonly little: boolean;
  readonly base: number;
  /** BigTIFF: counts and offsets have 64 bits. */
  readonly big?: boolean;
}

/** Largest number of entries; real files have some hundred, and one that claims more is damaged. */
const ENTRIES_MAX = 1024;
const VALUES_MAX = 64;
/** Largest number of values of one tag; an image of 10^6 x 10^6 px has as many tiles of 1,024 px. */
const NUMBERS_MAX = 2 ** 20;
/** Bytes of a value by type: byte, ASCII, short, long, rational, signed and undefined ones, float, double, IFD; of 64 bits. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const [SHORT, LONG, IFD, LONG8, IFD8] = [3, 4, 13, 16, 18];
/** Types whose values are numbers without a sign. */
const NUMBERS: ReadonlySet<number> = new Set([SHORT, LONG, IFD, LONG8, IFD8]);

/** Returns the byte order of a TIFF, and the offset of its first directory. */
export function tiffStart(source: ByteSource): (TiffPlace & { readonly offset: number }) | undefined {
  const head = source.read(0, 16);
  const little = head.toString('latin1', 0, 2) === 'II';
  if (head.length < 16 || (!little && head.toString('latin1', 0, 2) !== 'MM')) return undefined;
  const version = little ? head.readUInt16LE(2) : head.readUInt16BE(2);
  if (version === 42) {
    return { little, base: 0, offset: little ? head.readUInt32LE(4) : head.readUInt32BE(4) };
  }
  if (version !== 43) return undefined;
  return { little, base: 0, big: true, offset: Number(little ? head.readBigUInt64LE(8) : head.readBigUInt64BE(8)) };
}

/** Reads the directory at an offset from the base; undefined if there is none. */
export function readDirectory(source: ByteSource, offset: number, place: TiffPlace): Directory | undefined {
  const { base, big = false } = place;
  // Bytes of the number of entries, of an entry, and of an offset.
  const [headBytes, entryBytes, offsetBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const read = reader(place);
  const start = base + offset;
  const head = source.read(start, headBytes);
  if (offset === 0 || head.length < headBytes) return undefined;
  const count = read(head, 0, headBytes);
  if (count === 0 || count > ENTRIES_MAX) return undefined;
  const entries = source.read(start + headBytes, count * entryBytes + offsetBytes);
  if (entries.length < count * entryBytes) return undefined;
  const numbers = new Map<number, readonly number[]>();
  const places = new Map<number, TagPlace>();
  for (let at = 0; at < count * entryBytes; at += entryBytes) {
    const [tag, type] = [read(entries, at, 2), read(entries, at + 2, 2)];
    const bytes = read(entries, at + 4, offsetBytes) * (TYPE_BYTES[type] ?? 0);
    const own = at + 4 + offsetBytes;
    const from = bytes <= offsetBytes ? start + headBytes + own : base + read(entries, own, offsetBytes);
    if (bytes === 0 || from + bytes > source.size || places.has(tag)) continue;
    places.set(tag, { start: from, bytes, type });
    if (NUMBERS.has(type))
      numbers.set(tag, valuesAt(source, { start: from, bytes, type }, { place, most: VALUES_MAX }));
  }
  const tail = entries.length >= count * entryBytes + offsetBytes;
  return { numbers, places, next: tail ? read(entries, count * entryBytes, offsetBytes) : 0 };
}

/** Reads all numbers of a tag, however many; none if it is missing, or of another type. */
export function readNumbers(
  source: ByteSource,
  { places }: Directory,
  { tag, place }: { readonly tag: number; readonly place: TiffPlace },
): number[] {
  const found = places.get(tag);
  return found && NUMBERS.has(found.type) ? valuesAt(source, found, { place, most: NUMBERS_MAX }) : [];
}

function valuesAt(
  source: ByteSource,
  { start, bytes, type }: TagPlace,
  { place, most }: { readonly place: TiffPlace; readonly most: number },
): number[] {
  const step = TYPE_BYTES[type]!;
  const data = source.read(start, Math.min(bytes, most * step));
  const read = reader(place);
  return Array.from({ length: Math.floor(data.length / step) }, (_, i) => read(data, i * step, step));
}

/** Returns a function that reads a number of 2, 4 or 8 bytes. */
function reader({ little }: TiffPlace) {
  return (bytes: Buffer, at: number, length: number): number => {
    if (length === 2) return little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
    if (length === 4) return little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    return Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  };
}
