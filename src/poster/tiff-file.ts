/**
 * A TIFF of JPEG tiles (TIFF 6.0 with Technical Note 2: each tile is a whole JPEG, with its tables). Tiles may share their data,
 * since a TIFF tells the place of each. The directory stands at the end. A file that needs no 64-bit offsets is a TIFF, which all
 * programs read; a larger one is a BigTIFF.
 */
import type { PictureFile } from '../store/picture-file.ts';
import type { Size } from '../types.ts';
import { DPI, MARK } from './making.ts';

/** Facts of a TIFF. */
export interface TiffShape extends Size {
  /** Size of a tile, px: multiples of 16. */
  readonly tile: Size;
  /** Sampling of luma against chroma. */
  readonly sampling: 1 | 2;
  /** ICC profile. */
  readonly profile: Uint8Array;
  /** Greatest length of a file with 32-bit offsets, bytes. */
  readonly classicMax: number;
}

/** Greatest length of a TIFF that is no BigTIFF, bytes. */
export const CLASSIC_MAX = 2 ** 32 - 1;

/** Types of values, and their sizes, bytes. */
const TYPES = {
  ascii: [2, 1],
  short: [3, 2],
  long: [4, 4],
  rational: [5, 8],
  undefined: [7, 1],
  long8: [16, 8],
} as const;

/** A field of the directory. */
interface Field {
  readonly tag: number;
  readonly type: keyof typeof TYPES;
  readonly count: number;
  readonly bytes: Buffer;
}

/** Writes a TIFF tile by tile. */
export class TiffFile {
  readonly columns: number;
  readonly rows: number;
  private readonly file: PictureFile;
  private readonly shape: TiffShape;
  private readonly offsets: Float64Array;
  private readonly lengths: Uint32Array;

  private constructor(file: PictureFile, shape: TiffShape) {
    this.file = file;
    this.shape = shape;
    this.columns = Math.ceil(shape.width / shape.tile.width);
    this.rows = Math.ceil(shape.height / shape.tile.height);
    this.offsets = new Float64Array(this.columns * this.rows);
    this.lengths = new Uint32Array(this.offsets.length);
  }

  /** Starts a TIFF: leaves room for the header of either kind. */
  static async start(file: PictureFile, shape: TiffShape): Promise<TiffFile> {
    await file.write(Buffer.concat([Buffer.alloc(16), Buffer.from(`${MARK}\0`.padEnd(32, '\0'))]));
    return new TiffFile(file, shape);
  }

  /** Writes the tile with an index, counted row by row. */
  async add(index: number, jpeg: Uint8Array): Promise<void> {
    this.offsets[index] = await this.file.write(jpeg);
    this.lengths[index] = jpeg.length;
  }

  /** Makes a tile show the data of another, which was written before. */
  repeat(index: number, other: number): void {
    this.offsets[index] = this.offsets[other]!;
    this.lengths[index] = this.lengths[other]!;
  }

  /** Writes the directory and the header. */
  async finish(): Promise<void> {
    const { file, shape } = this;
    const room = this.offsets.length * 12 + shape.profile.length + 2 ** 12;
    const isBig = file.length + room > shape.classicMax;
    if (file.length % 2 === 1) await file.write(new Uint8Array(1));
    const start = file.length;
    for (const block of directory(this.fields(isBig), start, isBig)) await file.write(block);
    await file.overwrite(headerAt(start, isBig));
  }

