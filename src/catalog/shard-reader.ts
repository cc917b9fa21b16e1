import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { shardLayout, type ShardLayout } from './shard.ts';

/** Open files at most; a catalog of a million sources has some thousand shards. */
const OPEN_MAX = 128;

/** Reads from the binaries of shards by offset; nothing is held but the tables of offsets. */
export class ShardReader {
  private readonly open = new Map<string, number>();
  private readonly tables = new Map<string, { layout: ShardLayout; ends: Float64Array; sums: Uint32Array }>();

  /** Features of every source of a shard, {@link FEATURE_LENGTH} numbers each. */
  features(path: string): Float32Array {
    const { layout } = this.table(path);
    const bytes = this.read(path, layout.featuresAt, layout.sources * FEATURE_LENGTH * 4);
    return new Float32Array(bytes.buffer, bytes.byteOffset, layout.sources * FEATURE_LENGTH);
  }

  /** Perceptual hashes of every source of a shard, {@link HASH_BYTES} bytes each. */
  hashes(path: string): Uint8Array {
    const { layout } = this.table(path);
    return this.read(path, layout.hashesAt, layout.sources * HASH_BYTES);
  }

  /** Px of the small mips of the source in `row`, largest first, RGB. */
  rasters(path: string, row: number): Uint8Array {
    const { layout } = this.table(path);
    return this.read(path, layout.rastersAt + row * layout.rasters, layout.rasters);
  }

  /** Blob `index` of the source in `row`; {@link UserError} if it is not what was written. */
  blob(path: string, row: number, index: number): Uint8Array {
    const { layout, ends, sums } = this.table(path);
    const i = row * layout.blobs + index;
    const start = i ? ends[i - 1]! : 0;
    const bytes = this.read(path, layout.blobsAt + start, ends[i]! - start);
    if (crc32(bytes) !== sums[i]) throw damaged(path);
    return bytes;
  }

  /** Bytes of blob `index` of the source in `row`. */
  blobBytes(path: string, row: number, index: number): number {
    const { layout, ends } = this.table(path);
    const i = row * layout.blobs + index;
    return ends[i]! - (i ? ends[i - 1]! : 0);
  }

  /** Closes all files. */
  close(): void {
    for (const fd of this.open.values()) closeSync(fd);
    this.open.clear();
  }

  private table(path: string) {
    const known = this.tables.get(path);
    if (known) return known;
    const head = this.read(path, 0, 32);
    if (head.toString('latin1', 0, 8) !== 'ZMSHARD\0') throw damaged(path);
    const layout = shardLayout(head.readUInt32LE(12), head.readUInt32LE(16), head.readUInt32LE(20));
    const count = layout.sources * layout.blobs;
    const ends = this.read(path, layout.endsAt, count * 8);
    const sums = this.read(path, layout.sumsAt, count * 4);
    const table = {
      layout,
      ends: new Float64Array(ends.buffer, ends.byteOffset, count),
      sums: new Uint32Array(sums.buffer, sums.byteOffset, count),
    };
    this.tables.set(path, table);
    return table;
  }

  private read(path: string, at: number, length: number): Buffer {
    const bytes = Buffer.from(new ArrayBuffer(length)); // of its own, so that typed arrays can view it
    if (readSync(this.descriptor(path), bytes, 0, length, at) !== length) throw damaged(path);
    return bytes;
  }

  private descriptor(path: string): number {
    const known = this.open.get(path);
    if (known !== undefined) return known;
    const [oldest] = this.open;
    if (oldest && this.open.size >= OPEN_MAX) {
      closeSync(oldest[1]);
      this.open.delete(oldest[0]);
    }
    const fd = openSync(path, 'r');
    this.open.set(path, fd);
    return fd;
  }
}

function damaged(path: string): UserError {
  return new UserError('catalog', `${path} is damaged`, 'Delete that file; the images in it are then indexed again.');
}
