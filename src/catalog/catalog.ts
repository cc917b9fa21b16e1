import { setImmediate } from 'node:timers/promises';
import { FEATURE_LENGTH, type SourceFeatures } from '../colour/features.ts';
import { mipsOf, rastersOf } from '../tiles/tile-plan.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { Recipe, Size, SkippedFile, Source } from '../types.ts';
import { BoundedCache } from './bounded-cache.ts';
import { CROP_FEATURES } from './crop-features.ts';
import { sizeKey } from './mips.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { ShardDamage, ShardReader } from './shard-reader.ts';
import { unpackStrips } from './strips.ts';

/** Place of a source's data: row `row` of the shard whose binary is `shard`. */
export interface SourcePlace {
  readonly shard: string;
  readonly row: number;
}

/** Largest number of bytes of mips kept in memory: neighbouring cells and levels ask for the same mips again. */
const CACHE_BYTES = 64 * 2 ** 20;

/** Bytes that are verified between two turns of the event loop. */
const BREATH_BYTES = 8 * 2 ** 20;

/** Usable sources of one mosaic by id, with access to all data kept of each. */
export class Catalog {
  readonly recipe: Recipe;
  /** Sources by id. */
  readonly sources: readonly Source[];
  readonly skipped: readonly SkippedFile[];
  /** Source id of each file that is no source itself: byte-identical to another file, or folded into another source. */
  readonly copies: ReadonlyMap<string, number>;
  /** Number of sources that {@link folded} has merged into another one. */
  readonly pairs: number;
  /** Notes for the user on how the catalog came to be. */
  readonly notes: readonly string[];
  /** By id: see `Variant`. */
  readonly variants: readonly number[];
  private readonly places: readonly SourcePlace[];
  private ids: Map<string, number> | undefined;
  private readonly reader = new ShardReader();
  /**
   * By {@link sizeKey}: index of the first blob of each mip that is not painted, and byte offset of each raster size.
   */
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
      variants: readonly number[];
      skipped: readonly SkippedFile[];
      copies: Map<string, number>;
      pairs?: number;
      notes: readonly string[];
    },
  ) {
    this.recipe = recipe;
    this.sources = found.sources;
    this.places = found.places;
    this.variants = found.variants;
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

  /** Returns the id of the source that the file at `path` is, or is a copy of; undefined if there is none. */
  idOf(path: string): number | undefined {
    this.ids ??= new Map(this.sources.map((source, id) => [source.path, id]));
    return this.ids.get(path) ?? this.copies.get(path);
  }

  /**
   * Returns the feature vectors of all sources by id, {@link FEATURE_LENGTH} numbers each, in memory that threads can
   * share.
   */
  features(): Float32Array {
    const all = new Float32Array(new SharedArrayBuffer(this.sources.length * FEATURE_LENGTH * 4));
    this.eachRow(FEATURE_LENGTH, all, (shard) => this.reader.features(shard));
    return all;
  }

  /** Returns the features of all sources by id, in memory that threads can share; `crops` tells whether of all crops. */
  sourceFeatures(crops: boolean): SourceFeatures {
    if (!crops) return { whole: this.features() };
    const all = new Int16Array(this.sources.length * CROP_FEATURES);
    this.eachRow(CROP_FEATURES, all, (shard) => this.reader.crops(shard));
    return { whole: this.features(), crops: all };
  }

  /** Returns the perceptual hashes of all sources by id, {@link HASH_BYTES} bytes each. */
  hashes(): Uint8Array {
    const all = new Uint8Array(this.sources.length * HASH_BYTES);
    this.eachRow(HASH_BYTES, all, (shard) => this.reader.hashes(shard));
    return all;
  }

  /**
   * Returns the image file that is kept of one piece of a source's mip of `size` px. Pieces are numbered row by row.
   */
  file(id: number, size: Size, piece: number): Uint8Array {
    return this.blob(id, this.blobAt.get(sizeKey(size))! + piece);
  }

  /**
   * Returns the strips that are kept of one piece of a mip for splicing.
   *
   * @throws {ShardDamage} if the blob holds no strips.
   */
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

  /** Returns the size of one piece's blob, bytes, without reading the blob. */
  bytesOf(id: number, size: Size, piece: number): number {
    const { shard, row } = this.places[id]!;
    return this.reader.blobBytes(shard, row, this.blobAt.get(sizeKey(size))! + piece);
  }

  /** Returns the px of a source at one of the raster sizes, RGB. */
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
   * Reads all data kept of the sources `ids` once, and verifies the checksums.
   *
   * @returns paths of the binaries of damaged shards.
   * @throws `signal`'s reason if aborted.
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

  /** Returns the path of the binary of the shard that holds a source. */
  shardOf(id: number): string {
    return this.places[id]!.shard;
  }

  /**
   * Returns a catalog without the sources that are keys of `pairs`. Their files become copies of the sources (values)
   * that they are mapped to. Closes this catalog.
   */
  folded(pairs: ReadonlyMap<number, number>): Catalog {
    const kept = this.sources.flatMap((_, id) => (pairs.has(id) ? [] : [id]));
    const numbers = new Map(kept.map((id, number) => [id, number]));
    const numberOf = (id: number) => numbers.get(pairs.get(id) ?? id)!;
    const copies = new Map([...this.copies].map(([path, id]) => [path, numberOf(id)]));
    for (const id of pairs.keys()) copies.set(this.sources[id]!.path, numberOf(id));
    this.close();
    const { recipe, skipped, notes } = this;
    const [sources, places] = [kept.map((id) => this.sources[id]!), kept.map((id) => this.places[id]!)];
    const variants = kept.map((id) => this.variants[id]!);
    return new Catalog(recipe, { sources, places, variants, skipped, copies, pairs: this.pairs + pairs.size, notes });
  }

  /** Closes the shards. */
  close(): void {
    this.reader.close();
  }

  /** Fills `all` with `length` numbers per source, by id. `read` returns the numbers of all rows of a shard. */
  private eachRow<Values extends Float32Array | Int16Array | Uint8Array>(
    length: number,
    all: Values,
    read: (shard: string) => Values,
  ): void {
    // Shard by shard: all of them would take as much memory again.
    const ids = new Map<string, number[]>();
    for (const [id, { shard }] of this.places.entries()) {
      const own = ids.get(shard);
      if (own) own.push(id);
      else ids.set(shard, [id]);
    }
    for (const [shard, own] of ids) {
      const values = read(shard);
      for (const id of own) {
        const { row } = this.places[id]!;
        all.set(values.subarray(row * length, (row + 1) * length), id * length);
      }
    }
  }

  private blob(id: number, index: number): Uint8Array {
    const { shard, row } = this.places[id]!;
    return this.reader.blob(shard, row, index);
  }
}
