import { type ByteSource, byteSource } from './byte-source.ts';
import type { ImageInput, OpenImage } from './open-image.ts';
import { readDirectory } from './tiff-directories.ts';

/** Parts of an image are missing; libvips would accept the rest without an error. */
export class PartsMissing extends Error {
  override readonly name = 'PartsMissing';
}

/** Largest number of boxes that are looked at; files have about five. */
const BOXES_MAX = 64;
/** Boxes that hold an image and its description. */
const IMAGE_BOXES: ReadonlySet<string> = new Set(['meta', 'mdat']);
const TILE_OFFSETS = 324;
/** Side of the small image that makes the decoder read all tiles, px. */
const SMALL = 32;
/** Bytes per entry of a BigTIFF's directory, and the largest number of entries that are looked at. */
const [BIG_ENTRY, ENTRIES_MAX] = [20, 1024];

/**
 * Verifies that an image is complete, where its decoder does not tell: TIFF tiles that cannot be decoded come out
 * black, and tiles missing at the end of an AVIF are left out.
 *
 * @throws {PartsMissing} if the file ends early; otherwise the decoder's error for a tile.
 */
export async function expectWhole(input: ImageInput, { format, px }: OpenImage): Promise<void> {
  if (format === 'tiff' && withSource(input, isTiled)) {
    // Warnings about tags alone do no harm: libvips reads the tiles all the same.
    await px({ failOn: 'warning' }).resize(SMALL, SMALL, { fit: 'fill' }).raw().toBuffer();
  }
  if ((format === 'avif' || format === 'heic') && withSource(input, endsEarly)) {
    throw new PartsMissing('the file is truncated');
  }
}

function withSource<Result>(input: ImageInput, inspect: (source: ByteSource) => Result): Result {
  const source = byteSource(input);
  try {
    return inspect(source);
  } finally {
    source.close();
  }
}

function isTiled(source: ByteSource): boolean {
  const head = source.read(0, 16);
  const little = head.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number) => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  if (head.length < 16) return false;
  if (u16(2) === 43) return isBigTiled(source, little);
  const offset = little ? head.readUInt32LE(4) : head.readUInt32BE(4);
  return readDirectory(source, offset, { little, base: 0 })?.places.has(TILE_OFFSETS) ?? false;
}

/** Does the same for a BigTIFF, whose offsets have 64 bits (version number 43). */
function isBigTiled(source: ByteSource, little: boolean): boolean {
  const u64 = (at: number) => {
    const bytes = source.read(at, 8);
    if (bytes.length < 8) return 0;
    return Number(little ? bytes.readBigUInt64LE(0) : bytes.readBigUInt64BE(0));
  };
  const start = u64(8);
  const entries = source.read(start + 8, Math.min(u64(start), ENTRIES_MAX) * BIG_ENTRY);
  for (let at = 0; at + BIG_ENTRY <= entries.length; at += BIG_ENTRY) {
    if ((little ? entries.readUInt16LE(at) : entries.readUInt16BE(at)) === TILE_OFFSETS) return true;
  }
  return false;
}

/** Tells whether a box that holds an image (ISO base media file format) ends beyond the end of the file. */
function endsEarly(source: ByteSource): boolean {
  let at = 0;
  for (let i = 0; i < BOXES_MAX; i++) {
    const head = source.read(at, 16);
    if (head.length < 16) return false;
    const small = head.readUInt32BE(0);
    const size = small === 1 ? Number(head.readBigUInt64BE(8)) : small;
    if (size < 8) return false;
    at += size;
    if (at > source.size) return IMAGE_BOXES.has(head.toString('latin1', 4, 8));
  }
  return false;
}
