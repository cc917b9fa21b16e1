import { setImmediate } from 'node:timers/promises';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { mipsOf, rastersOf } from '../tiles/tile-plan.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { Recipe, Size, SkippedFile, Source } from '../types.ts';
import { sizeKey } from './mips.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { ShardDamage, ShardReader } from './shard-reader.ts';
import { unpackStrips } from './strips.ts';

/** Where a source's data lies: row `row` of the shard whose binary is `shard`. */
export interface SourcePlace {
  readonly shard: string;
  readonly row: number;
}

/** Bytes of mips kept in memory at most, since neighbouring cells and levels ask for the same ones again. */
const CACHE_BYTES = 64 * 2 ** 20;

/** Bytes that are checked before the event loop has its turn. */
const BREATH_BYTES = 8 * 2 ** 20;

/** The usable sources of one mosaic, by id, and what can be read of each. */
export class Catalog {
  readonly recipe: Recipe;
  /** By id. */
  readonly sources: readonly Source[];
  readonly skipped: readonly SkippedFile[];
  /** Files byte-identical to another, or of the same photograph, and the source that they are. */
  readonly copies: ReadonlyMap<string, number>;
  /** How many of them are of the same photograph: {@link folded}. */
  readonly pairs: number;
  /** What people should know of how the catalog came to be. */
  readonly notes: readonly string[];
  private readonly places: readonly SourcePlace[];
  private ids: Map<string, number> | undefined;
  private readonly reader = new ShardReader();
  /** First blob of each mip that has some, and offset of each size among the px, by size. */
  private readonly blobAt = new Map<string, number>();
  private readonly rasterAt = new Map<string, number>();
  private readonly blobs: number;
  private readonly cut = new BoundedCache<Strips>(CACHE_BYTES);
  private readonly rasters = new BoundedCache<Uint8Array>(CACHE_BYTES / 4);

  constructor(
    recipe: Recipe,
    found: {
      sources: readonly Source[];
      places: readonly SourcePlace[];
      skipped: readonly SkippedFile[];
      copies: Map<string, number>;
      pairs?: number;
      notes: readonly string[];
    },
  ) {
    this.recipe = recipe;
    this.sources = found.sources;
    this.places = found.places;
    this.skipped = found.skipped;
    this.copies = found.copies;
    this.pairs = found.pairs ?? 0;
    this.notes = found.notes;
    let blobs = 0;
    for (const mip of mipsOf(recipe)) {
      if (mip.from === 'paint') continue;
      this.blobAt.set(sizeKey(mip), blobs);
      blobs += mip.across * mip.down;
    }
    this.blobs = blobs;
    let rasters = 0;
    for (const size of rastersOf(recipe)) {
      this.rasterAt.set(sizeKey(size), rasters);
      rasters += size.width * size.height * 3;
    }
  }

  /** Id of the source that the file at `path` is, or is a copy of; undefined if it is none. */
  idOf(path: string): number | undefined {
    this.ids ??= new Map(this.sources.map((source, id) => [source.path, id]));
    return this.ids.get(path) ?? this.copies.get(path);
  }

  /** Feature vectors of all sources by id, {@link FEATURE_LENGTH} numbers each, in memory that threads can share. */
  features(): Float32Array {
    const all = new Float32Array(new SharedArrayBuffer(this.sources.length * FEATURE_LENGTH * 4));
    this.eachRow(FEATURE_LENGTH, all, (shard) => this.reader.features(shard));
    return all;
  }

  /** Perceptual hashes of all sources by id, {@link HASH_BYTES} bytes each. */
  hashes(): Uint8Array {
    const all = new Uint8Array(this.sources.length * HASH_BYTES);
    this.eachRow(HASH_BYTES, all, (shard) => this.reader.hashes(shard));
    return all;
  }

  /** A piece of a source's mip of `size` px (pieces count row by row): the image file that is kept of it. */
  file(id: number, size: Size, piece: number): Uint8Array {
    return this.blob(id, this.blobAt.get(sizeKey(size))! + piece);
  }

