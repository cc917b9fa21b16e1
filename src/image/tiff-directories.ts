import type { ByteSource } from './byte-source.ts';

/**
 * Directory of a TIFF (TIFF 6.0, section 2), or of a format that is built like it. Holds at most 64 numbers of each
 * tag.
 */
export interface Directory {
  readonly numbers: ReadonlyMap<number, readonly number[]>;
  /** Offset in the file, and bytes, of each tag's values. */
  readonly places: ReadonlyMap<number, { readonly start: number; readonly bytes: number }>;
  /** Offset of the next directory from the base; 0 for none. */
  readonly next: number;
}

/** Byte order of a TIFF, and the base that its offsets count from. */
export interface TiffPlace {
  readonly little: boolean;
  readonly base: number;
}

const ENTRY_BYTES = 12;
/** Largest number of entries; real files have some hundred, and one that claims more is damaged. */
const ENTRIES_MAX = 1024;
const VALUES_MAX = 64;
/** Bytes of a value by type: byte, ASCII, short, long, rational, signed and undefined ones, float, double, IFD. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const [SHORT, LONG, IFD] = [3, 4, 13];

/** Reads the directory at an offset from the base; undefined if there is none. */
export function readDirectory(source: ByteSource, offset: number, { little, base }: TiffPlace): Directory | undefined {
  const u16 = (bytes: Buffer, at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (bytes: Buffer, at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const start = base + offset;
  const head = source.read(start, 2);
  if (offset === 0 || head.length < 2) return undefined;
  const count = u16(head, 0);
  const entries = source.read(start + 2, count * ENTRY_BYTES + 4);
  if (count === 0 || count > ENTRIES_MAX || entries.length < count * ENTRY_BYTES) return undefined;
  const numbers = new Map<number, readonly number[]>();
  const places = new Map<number, { start: number; bytes: number }>();
  for (let at = 0; at < count * ENTRY_BYTES; at += ENTRY_BYTES) {
    const [tag, type, values] = [u16(entries, at), u16(entries, at + 2), u32(entries, at + 4)];
    const bytes = values * (TYPE_BYTES[type] ?? 0);
    const place = bytes <= 4 ? start + 2 + at + 8 : base + u32(entries, at + 8);
    if (bytes === 0 || place + bytes > source.size || places.has(tag)) continue;
    places.set(tag, { start: place, bytes });
    if (type !== SHORT && type !== LONG && type !== IFD) continue;
    const step = TYPE_BYTES[type]!;
    const data = source.read(place, Math.min(values, VALUES_MAX) * step);
    const read = type === SHORT ? u16 : u32;
    numbers.set(
      tag,
      Array.from({ length: Math.floor(data.length / step) }, (_, i) => read(data, i * step)),
    );
  }
  const tail = entries.length >= count * ENTRY_BYTES + 4;
  return { numbers, places, next: tail ? u32(entries, count * ENTRY_BYTES) : 0 };
}
