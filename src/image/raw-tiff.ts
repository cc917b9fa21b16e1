import type { ByteSource } from './byte-source.ts';
import { type Directory, readDirectory, type TiffPlace } from './tiff-directories.ts';

/** What a camera raw file says of the pictures in it. */
export interface RawFacts {
  /** Where there may be a JPEG, in the file. */
  readonly candidates: readonly { readonly start: number; readonly bytes: number }[];
  /** How it is to be turned, as EXIF counts. */
  readonly orientation: number | undefined;
}

const TAG = {
  COMPRESSION: 0x103,
  PHOTOMETRIC: 0x106,
  MAKE: 0x10f,
  STRIP: 0x111,
  ORIENTATION: 0x112,
  STRIP_BYTES: 0x117,
  REDUCED: 0xfe,
  SUB_DIRECTORIES: 0x14a,
  JPEG: 0x201,
  JPEG_BYTES: 0x202,
  EXIF: 0x8769,
  MAKER_NOTE: 0x927c,
  DNG_VERSION: 0xc612,
  /** Panasonic's JpgFromRaw. */
  PANASONIC_JPEG: 0x2e,
  /** Nikon's directory of a preview, in its maker note. */
  NIKON_PREVIEW: 0x11,
  /** Olympus' directory of settings, in its maker note; in it, where a preview is, and its bytes. */
  OLYMPUS_SETTINGS: 0x2020,
  OLYMPUS_PREVIEW: 0x101,
  OLYMPUS_PREVIEW_BYTES: 0x102,
} as const;

/** Photometric interpretations of sensors' data: one colour per px, linear light. */
const SENSOR_PHOTOMETRICS = [32803, 34892];
/** Compressions of sensors' data: Sony, Epson, Samsung, Nikon, DNG (lossy JPEG, JPEG XL), Pentax. */
const SENSOR_COMPRESSIONS = [32767, 32769, 32770, 34713, 34892, 52546, 65535];
/** Compressions of previews: JPEG, as TIFF 6.0 had it and as it has it now. */
const JPEG_COMPRESSIONS = [6, 7];
/** Directories that are looked at; real files have some ten. */
const DIRECTORIES_MAX = 48;

/** Bytes 0 to 3 of TIFF and of raw formats that are built like it: Olympus, Panasonic. */
const MAGICS: ReadonlyMap<string, { readonly little: boolean; readonly raw: boolean }> = new Map([
  ['II*\0', { little: true, raw: false }],
  ['MM\0*', { little: false, raw: false }],
  ['IIRO', { little: true, raw: true }],
  ['IIRS', { little: true, raw: true }],
  ['MMOR', { little: false, raw: true }],
  ['IIU\0', { little: true, raw: true }],
]);

/** A directory that is still to be read. */
interface Pending extends TiffPlace {
  readonly offset: number;
  readonly of: 'image' | 'maker-note' | 'olympus-settings';
}

/**
 * Reads what a TIFF of a camera (CR2, NEF, ARW, DNG, ORF, RW2, PEF, SRW) says of the pictures in it.
 *
 * @returns undefined for what is no TIFF, and for one that is a picture itself.
 */
export function rawTiffFacts(source: ByteSource): RawFacts | undefined {
  const head = source.read(0, 16);
  const magic = head.length >= 8 ? MAGICS.get(head.toString('latin1', 0, 4)) : undefined;
  if (!magic) return undefined;
  const { little } = magic;
  const walk = new Walk(source);
  walk.add({ offset: little ? head.readUInt32LE(4) : head.readUInt32BE(4), base: 0, little, of: 'image' });
  walk.run();
  const raw = magic.raw || walk.ofSensor || head.toString('latin1', 8, 10) === 'CR';
  return raw ? { candidates: walk.candidates, orientation: walk.orientation } : undefined;
}

