/**
 * The binary of a shard, `NAME.bin`, little endian:
 *
 *     0   8  magic "ZMSHARD\0"
 *     8  u32 version, u32 sources n, u32 blobs per source b, u32 raster bytes per source p, u32 crop features per source c
 *    28  u32 CRC-32 of the features, u32 of the crop features, u32 of the hashes, u32 of the tables, u32 of these first 44
 *        bytes
 *    48  f32 n x 48 features
 *        i16 n x c crop features, in units of 1 / 8191
 *        u8  n x 8 perceptual hashes
 *        u8  n x p px of the small mips, RGB, largest first
 *        tables: padding to a multiple of 8; f64 n x b ends of the blobs, from the start of the first; u32 n x b CRC-32 of
 *        the blobs; u32 n CRC-32 of each source's px; padding to a multiple of 8
 *        u8  blobs
 */
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { HASH_BYTES } from './perceptual-hash.ts';

export const SHARD_VERSION = 4;
const MAGIC = 'ZMSHARD\0';
/** Bytes of a binary's header, whose last four are its own checksum. */
export const HEADER = 48;

/** Counts of a shard's binary, and byte offsets of its sections. */
export interface ShardLayout {
  readonly sources: number;
  readonly blobs: number;
  readonly rasters: number;
  readonly crops: number;
  readonly featuresAt: number;
  readonly cropsAt: number;
  readonly hashesAt: number;
  readonly rastersAt: number;
  readonly tablesAt: number;
  readonly endsAt: number;
  readonly blobSumsAt: number;
  readonly rasterSumsAt: number;
  readonly blobsAt: number;
}

const even = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** Returns the layout of a binary of `sources` rows, each of `blobs` blobs, `rasters` bytes of px and `crops` crop features. */
export function shardLayout({
  sources,
  blobs,
  rasters,
  crops,
}: Pick<ShardLayout, 'sources' | 'blobs' | 'rasters' | 'crops'>): ShardLayout {
  const featuresAt = HEADER;
  const cropsAt = featuresAt + sources * FEATURE_LENGTH * 4;
  const hashesAt = cropsAt + sources * crops * 2;
  const rastersAt = hashesAt + sources * HASH_BYTES;
  const tablesAt = rastersAt + sources * rasters;
  const endsAt = even(tablesAt);
  const blobSumsAt = endsAt + sources * blobs * 8;
  const rasterSumsAt = blobSumsAt + sources * blobs * 4;
  const blobsAt = even(rasterSumsAt + sources * 4);
  const sections = { featuresAt, cropsAt, hashesAt, rastersAt, tablesAt, endsAt, blobSumsAt, rasterSumsAt, blobsAt };
  return { sources, blobs, rasters, crops, ...sections };
}

/** Checksums (CRC-32) of the sections that are read whole. */
export interface SectionSums {
  readonly features: number;
  readonly crops: number;
  readonly hashes: number;
  readonly tables: number;
}

/** Writes the header of a binary whose sections before the blobs are in place. */
export function writeHeader(head: Buffer, { sources, blobs, rasters, crops, ...at }: ShardLayout): void {
  const sum = (from: number, to: number) => crc32(head.subarray(from, to));
  const sums: SectionSums = {
    features: sum(at.featuresAt, at.cropsAt),
    crops: sum(at.cropsAt, at.hashesAt),
    hashes: sum(at.hashesAt, at.rastersAt),
    tables: sum(at.tablesAt, at.blobsAt),
  };
  head.write(MAGIC, 'latin1');
  const values = [SHARD_VERSION, sources, blobs, rasters, crops, sums.features, sums.crops, sums.hashes, sums.tables];
  for (const [i, value] of values.entries()) {
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
  const value = (i: number) => head.readUInt32LE(MAGIC.length + 4 * i);
  const version = value(0);
  const own = head.readUInt32LE(HEADER - 4);
  if (own !== crc32(head.subarray(0, HEADER - 4)) || version !== SHARD_VERSION) return undefined;
  if (!head.toString('latin1').startsWith(MAGIC)) return undefined;
  const layout = shardLayout({ sources: value(1), blobs: value(2), rasters: value(3), crops: value(4) });
  return { layout, sums: { features: value(5), crops: value(6), hashes: value(7), tables: value(8) }, own };
}
