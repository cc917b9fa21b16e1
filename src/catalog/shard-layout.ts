/**
 * The binary of a shard, `NAME.bin`, little endian:
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
 */
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { HASH_BYTES } from './perceptual-hash.ts';

export const SHARD_VERSION = 3;
const MAGIC = 'ZMSHARD\0';
/** Bytes of a binary's header, whose last four are its own checksum. */
export const HEADER = 40;

/** Counts of a shard's binary, and byte offsets of its sections. */
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

/** Returns the layout of a binary of `sources` rows, each of `blobs` blobs and `rasters` bytes of px. */
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

/** Checksums (CRC-32) of the sections that are read whole. */
export interface SectionSums {
  readonly features: number;
  readonly hashes: number;
  readonly tables: number;
}

/** Writes the header of a binary whose sections before the blobs are in place. */
export function writeHeader(head: Buffer, { sources, blobs, rasters, ...at }: ShardLayout): void {
  const sum = (from: number, to: number) => crc32(head.subarray(from, to));
  const { features, hashes, tables }: SectionSums = {
    features: sum(at.featuresAt, at.hashesAt),
    hashes: sum(at.hashesAt, at.rastersAt),
    tables: sum(at.tablesAt, at.blobsAt),
  };
  head.write(MAGIC, 'latin1');
  for (const [i, value] of [SHARD_VERSION, sources, blobs, rasters, features, hashes, tables].entries()) {
    head.writeUInt32LE(value, MAGIC.length + 4 * i);
  }
  head.writeUInt32LE(crc32(head.subarray(0, HEADER - 4)), HEADER - 4);
}

/**
 * Reads a header.
 *
 * @returns the layout, the checksums of sections, and the header's own checksum; undefined if it is damaged, or of another
 *   version.
 */
export function readHeader(
  head: Buffer,
): { readonly layout: ShardLayout; readonly sums: SectionSums; readonly own: number } | undefined {
  const [version, sources, blobs, rasters, features, hashes, tables, own] = Array.from({ length: 8 }, (_, i) =>
    head.readUInt32LE(MAGIC.length + 4 * i),
  ) as [number, number, number, number, number, number, number, number];
  if (own !== crc32(head.subarray(0, HEADER - 4)) || version !== SHARD_VERSION) return undefined;
  if (!head.toString('latin1').startsWith(MAGIC)) return undefined;
  return { layout: shardLayout(sources, blobs, rasters), sums: { features, hashes, tables }, own };
}