/** A walk through the directories of a file. */
class Walk {
  readonly candidates: { start: number; bytes: number }[] = [];
  orientation: number | undefined;
  /** It holds a sensor's data. */
  ofSensor = false;
  private readonly source: ByteSource;
  private readonly pending: Pending[] = [];
  private readonly seen = new Set<number>();

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Has a directory looked at, once. */
  add(directory: Pending): void {
    const place = directory.base + directory.offset;
    if (directory.offset <= 0 || this.seen.has(place) || this.seen.size >= DIRECTORIES_MAX) return;
    this.seen.add(place);
    this.pending.push(directory);
  }

  run(): void {
    for (let at = this.pending.shift(); at; at = this.pending.shift()) {
      const directory = readDirectory(this.source, at.offset, at);
      if (directory) this.take(directory, at);
    }
  }

  private take(directory: Directory, at: Pending): void {
    const { numbers, next } = directory;
    const first = (tag: number) => numbers.get(tag)?.[0];
    const preview = (start: number | undefined, bytes: number | undefined) => {
      if (start && bytes) this.candidates.push({ start: at.base + start, bytes });
    };
    if (at.of === 'olympus-settings') {
      const [start, bytes] = [first(TAG.OLYMPUS_PREVIEW), first(TAG.OLYMPUS_PREVIEW_BYTES)];
      preview(start, bytes);
      if (start && bytes) this.candidates.push({ start, bytes }); // some count from the file's start
      return;
    }
    const within = (tag: number, of: Pending['of']) => {
      for (const offset of numbers.get(tag) ?? []) this.add({ ...at, offset, of });
    };
    preview(first(TAG.JPEG), first(TAG.JPEG_BYTES));
    if (at.of === 'maker-note') {
      within(TAG.NIKON_PREVIEW, 'image');
      within(TAG.OLYMPUS_SETTINGS, 'olympus-settings');
      return;
    }
    this.orientation ??= first(TAG.ORIENTATION);
    this.ofSensor ||= isOfSensor(directory);
    // A picture of more strips than one is no file that could be taken out.
    const strips = numbers.get(TAG.STRIP) ?? [];
    if (JPEG_COMPRESSIONS.includes(first(TAG.COMPRESSION) ?? 0) && strips.length === 1) {
      preview(strips[0], first(TAG.STRIP_BYTES));
    }
    const own = directory.places.get(TAG.PANASONIC_JPEG);
    if (own) this.candidates.push(own);
    within(TAG.SUB_DIRECTORIES, 'image');
    within(TAG.EXIF, 'image');
    const note = directory.places.get(TAG.MAKER_NOTE);
    const inside = note && makerNote(this.source, note.start, at);
    if (inside) this.add(inside);
    this.add({ ...at, offset: next });
  }
}

function isOfSensor({ numbers, places }: Directory): boolean {
  const first = (tag: number) => numbers.get(tag)?.[0] ?? 0;
  // Cameras put a small picture first, and what they saw below it.
  const smallFirst = places.has(TAG.MAKE) && (first(TAG.REDUCED) & 1) === 1 && numbers.has(TAG.SUB_DIRECTORIES);
  return (
    smallFirst ||
    places.has(TAG.DNG_VERSION) ||
    SENSOR_PHOTOMETRICS.includes(first(TAG.PHOTOMETRIC)) ||
    SENSOR_COMPRESSIONS.includes(first(TAG.COMPRESSION))
  );
}

/** The directory in a maker note, of the makers that keep a preview there. */
function makerNote(source: ByteSource, start: number, { little }: TiffPlace): Pending | undefined {
  const head = source.read(start, 20);
  const name = head.toString('latin1');
  const orderAt = (at: number) => name.startsWith('II', at);
  if (name.startsWith('OLYMPUS\0')) {
    return { offset: 12, base: start, little: orderAt(8), of: 'maker-note' };
  }
  if (name.startsWith('OM SYSTEM\0')) return { offset: 16, base: start, little: orderAt(12), of: 'maker-note' };
  if (name.startsWith('OLYMP\0')) return { offset: start + 8, base: 0, little, of: 'maker-note' };
  if (name.startsWith('Nikon\0') && head.length >= 18) {
    const own = orderAt(10);
    const offset = own ? head.readUInt32LE(14) : head.readUInt32BE(14);
    return { offset, base: start + 10, little: own, of: 'maker-note' };
  }
  return undefined;
}
