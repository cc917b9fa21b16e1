import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { isPassing } from '../decoding/failures.ts';
import { systemCode, UserError } from '../errors.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { HEADER, MAGIC, SHARD_VERSION, shardLayout, type ShardLayout } from './shard.ts';

/** Open files at most; a catalog of a million sources has some thousand shards. */
const OPEN_MAX = 128;
/** How often a read is tried that fails for reasons that may pass. */
const TRIES = 4;
/** System errors that tell of a damaged or missing file; others are failures of the moment. */
const DAMAGE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EIO'];
const TOO_MANY_FILES = ['EMFILE', 'ENFILE'];

/** A shard's binary is not what was written, or is gone. */
export class ShardDamage extends UserError {
  /** Of the binary. */
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super('catalog', `${path} is damaged`, 'Run it again: the images in it are then indexed again.', options);
    this.path = path;
  }
}

/** What is known of a binary that was opened. */
interface Tables {
  readonly layout: ShardLayout;
  readonly sums: { readonly features: number; readonly hashes: number };
  readonly ends: Float64Array;
  readonly blobSums: Uint32Array;
  readonly rasterSums: Uint32Array;
}

/**
 * Reads from the binaries of shards by offset; nothing is held but the tables of offsets. Whatever is returned has the
 * checksum that it was written with; if it has not, that throws {@link ShardDamage}.
 */
export class ShardReader {
  private readonly open = new Map<string, number>();
  private readonly tables = new Map<string, Tables>();

  /**
   * Checks all that is read whole, the header against its checksum in the JSON, and that there are as many rows, blobs and px
   * (where these are known) as there should be.
   *
   * @returns what there is.
   * @throws {ShardDamage}
   */
  check(
    path: string,
    expected: { header: number; bytes: number; sources: number; blobs?: number; rasters?: number },
  ): ShardLayout {
    const { layout, ends } = this.table(path, expected.header);
    const { sources, blobs, rasters, blobsAt } = layout;
    const rows = sources === 0 || (blobs === (expected.blobs ?? blobs) && rasters === (expected.rasters ?? rasters));
    const bytes = blobsAt + (ends.at(-1) ?? 0);
    const whole = bytes === expected.bytes && bytes === fstatSync(this.descriptor(path)).size;
    if (!rows || !whole || sources !== expected.sources) throw new ShardDamage(path);
    this.features(path);
    this.hashes(path);
    return layout;
  }

  /** Features of every source of a shard, {@link FEATURE_LENGTH} numbers each. */
  features(path: string): Float32Array {
    const { layout, sums } = this.table(path);
    const bytes = this.readSound(path, layout.featuresAt, layout.sources * FEATURE_LENGTH * 4, sums.features);
    return new Float32Array(bytes.buffer, bytes.byteOffset, layout.sources * FEATURE_LENGTH);
  }

  /** Perceptual hashes of every source of a shard, {@link HASH_BYTES} bytes each. */
  hashes(path: string): Uint8Array {
    const { layout, sums } = this.table(path);
    return this.readSound(path, layout.hashesAt, layout.sources * HASH_BYTES, sums.hashes);
  }

  /** Px of the small mips of the source in `row`, largest first, RGB. */
  rasters(path: string, row: number): Uint8Array {
    const { layout, rasterSums } = this.table(path);
    return this.readSound(path, layout.rastersAt + row * layout.rasters, layout.rasters, rasterSums[row]!);
  }

  /** Blob `index` of the source in `row`. */
  blob(path: string, row: number, index: number): Uint8Array {
    const { layout, ends, blobSums } = this.table(path);
    const i = row * layout.blobs + index;
    const start = i ? ends[i - 1]! : 0;
    return this.readSound(path, layout.blobsAt + start, ends[i]! - start, blobSums[i]!);
  }

  /** Bytes of blob `index` of the source in `row`. */
  blobBytes(path: string, row: number, index: number): number {
    const { layout, ends } = this.table(path);
    const i = row * layout.blobs + index;
    return ends[i]! - (i ? ends[i - 1]! : 0);
  }

  /** Reads all that is kept of the source in `row`; returns how many bytes that are. */
  checkRow(path: string, row: number): number {
    let bytes = this.rasters(path, row).length;
    const { blobs } = this.table(path).layout;
    for (let index = 0; index < blobs; index++) bytes += this.blob(path, row, index).length;
    return bytes;
  }

