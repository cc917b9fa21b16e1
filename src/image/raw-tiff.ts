import type { ByteSource } from './byte-source.ts';
import { type Directory, readDirectory, type TiffPlace } from './tiff-directories.ts';

/** Places of images in a camera raw file, and its orientation. */
export interface RawFacts {
  /** Places in the file that may hold a JPEG. */
  readonly candidates: readonly { readonly start: number; readonly bytes: number }[];
  /** EXIF orientation. */
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
  /** Olympus' directory of settings, in its maker note. It holds the offset and the bytes of a preview. */
  OLYMPUS_SETTINGS: 0x2020,
  OLYMPUS_PREVIEW: 0x101,
  OLYMPUS_PREVIEW_BYTES: 0x102,
} as const;

/** Photometric interpretations of sensor data: one colour per px, linear light. */
const SENSOR_PHOTOMETRICS = [32803, 34892];
/** Compressions of sensor data: Sony, Epson, Samsung, Nikon, DNG (lossy JPEG, JPEG XL), Pentax. */
const SENSOR_COMPRESSIONS = [32767, 32769, 32770, 34713, 34892, 52546, 65535];
/** Compressions of previews: JPEG, in the old form of TIFF 6.0 and in the present one. */
const JPEG_COMPRESSIONS = [6, 7];
/** Largest number of directories that are looked at; real files have about ten. */
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
 * Finds the images in a camera's TIFF-based raw file (CR2, NEF, ARW, DNG, ORF, RW2, PEF, SRW).
 *
 * @returns undefined if it is no TIFF, or a TIFF that is an image itself.
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

/** Walk over the directories of a file. */
class Walk {
  readonly candidates: { start: number; bytes: number }[] = [];
  orientation: number | undefined;
  /** The file holds sensor data. */
  ofSensor = false;
  private readonly source: ByteSource;
  private readonly pending: Pending[] = [];
  private readonly seen = new Set<number>();

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Queues a directory, unless it was queued before or there are too many. */
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
      if (start && bytes) this.candidates.push({ start, bytes }); // some cameras count from the file's start
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
    // A JPEG in several strips is not one file that could be extracted.
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
  // Cameras put a small image into the first directory, and the sensor data into directories below it.
  const smallFirst = places.has(TAG.MAKE) && (first(TAG.REDUCED) & 1) === 1 && numbers.has(TAG.SUB_DIRECTORIES);
  return (
    smallFirst ||
    places.has(TAG.DNG_VERSION) ||
    SENSOR_PHOTOMETRICS.includes(first(TAG.PHOTOMETRIC)) ||
    SENSOR_COMPRESSIONS.includes(first(TAG.COMPRESSION))
  );
}

/** Returns the directory in a maker note, for makers that keep a preview there. */
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