  /** The same of a mip that is kept for splicing. */
  strips(id: number, size: Size, piece: number): Strips {
    const index = this.blobAt.get(sizeKey(size))! + piece;
    const key = id * this.blobs + index;
    const known = this.cut.get(key);
    if (known) return known;
    const strips = unpackStrips(this.blob(id, index));
    if (!strips) throw new ShardDamage(this.places[id]!.shard);
    this.cut.set(key, strips, strips.data.length + strips.ends.byteLength);
    return strips;
  }

  /** Bytes of such a piece, without reading it. */
  bytesOf(id: number, size: Size, piece: number): number {
    const { shard, row } = this.places[id]!;
    return this.reader.blobBytes(shard, row, this.blobAt.get(sizeKey(size))! + piece);
  }

  /** A source at a size whose px are kept, RGB. */
  pixels(id: number, size: Size): Uint8Array {
    let all = this.rasters.get(id);
    if (!all) {
      const { shard, row } = this.places[id]!;
      all = this.reader.rasters(shard, row);
      this.rasters.set(id, all, all.length);
    }
    const at = this.rasterAt.get(sizeKey(size))!;
    return all.subarray(at, at + size.width * size.height * 3);
  }

  /**
   * Reads all that is kept of the sources `ids` once.
   *
   * @returns the shards of those that are damaged.
   */
  async damaged(ids: Iterable<number>, signal: AbortSignal): Promise<Set<string>> {
    const damaged = new Set<string>();
    let bytes = 0;
    for (const id of ids) {
      const { shard, row } = this.places[id]!;
      if (damaged.has(shard)) continue;
      try {
        bytes += this.reader.checkRow(shard, row);
      } catch (error) {
        if (!(error instanceof ShardDamage)) throw error;
        damaged.add(shard);
      }
      if (bytes < BREATH_BYTES) continue;
      bytes = 0;
      await setImmediate();
      signal.throwIfAborted();
    }
    return damaged;
  }

  /** The shard that a source lies in. */
  shardOf(id: number): string {
    return this.places[id]!.shard;
  }

  /** The same without some sources, whose files then mean another one: `pairs` tells by id which. */
  folded(pairs: ReadonlyMap<number, number>): Catalog {
    const kept = this.sources.flatMap((_, id) => (pairs.has(id) ? [] : [id]));
    const numbers = new Map(kept.map((id, number) => [id, number]));
    const numberOf = (id: number) => numbers.get(pairs.get(id) ?? id)!;
    const copies = new Map([...this.copies].map(([path, id]) => [path, numberOf(id)]));
    for (const id of pairs.keys()) copies.set(this.sources[id]!.path, numberOf(id));
    this.close();
    const { recipe, skipped, notes } = this;
    const [sources, places] = [kept.map((id) => this.sources[id]!), kept.map((id) => this.places[id]!)];
    return new Catalog(recipe, { sources, places, skipped, copies, pairs: this.pairs + pairs.size, notes });
  }

  /** Closes the shards. */
  close(): void {
    this.reader.close();
  }

  /** Copies each source's `length` numbers from what `read` has of its shard. */
  private eachRow<Values extends Float32Array | Uint8Array>(
    length: number,
    all: Values,
    read: (shard: string) => Values,
  ): void {
    const shards = new Map<string, Values>();
    for (const [id, { shard, row }] of this.places.entries()) {
      const values = shards.get(shard) ?? read(shard);
      shards.set(shard, values);
      all.set(values.subarray(row * length, (row + 1) * length), id * length);
    }
  }

  private blob(id: number, index: number): Uint8Array {
    const { shard, row } = this.places[id]!;
    return this.reader.blob(shard, row, index);
  }
}

/** Keeps what was put in last, up to a number of bytes. */
class BoundedCache<Value> {
  private readonly entries = new Map<number, { value: Value; bytes: number }>();
  private readonly limit: number;
  private bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get(key: number): Value | undefined {
    return this.entries.get(key)?.value;
  }

  set(key: number, value: Value, bytes: number): void {
    this.entries.set(key, { value, bytes });
    this.bytes += bytes;
    for (const [oldest, entry] of this.entries) {
      if (this.bytes <= this.limit) return;
      this.entries.delete(oldest);
      this.bytes -= entry.bytes;
    }
  }
}