  /** Closes all files. */
  close(): void {
    for (const fd of this.open.values()) closeSync(fd);
    this.open.clear();
  }

  /** @param headerSum what the header's checksum should be, if it is known from elsewhere. */
  private table(path: string, headerSum?: number): Tables {
    const known = this.tables.get(path);
    if (known) return known;
    const head = this.read(path, 0, HEADER);
    const [version, sources, blobs, rasters, features, hashes, tables, own] = Array.from({ length: 8 }, (_, i) =>
      head.readUInt32LE(MAGIC.length + 4 * i),
    ) as [number, number, number, number, number, number, number, number];
    const sound = own === crc32(head.subarray(0, HEADER - 4)) && own === (headerSum ?? own);
    if (!sound || version !== SHARD_VERSION || !head.toString('latin1').startsWith(MAGIC)) throw new ShardDamage(path);
    const layout = shardLayout(sources, blobs, rasters);
    if (layout.blobsAt > fstatSync(this.descriptor(path)).size) throw new ShardDamage(path);
    const { tablesAt, endsAt, blobSumsAt, rasterSumsAt, blobsAt } = layout;
    const bytes = this.readSound(path, tablesAt, blobsAt - tablesAt, tables);
    // Offsets within the file are multiples of eight, those within what was read need not be.
    const aligned = bytes.buffer.slice(endsAt - tablesAt);
    const table: Tables = {
      layout,
      sums: { features, hashes },
      ends: new Float64Array(aligned, 0, sources * blobs),
      blobSums: new Uint32Array(aligned, blobSumsAt - endsAt, sources * blobs),
      rasterSums: new Uint32Array(aligned, rasterSumsAt - endsAt, sources),
    };
    if (!isRising(table.ends)) throw new ShardDamage(path);
    this.tables.set(path, table);
    return table;
  }

  /** Reads bytes whose checksum is `sum`. */
  private readSound(path: string, at: number, length: number, sum: number): Buffer<ArrayBuffer> {
    const bytes = this.read(path, at, length);
    if (crc32(bytes) !== sum) throw new ShardDamage(path);
    return bytes;
  }

  /** Reads bytes, into memory of their own so that typed arrays can view it. */
  private read(path: string, at: number, length: number): Buffer<ArrayBuffer> {
    for (let failures = 1; ; failures++) {
      try {
        return this.readOnce(path, at, length);
      } catch (error) {
        if (failures >= TRIES || !isPassing(error)) throw explainRead(error, path);
        this.closeOne(path);
      }
    }
  }

  private readOnce(path: string, at: number, length: number): Buffer<ArrayBuffer> {
    const bytes = Buffer.from(new ArrayBuffer(length));
    const descriptor = this.descriptor(path);
    for (let done = 0; done < length;) {
      const read = readSync(descriptor, bytes, done, length - done, at + done);
      if (read === 0) throw new ShardDamage(path);
      done += read;
    }
    return bytes;
  }

  private descriptor(path: string): number {
    const known = this.open.get(path);
    if (known !== undefined) return known;
    if (this.open.size >= OPEN_MAX) this.closeOldest();
    for (;;) {
      try {
        const fd = openSync(path, 'r');
        this.open.set(path, fd);
        return fd;
      } catch (error) {
        if (this.open.size === 0 || !TOO_MANY_FILES.includes(systemCode(error) ?? '')) throw error;
        this.closeOldest();
      }
    }
  }

  private closeOldest(): void {
    const [oldest] = this.open.keys();
    if (oldest !== undefined) this.closeOne(oldest);
  }

  private closeOne(path: string): void {
    const descriptor = this.open.get(path);
    if (descriptor === undefined) return;
    closeSync(descriptor);
    this.open.delete(path);
  }
}

function isRising(ends: Float64Array): boolean {
  return ends.every((end, i) => Number.isSafeInteger(end) && end >= (i ? ends[i - 1]! : 0));
}

/** What a system error on the way to a shard's file means: {@link ShardDamage}, or a `catalog` {@link UserError} for those of the moment. */
export function explainRead(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || error instanceof UserError) return error;
  if (DAMAGE.includes(code)) return new ShardDamage(path, { cause: error });
  return new UserError(
    'catalog',
    `Cannot read ${path} of the catalog (${code})`,
    'Make that possible and run it again, or choose another folder with --catalog.',
    { cause: error },
  );
}
