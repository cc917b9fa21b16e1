/**
 * A shard: some hundred sources that were indexed together, immutable. Two files share a name:
 *
 * `NAME.json`  what people and programs want to know of each file and source (see docs/formats.md)
 * `NAME.bin`   what mosaics are made of, little endian:
 *
 *     0   8  magic "ZMSHARD\0"
 *     8  u32 version, u32 sources n, u32 blobs per source b, u32 raster bytes per source p, 8 bytes 0
 *    32  f32 n x 48 features
 *        u8  n x 8 perceptual hashes
 *        u8  n x p px of the small mips, RGB, largest first; padded to a multiple of 8
 *        f64 n x b ends of the blobs, from the start of the first
 *        u32 n x b CRC-32 of the blobs; padded to a multiple of 8
 *        u8  blobs
 *
 * The binary is written, synced and renamed before the JSON is: a shard is there whole or not at all.
 */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { explainDisk } from '../disk.ts';
import { systemCode, UserError } from '../errors.ts';
import type { Reason } from '../reasons.ts';
import type { Rect } from '../types.ts';
import type { IndexedImage } from './index-image.ts';
import { HASH_BYTES } from './perceptual-hash.ts';

export const SHARD_VERSION = 2;
const MAGIC = 'ZMSHARD\0';
const HEADER = 32;

/** A file as it was when it was read; as long as size and time hold, so does `hash`. */
export interface FileRecord {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
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
  /** Bytes of `NAME.bin`. */
  readonly bytes: number;
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
  readonly endsAt: number;
  readonly sumsAt: number;
  readonly blobsAt: number;
}

const even = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** Offsets within a binary of `sources` rows of `blobs` blobs and `rasters` bytes each. */
export function shardLayout(sources: number, blobs: number, rasters: number): ShardLayout {
  const hashesAt = HEADER + sources * FEATURE_LENGTH * 4;
  const rastersAt = hashesAt + sources * HASH_BYTES;
  const endsAt = even(rastersAt + sources * rasters);
  const sumsAt = endsAt + sources * blobs * 8;
  const blobsAt = even(sumsAt + sources * blobs * 4);
  return { sources, blobs, rasters, featuresAt: HEADER, hashesAt, rastersAt, endsAt, sumsAt, blobsAt };
}

/**
 * Writes a shard; returns once it is safely there.
 *
 * @throws {UserError} `disk-full` or `not-writable`; then nothing of it is left.
 */
export async function writeShard(
  folder: string,
  index: Omit<ShardIndex, 'format' | 'version' | 'bytes'>,
  images: readonly IndexedImage[],
): Promise<{ name: string; index: ShardIndex }> {
  const name = randomUUID();
  const parts = binaryOf(images);
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const whole: ShardIndex = { format: 'zoomosaic-shard', version: SHARD_VERSION, bytes, ...index };
  const binary = join(folder, `${name}.bin`);
  try {
    await writeWhole(binary, parts);
    await writeWhole(join(folder, `${name}.json`), [Buffer.from(JSON.stringify(whole))]);
  } catch (error) {
    await rm(binary, { force: true });
    throw explainDisk(error, { option: '--catalog', path: dirname(folder) });
  }
  return { name, index: whole };
}

function binaryOf(images: readonly IndexedImage[]): Uint8Array[] {
  const blobs = images[0]?.blobs.length ?? 0;
  const rasters = images[0]?.px.length ?? 0;
  const layout = shardLayout(images.length, blobs, rasters);
  const head = Buffer.alloc(layout.blobsAt);
  head.write(MAGIC, 'latin1');
  for (const [i, value] of [SHARD_VERSION, images.length, blobs, rasters].entries())
    head.writeUInt32LE(value, 8 + 4 * i);
  const parts: Uint8Array[] = [head];
  let end = 0;
  for (const [i, image] of images.entries()) {
    const features = new Uint8Array(image.features.buffer, image.features.byteOffset, image.features.byteLength);
    head.set(features, layout.featuresAt + i * FEATURE_LENGTH * 4);
    head.set(image.look, layout.hashesAt + i * HASH_BYTES);
    head.set(image.px, layout.rastersAt + i * rasters);
    for (const [j, blob] of image.blobs.entries()) {
      end += blob.length;
      head.writeDoubleLE(end, layout.endsAt + (i * blobs + j) * 8);
      head.writeUInt32LE(crc32(blob), layout.sumsAt + (i * blobs + j) * 4);
      parts.push(blob);
    }
  }
  return parts;
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

/**
 * Reads a shard's index.
 *
 * @returns undefined if the shard is damaged (then it is as if it were not there).
 * @throws {UserError} if it was written by a version that we do not know.
 */
export async function readShardIndex(folder: string, name: string): Promise<ShardIndex | undefined> {
  let index: ShardIndex;
  try {
    index = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as ShardIndex;
    if (index.format !== 'zoomosaic-shard') return undefined;
    const { size } = await stat(join(folder, `${name}.bin`));
    if (index.version === SHARD_VERSION && size !== index.bytes) return undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  if (index.version !== SHARD_VERSION) {
    throw new UserError(
      'catalog',
      `Expected catalog version ${SHARD_VERSION} in ${folder} but received ${index.version}`,
      'Choose another folder with --catalog, or use the zoomosaic that made it.',
    );
  }
  return index;
}