  private fields(isBig: boolean): Field[] {
    const { width, height, tile, sampling, profile } = this.shape;
    const offsets = isBig ? long8s(this.offsets) : bytesOf(Uint32Array.from(this.offsets));
    return [
      longs(256, width),
      longs(257, height),
      shorts(258, 8, 8, 8), // bits per sample
      shorts(259, 7), // JPEG
      shorts(262, 6), // YCbCr
      shorts(277, 3), // samples per px
      rationals(282, DPI),
      rationals(283, DPI),
      shorts(284, 1), // samples side by side
      shorts(296, 2), // resolution per inch
      { tag: 305, type: 'ascii', count: MARK.length + 1, bytes: Buffer.from(`${MARK}\0`) },
      longs(322, tile.width),
      longs(323, tile.height),
      { tag: 324, type: isBig ? 'long8' : 'long', count: this.offsets.length, bytes: offsets },
      { tag: 325, type: 'long', count: this.lengths.length, bytes: bytesOf(this.lengths) },
      shorts(530, sampling, sampling),
      shorts(531, 1), // chroma in the middle of its px, as in JFIF
      rationals(532, 0, 255, 128, 255, 128, 255),
      { tag: 34_675, type: 'undefined', count: profile.length, bytes: Buffer.from(profile) },
    ];
  }
}

function shorts(tag: number, ...values: number[]): Field {
  return { tag, type: 'short', count: values.length, bytes: bytesOf(Uint16Array.from(values)) };
}

function longs(tag: number, ...values: number[]): Field {
  return { tag, type: 'long', count: values.length, bytes: bytesOf(Uint32Array.from(values)) };
}

function rationals(tag: number, ...values: number[]): Field {
  const bytes = bytesOf(Uint32Array.from(values.flatMap((value) => [value, 1])));
  return { tag, type: 'rational', count: values.length, bytes };
}

/** Little-endian bytes of numbers. */
function bytesOf(numbers: Uint16Array | Uint32Array): Buffer {
  const width = numbers.BYTES_PER_ELEMENT;
  const bytes = Buffer.alloc(numbers.length * width);
  for (let i = 0; i < numbers.length; i++) bytes.writeUIntLE(numbers[i]!, i * width, width);
  return bytes;
}

function long8s(numbers: Float64Array): Buffer {
  const bytes = Buffer.alloc(numbers.length * 8);
  for (let i = 0; i < numbers.length; i++) {
    bytes.writeUInt32LE(numbers[i]! % 2 ** 32, i * 8);
    bytes.writeUInt32LE(Math.floor(numbers[i]! / 2 ** 32), i * 8 + 4);
  }
  return bytes;
}

/** Makes a directory that stands at `start`, and the values behind it that do not fit into their fields. */
function directory(fields: readonly Field[], start: number, isBig: boolean): Buffer[] {
  const [countBytes, wide, entry] = isBig ? [8, 8, 20] : [2, 4, 12];
  const head = Buffer.alloc(countBytes + fields.length * entry + wide); // ends with 0: no further directory
  head.writeUInt16LE(fields.length, 0);
  const values: Buffer[] = [head];
  let end = start + head.length;
  for (const [i, { tag, type, count, bytes }] of fields.entries()) {
    const at = countBytes + i * entry;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(TYPES[type][0], at + 2);
    head.writeUInt32LE(count, at + 4);
    const valueAt = at + 4 + wide;
    if (bytes.length <= wide) {
      bytes.copy(head, valueAt);
      continue;
    }
    writeOffset(head, end, valueAt, isBig);
    const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
    values.push(padded);
    end += padded.length;
  }
  return values;
}

function headerAt(directoryAt: number, isBig: boolean): Buffer {
  const header = Buffer.alloc(isBig ? 16 : 8);
  header.write('II', 'latin1');
  header.writeUInt16LE(isBig ? 43 : 42, 2);
  if (isBig) header.writeUInt16LE(8, 4); // bytes of an offset
  writeOffset(header, directoryAt, isBig ? 8 : 4, isBig);
  return header;
}

// oxlint-disable-next-line max-params -- as Buffer's own methods
function writeOffset(to: Buffer, offset: number, at: number, isBig: boolean): void {
  to.writeUInt32LE(offset % 2 ** 32, at);
  if (isBig) to.writeUInt32LE(Math.floor(offset / 2 ** 32), at + 4);
}
