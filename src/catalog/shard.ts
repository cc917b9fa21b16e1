/**
 * A shard: some hundred sources that were indexed together, immutable. Two files share a name:
 *
 * `NAME.json`  what people and programs want to know of each file and source (see docs/formats.md), sealed by a CRC-32
 * `NAME.bin`   what mosaics are made of (see shard-layout.ts)
 *
 * Every byte is covered: the JSON holds the header's checksum, the header those of what is read whole, the tables those of
 * what is read in parts. The binary is written, synced and renamed before the JSON is: a shard is there whole or not at all.
 */
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { explainDisk, syncFolder } from '../store/disk.ts';
import type { Reason } from '../image/reasons.ts';
import type { Rect } from '../types.ts';
import type { IndexedImage } from './index-image.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import type { ProxyRecord } from './proxy.ts';
import { packIndex } from './shard-index.ts';
import { HEADER, SHARD_VERSION, shardLayout, writeHeader } from './shard-layout.ts';
import { nextShardName, removeShard, temporaryEnding } from './shard-folder.ts';
import { writeWhole } from './write-whole.ts';

/** State of a file when it was read. `hash` holds as long as the size and times do. */
export interface FileRecord {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** A usable image in one variant; its row in the binary is its index in the shard's `sources`. */
export interface SourceRecord {
  readonly hash: string;
  /** See `Variant`; missing for the whole, upright. */
  readonly variant?: number;
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly crop: Rect;
  readonly enlarged: boolean;
  readonly verbatim: boolean;
  readonly alpha: boolean;
  /** Colour that its transparency was laid over, `#rrggbb`; only with `alpha`. */
  readonly background?: string;
  /** Reason why only a part was decoded. Without `lenient`, the image counts as broken. */
  readonly partial?: Reason;
  /** Set if this is a proxy. */
  readonly proxy?: ProxyRecord;
}

/** An image that could not be decoded, and the reason. */
export interface BrokenRecord {
  readonly hash: string;
  readonly reason: Reason;
  /** No part of it decodes, either. */
  readonly lenient?: boolean;
}

/** Content of `NAME.json`. */
export interface ShardIndex {
  readonly format: 'zoomosaic-shard';
  readonly version: number;
  /** Version of the decoders. Images that they could not decode are tried again with another version. */
  readonly decoder: string;
  /** Size of `NAME.bin`, bytes, and the checksum of its header. */
  readonly bytes: number;
  readonly header: number;
  readonly files: readonly FileRecord[];
  readonly sources: readonly SourceRecord[];
  readonly broken: readonly BrokenRecord[];
}

/** Content of a binary by row. Each value is asked for more than once, and may be read anew each time. */
export interface ShardRows {
  readonly sources: number;
  readonly blobs: number;
  /** Bytes of raster px per source. */
  readonly rasters: number;
  /** Crop features per source. */
  readonly cropLength: number;
  features(row: number): Float32Array;
  crops(row: number): Int16Array;
  perceptualHash(row: number): Uint8Array;
  px(row: number): Uint8Array;
  blob(row: number, index: number): Uint8Array;
}

/** Records of a shard: its files and sources. */
export type ShardRecords = Pick<ShardIndex, 'decoder' | 'files' | 'sources' | 'broken'>;

/**
 * Writes a shard as the newest of its folder, and returns its name once both files are synced.
 *
 * @throws {UserError} `disk-full` or `not-writable`; then nothing of the shard is left.
 */
export async function writeShard(
  folder: string,
  records: ShardRecords,
  images: readonly IndexedImage[],
): Promise<string> {
  try {
    const name = nextShardName(await readdir(folder), randomUUID().slice(0, 8));
    await writeShardAs({ folder, name }, records, rowsOf(images));
    return name;
  } catch (error) {
    throw explainDisk(error, { option: '--catalog', path: dirname(folder) });
  }
}

/**
 * Does the same under the given name of the folder, which nobody else uses.
 *
 * @param rows one row for each source of `records`.
 * @throws {UserError} `disk-full` or `not-writable`, and errors of reading `rows`; then nothing of the shard is left.
 */
export async function writeShardAs(
  { folder, name }: { readonly folder: string; readonly name: string },
  records: ShardRecords,
  rows: ShardRows,
): Promise<void> {
  const { head, bytes } = headOf(rows);
  const index = packed(records, { head, bytes });
  try {
    const path = join(folder, name);
    await writeWhole(
      [
        [`${path}.bin`, partsOf(head, rows)],
        [`${path}.json`, [index]],
      ],
      temporaryEnding(),
    );
    await syncFolder(folder);
  } catch (error) {
    await removeShard(folder, name);
    throw explainDisk(error, { option: '--catalog', path: dirname(folder) });
  }
}

/** Returns the size of both files that {@link writeShardAs} would write, bytes. */
export function shardBytes(records: ShardRecords, rows: ShardRows): number {
  const head = headOf(rows);
  return head.bytes + packed(records, head).length;
}

function packed({ decoder, files, sources, broken }: ShardRecords, { head, bytes }: Head): Uint8Array {
  const header = head.readUInt32LE(HEADER - 4);
  return packIndex({
    format: 'zoomosaic-shard',
    version: SHARD_VERSION,
    bytes,
    header,
    decoder,
    files,
    sources,
    broken,
  });
}

function rowsOf(images: readonly IndexedImage[]): ShardRows {
  return {
    sources: images.length,
    blobs: images[0]?.blobs.length ?? 0,
    rasters: images[0]?.px.length ?? 0,
    cropLength: images[0]?.crops.length ?? 0,
    features: (row) => images[row]!.features,
    crops: (row) => images[row]!.crops,
    perceptualHash: (row) => images[row]!.perceptualHash,
    px: (row) => images[row]!.px,
    blob: (row, index) => images[row]!.blobs[index]!,
  };
}

/** All bytes of a binary before its blobs, and the size of the whole binary, bytes. */
interface Head {
  readonly head: Buffer;
  readonly bytes: number;
}

function headOf(rows: ShardRows): Head {
  const layout = shardLayout({ ...rows, crops: rows.cropLength });
  const head = Buffer.alloc(layout.blobsAt);
  let end = 0;
  for (let row = 0; row < rows.sources; row++) {
    const px = rows.px(row);
    head.set(bytesOf(rows.features(row)), layout.featuresAt + row * FEATURE_LENGTH * 4);
    head.set(bytesOf(rows.crops(row)), layout.cropsAt + row * rows.cropLength * 2);
    head.set(rows.perceptualHash(row), layout.hashesAt + row * HASH_BYTES);
    head.set(px, layout.rastersAt + row * rows.rasters);
    head.writeUInt32LE(crc32(px), layout.rasterSumsAt + row * 4);
    for (let index = 0; index < rows.blobs; index++) {
      const blob = rows.blob(row, index);
      end += blob.length;
      head.writeDoubleLE(end, layout.endsAt + (row * rows.blobs + index) * 8);
      head.writeUInt32LE(crc32(blob), layout.blobSumsAt + (row * rows.blobs + index) * 4);
    }
  }
  writeHeader(head, layout);
  return { head, bytes: layout.blobsAt + end };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function* partsOf(head: Buffer, rows: ShardRows): Generator<Uint8Array> {
  yield head;
  for (let row = 0; row < rows.sources; row++) {
    for (let index = 0; index < rows.blobs; index++) yield rows.blob(row, index);
  }
}
