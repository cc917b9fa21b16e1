import { type ByteSource, byteSource } from './byte-source.ts';
import type { ImageInput, OpenImage } from './open-image.ts';
import { readDirectory } from './tiff-directories.ts';

/** A picture of which libvips takes what is there without a word, whatever is missing. */
export class PartsMissing extends Error {
  override readonly name = 'PartsMissing';
}

/** Boxes that are looked at; files have some five. */
const BOXES_MAX = 64;
/** Boxes that hold an image and what is known of it. */
const IMAGE_BOXES: ReadonlySet<string> = new Set(['meta', 'mdat']);
const TILE_OFFSETS = 324;
/** Px along a side of a picture for which all tiles have to be decoded. */
const SMALL = 32;
/** Bytes of an entry of a BigTIFF's directory, and how many entries are looked at. */
const [BIG_ENTRY, ENTRIES_MAX] = [20, 1024];

/**
 * Makes sure that an image is whole as far as its decoder does not tell: tiles of a TIFF that cannot be decoded are black, and
 * those of an AVIF that ends early are left out.
 *
 * @throws {PartsMissing} if the file ends early; otherwise what the decoder says of a tile.
 */
export async function expectWhole(input: ImageInput, { format, px }: OpenImage): Promise<void> {
  if (format === 'tiff' && withSource(input, isTiled)) {
    // Of tags alone that it warns of, libvips reads tiles all the same.
    await px({ failOn: 'warning' }).resize(SMALL, SMALL, { fit: 'fill' }).raw().toBuffer();
  }
  if ((format === 'avif' || format === 'heic') && withSource(input, endsEarly)) {
    throw new PartsMissing('the file is truncated');
  }
}

function withSource<Result>(input: ImageInput, look: (source: ByteSource) => Result): Result {
  const source = byteSource(input);
  try {
    return look(source);
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

/** The same of a BigTIFF, of which the numbers are of 64 bits (the format's extension 43). */
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

/** Whether a box of ISO base media file format that holds an image ends behind the file. */
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
