import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { isPassing } from '../image/failures.ts';
import { systemCode, UserError } from '../errors.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { HEADER, readHeader, type SectionSums, type ShardLayout } from './shard-layout.ts';

/** Largest number of open files; a catalog of a million sources has some thousand shards. */
const OPEN_MAX = 128;
/** Number of attempts at a read that fails for a passing reason. */
const TRIES = 4;
/** System errors that mean a damaged or missing file; others are failures of the moment. */
const DAMAGE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EIO'];
const TOO_MANY_FILES = ['EMFILE', 'ENFILE'];

/** A shard's binary is not what was written, or is gone. */
export class ShardDamage extends UserError {
  /** Path of the binary. */
  readonly path: string;

  constructor(path: string, options?: ErrorOptions) {
    super('catalog', `${path} is damaged`, 'Run it again: the images in it are then indexed again.', options);
    this.path = path;
  }
}

/** Layout and tables of an opened binary. */
interface Tables {
  readonly layout: ShardLayout;
  readonly sums: SectionSums;
  readonly ends: Float64Array;
  readonly blobSums: Uint32Array;
  readonly rasterSums: Uint32Array;
}

/**
 * Reads from the binaries of shards by offset. Only the tables of offsets and checksums stay in memory. All returned
 * bytes have the checksum that they were written with; otherwise the methods throw {@link ShardDamage}.
 */
export class ShardReader {
  private readonly open = new Map<string, number>();
  private readonly tables = new Map<string, Tables>();

  /**
   * Verifies the sections that are read whole, the header against its checksum in the JSON, the size of the file, and
   * the numbers of rows, blobs and raster bytes (the latter two if they are known).
   *
   * @returns the layout.
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
    this.crops(path);
    this.hashes(path);
    return layout;
  }

  /** Returns the features of all sources of a shard, {@link FEATURE_LENGTH} numbers each. */
  features(path: string): Float32Array {
    const { layout, sums } = this.table(path);
    const section = { at: layout.featuresAt, length: layout.sources * FEATURE_LENGTH * 4, sum: sums.features };
    const bytes = this.readSound(path, section);
    return new Float32Array(bytes.buffer, bytes.byteOffset, layout.sources * FEATURE_LENGTH);
  }

  /** Returns the crop features of all sources of a shard, `crops` numbers each. */
  crops(path: string): Int16Array {
    const { layout, sums } = this.table(path);
    const section = { at: layout.cropsAt, length: layout.sources * layout.crops * 2, sum: sums.crops };
    const bytes = this.readSound(path, section);
    return new Int16Array(bytes.buffer, bytes.byteOffset, layout.sources * layout.crops);
  }

  /** Returns the perceptual hashes of all sources of a shard, {@link HASH_BYTES} bytes each. */
  hashes(path: string): Uint8Array {
    const { layout, sums } = this.table(path);
    return this.readSound(path, { at: layout.hashesAt, length: layout.sources * HASH_BYTES, sum: sums.hashes });
  }

  /** Returns the px of the small mips of the source in `row`, largest first, RGB. */
  rasters(path: string, row: number): Uint8Array {
    const { layout, rasterSums } = this.table(path);
    const { rastersAt, rasters: length } = layout;
    return this.readSound(path, { at: rastersAt + row * length, length, sum: rasterSums[row]! });
  }

  /** Returns blob `index` of the source in `row`. */
  blob(path: string, row: number, index: number): Uint8Array {
    const { layout, ends, blobSums } = this.table(path);
    const i = row * layout.blobs + index;
    const start = i ? ends[i - 1]! : 0;
    return this.readSound(path, { at: layout.blobsAt + start, length: ends[i]! - start, sum: blobSums[i]! });
  }

  /** Returns the size of blob `index` of the source in `row`, bytes. */
  blobBytes(path: string, row: number, index: number): number {
    const { layout, ends } = this.table(path);
    const i = row * layout.blobs + index;
    return ends[i]! - (i ? ends[i - 1]! : 0);
  }

  /**
   * Reads and so verifies all data kept of the source in `row`.
   *
   * @returns number of bytes.
   */
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

  /**
   * Returns the tables of a binary; reads and verifies them at the first call.
   *
   * @param headerSum expected checksum of the header, if it is known from the JSON.
   */
  private table(path: string, headerSum?: number): Tables {
    const known = this.tables.get(path);
    if (known) return known;
    const head = this.read(path, 0, HEADER);
    const header = readHeader(head);
    if (!header || header.own !== (headerSum ?? header.own)) throw new ShardDamage(path);
    const { layout, sums } = header;
    if (layout.blobsAt > fstatSync(this.descriptor(path)).size) throw new ShardDamage(path);
    const { tablesAt, endsAt, blobSumsAt, rasterSumsAt, blobsAt } = layout;
    const bytes = this.readSound(path, { at: tablesAt, length: blobsAt - tablesAt, sum: sums.tables });
    // Sections are aligned to 8 bytes in the file, but not in the bytes that were read.
    const aligned = bytes.buffer.slice(endsAt - tablesAt);
    const table: Tables = {
      layout,
      sums,
      ends: new Float64Array(aligned, 0, layout.sources * layout.blobs),
      blobSums: new Uint32Array(aligned, blobSumsAt - endsAt, layout.sources * layout.blobs),
      rasterSums: new Uint32Array(aligned, rasterSumsAt - endsAt, layout.sources),
    };
    if (!isRising(table.ends)) throw new ShardDamage(path);
    this.tables.set(path, table);
    return table;
  }

  /** Reads bytes, and verifies that their checksum is `sum`. */
  private readSound(
    path: string,
    { at, length, sum }: { readonly at: number; readonly length: number; readonly sum: number },
  ): Buffer<ArrayBuffer> {
    const bytes = this.read(path, at, length);
    if (crc32(bytes) !== sum) throw new ShardDamage(path);
    return bytes;
  }

  /**
   * Reads bytes into memory of their own, so that typed arrays can view it. Repeats reads that fail for a passing
   * reason.
   */
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

/**
 * Translates a system error on a shard's file: {@link ShardDamage} if the file is damaged or missing, a `catalog`
 * {@link UserError} for failures of the moment. Returns other errors as they are.
 */
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
