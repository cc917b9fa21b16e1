import { type ByteSource, byteSource } from './byte-source.ts';
import type { ImageInput, OpenImage } from './open-image.ts';
import { readDirectory, tiffStart } from './tiff-directories.ts';

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
  const start = tiffStart(source);
  return (start && readDirectory(source, start.offset, start)?.places.has(TILE_OFFSETS)) ?? false;
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
