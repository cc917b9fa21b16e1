/**
 * A shard: some hundred sources that were indexed together, immutable. Two files share a name:
 *
 * `NAME.json`  what people and programs want to know of each file and source (see docs/formats.md), sealed by a CRC-32
 * `NAME.bin`   what mosaics are made of, little endian:
 *
 *     0   8  magic "ZMSHARD\0"
 *     8  u32 version, u32 sources n, u32 blobs per source b, u32 raster bytes per source p
 *    24  u32 CRC-32 of the features, u32 of the hashes, u32 of the tables, u32 of these first 36 bytes
 *    40  f32 n x 48 features
 *        u8  n x 8 perceptual hashes
 *        u8  n x p px of the small mips, RGB, largest first
 *        tables: padding to a multiple of 8; f64 n x b ends of the blobs, from the start of the first; u32 n x b CRC-32 of
 *        the blobs; u32 n CRC-32 of each source's px; padding to a multiple of 8
 *        u8  blobs
 *
 * Every byte is covered: the JSON holds the header's checksum, the header those of what is read whole, the tables those of
 * what is read in parts. The binary is written, synced and renamed before the JSON is: a shard is there whole or not at all.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { explainDisk, syncFolder } from '../disk.ts';
import type { Reason } from '../reasons.ts';
import type { Rect } from '../types.ts';
import type { IndexedImage } from './index-image.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { packIndex } from './shard-index.ts';
import { nextShardName } from './shard-folder.ts';

export const SHARD_VERSION = 3;
export const MAGIC = 'ZMSHARD\0';
/** Bytes of a binary's header; its own checksum is the last of them. */
export const HEADER = 40;

/** A file as it was when it was read; as long as size and times hold, so does `hash`. */
export interface FileRecord {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** A usable image; its row in the binary is its index in the shard's `sources`. */
export interface SourceRecord {
  readonly hash: string;
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly crop: Rect;
  readonly enlarged: boolean;
  readonly verbatim: boolean;
  readonly alpha: boolean;
  /** `#rrggbb` that its transparency was laid over; only with `alpha`. */
  readonly background?: string;
}

/** An image that could not be decoded, and why. */
export interface BrokenRecord {
  readonly hash: string;
  readonly reason: Reason;
}

/** `NAME.json`. */
export interface ShardIndex {
  readonly format: 'zoomosaic-shard';
  readonly version: number;
  /** Version of the decoders; what they could not read is tried again with others. */
  readonly decoder: string;
  /** Bytes of `NAME.bin`, and the checksum of its header. */
  readonly bytes: number;
  readonly header: number;
  readonly files: readonly FileRecord[];
  readonly sources: readonly SourceRecord[];
  readonly broken: readonly BrokenRecord[];
}

/** Where things stand in a shard's binary. */
export interface ShardLayout {
  readonly sources: number;
  readonly blobs: number;
  readonly rasters: number;
  readonly featuresAt: number;
  readonly hashesAt: number;
  readonly rastersAt: number;
  readonly tablesAt: number;
  readonly endsAt: number;
  readonly blobSumsAt: number;
  readonly rasterSumsAt: number;
  readonly blobsAt: number;
}

const even = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** Offsets within a binary of `sources` rows of `blobs` blobs and `rasters` bytes each. */
export function shardLayout(sources: number, blobs: number, rasters: number): ShardLayout {
  const featuresAt = HEADER;
  const hashesAt = featuresAt + sources * FEATURE_LENGTH * 4;
  const rastersAt = hashesAt + sources * HASH_BYTES;
  const tablesAt = rastersAt + sources * rasters;
  const endsAt = even(tablesAt);
  const blobSumsAt = endsAt + sources * blobs * 8;
  const rasterSumsAt = blobSumsAt + sources * blobs * 4;
  const blobsAt = even(rasterSumsAt + sources * 4);
  const sections = { featuresAt, hashesAt, rastersAt, tablesAt, endsAt, blobSumsAt, rasterSumsAt, blobsAt };
  return { sources, blobs, rasters, ...sections };
}

/**
 * Writes a shard, as the newest of its folder; returns once it is safely there.
 *
 * @throws {UserError} `disk-full` or `not-writable`; then nothing of it is left.
 */
export async function writeShard(
  folder: string,
  index: Omit<ShardIndex, 'format' | 'version' | 'bytes' | 'header'>,
  images: readonly IndexedImage[],
): Promise<string> {
  const parts = binaryOf(images);
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const header = new DataView(parts[0]!.buffer, parts[0]!.byteOffset).getUint32(HEADER - 4, true);
  const whole: ShardIndex = { format: 'zoomosaic-shard', version: SHARD_VERSION, bytes, header, ...index };
  let binary: string | undefined;
  try {
    const name = nextShardName(await readdir(folder), randomUUID().slice(0, 8));
    binary = join(folder, `${name}.bin`);
    await writeWhole(binary, parts);
    await writeWhole(join(folder, `${name}.json`), [packIndex(whole)]);
    await syncFolder(folder);
    return name;
  } catch (error) {
    if (binary) await rm(binary, { force: true });
    throw explainDisk(error, { option: '--catalog', path: dirname(folder) });
  }
}

function binaryOf(images: readonly IndexedImage[]): Uint8Array[] {
  const blobs = images[0]?.blobs.length ?? 0;
  const rasters = images[0]?.px.length ?? 0;
  const layout = shardLayout(images.length, blobs, rasters);
  const head = Buffer.alloc(layout.blobsAt);
  const parts: Uint8Array[] = [head];
  let end = 0;
  for (const [i, image] of images.entries()) {
    const features = new Uint8Array(image.features.buffer, image.features.byteOffset, image.features.byteLength);
    head.set(features, layout.featuresAt + i * FEATURE_LENGTH * 4);
    head.set(image.look, layout.hashesAt + i * HASH_BYTES);
    head.set(image.px, layout.rastersAt + i * rasters);
    head.writeUInt32LE(crc32(image.px), layout.rasterSumsAt + i * 4);
    for (const [j, blob] of image.blobs.entries()) {
      end += blob.length;
      head.writeDoubleLE(end, layout.endsAt + (i * blobs + j) * 8);
      head.writeUInt32LE(crc32(blob), layout.blobSumsAt + (i * blobs + j) * 4);
      parts.push(blob);
    }
  }
  writeHeader(head, layout);
  return parts;
}

/** Writes the header of a binary whose sections are in place. */
function writeHeader(head: Buffer, { sources, blobs, rasters, ...at }: ShardLayout): void {
  head.write(MAGIC, 'latin1');
  const sums = [
    [at.featuresAt, at.hashesAt],
    [at.hashesAt, at.rastersAt],
    [at.tablesAt, at.blobsAt],
  ].map(([from, to]) => crc32(head.subarray(from, to)));
  for (const [i, value] of [SHARD_VERSION, sources, blobs, rasters, ...sums].entries()) {
    head.writeUInt32LE(value, MAGIC.length + 4 * i);
  }
  head.writeUInt32LE(crc32(head.subarray(0, HEADER - 4)), HEADER - 4);
}

async function writeWhole(path: string, parts: Uint8Array[]): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      const { bytesWritten } = await file.writev(parts);
      const expected = parts.reduce((sum, part) => sum + part.length, 0);
      // A disk that is full takes a part and says nothing; it does of the rest.
      if (bytesWritten < expected) await file.writeFile(Buffer.concat(parts).subarray(bytesWritten));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
