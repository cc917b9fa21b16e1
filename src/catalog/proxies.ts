/**
 * The proxies that a catalog keeps: a folder of shards like that of a recipe. A source of these shards is a proxy: it has one blob
 * (the JPEG) and no px, and its features and hash are 0. The folder is made when the first proxy is kept.
 *
 * Bytes must not depend on what a killed build had written: a recipe never makes wholes of a proxy that was made for itself, since
 * it made that and the whole of one decoding; and proxies are written before the wholes.
 */
import { basename, dirname, join } from 'node:path';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { systemCode } from '../errors.ts';
import { makeFolder } from '../store/disk.ts';
import type { ScannedFile } from '../types.ts';
import { Batch } from './batch.ts';
import type { IndexedImage } from './index-image.ts';
import { KnownImages, type KnownSource, readShards } from './known-images.ts';
import { HASH_BYTES } from './perceptual-hash.ts';
import { type MadeProxy, type ProxyFacts, type ProxyUse, suffices } from './proxy.ts';
import { proxyKey } from './recipe-key.ts';
import { removeShard } from './shard-folder.ts';
import { ShardDamage, ShardReader } from './shard-reader.ts';

/** A proxy is replaced by one that has at least so many times its px along a side. */
const LARGER = 1.2;
/** Bytes of proxies at which a shard is written: builds hold them in memory until then. */
const SHARD_BYTES = 16 * 2 ** 20;
const BLACK = { r: 0, g: 0, b: 0 };
const ROW = { blobs: 1, rasters: 0 };

/** A proxy that was found, and the facts about it. */
export interface FoundProxy {
  readonly facts: ProxyFacts;
  readonly bytes: Uint8Array;
}

/** Folder of a catalog, and the key of the recipe that proxies are used and made for. */
export interface ProxiesPlace {
  readonly catalog: string;
  readonly recipe: string;
}

/** Reads and keeps the proxies of a catalog. */
export class Proxies {
  /** Number of damaged shards, which were removed. */
  damaged: number;
  private readonly catalog: string;
  private readonly recipe: string;
  private readonly known: KnownImages;
  private readonly batch: Batch;
  private readonly reader = new ShardReader();
  /** Binaries that were found damaged or gone. */
  private readonly lost = new Set<string>();

  private constructor({ catalog, recipe }: ProxiesPlace, known: KnownImages, damaged: number) {
    this.catalog = catalog;
    this.recipe = recipe;
    this.known = known;
    this.damaged = damaged;
    this.batch = new Batch(known, { background: BLACK, bytes: SHARD_BYTES });
  }

  /**
   * Opens the proxies of a catalog; damaged shards are removed.
   *
   * @param needed tells whether any proxy will be asked for: if not, none are read.
   * @throws {UserError} errors of `readShards`.
   */
  static async open(place: ProxiesPlace, needed: boolean): Promise<Proxies> {
    const known = new KnownImages(join(place.catalog, proxyKey()), { background: BLACK });
    return new Proxies(place, known, needed ? await readShards(known, ROW) : 0);
  }

  /** Returns the hash of a file's content, if the file is unchanged since its proxy was kept. */
  hashOf(file: ScannedFile): string | undefined {
    return this.known.hashOf(file);
  }

  /** Returns the proxy of an image, if there is one that suffices. */
  async find(hash: string, use: ProxyUse): Promise<FoundProxy | undefined> {
    const found = this.sourceOf(hash);
    const { format, width, height, proxy } = found?.record ?? {};
    if (!found || !format || !width || !height || !proxy) return undefined;
    if (proxy.recipe === this.recipe && use.variants.includes(0)) return undefined;
    const facts = { format, width, height, proxy };
    const bytes = suffices(facts, use) ? await this.read(found) : undefined;
    return bytes && { facts, bytes };
  }

  /** Keeps the proxy of a file's image, unless there is one of about its size. */
  async add(file: ScannedFile, hash: string, { bytes, ...facts }: MadeProxy): Promise<void> {
    const record = this.sourceOf(hash)?.record;
    const isLarger = !record?.proxy || facts.proxy.across >= record.proxy.across * LARGER;
    if (!isLarger && this.hashOf(file) === hash) return;
    if (this.batch.add({ file, hash, images: isLarger ? [imageOf(bytes, facts, this.recipe)] : [] }))
      await this.write();
  }

  /**
   * Writes the proxies that were added since the last call.
   *
   * @throws {UserError} `disk-full` or `not-writable`.
   */
  async write(): Promise<void> {
    if (this.batch.isEmpty) return;
    await makeFolder(this.known.folder, { option: '--catalog', path: this.catalog });
    await this.batch.write();
  }

  /** Closes all files. */
  close(): void {
    this.reader.close();
  }

  private sourceOf(hash: string): KnownSource | undefined {
    const found = this.known.sourceOf(hash);
    return found && !this.lost.has(found.place.shard) ? found : undefined;
  }

  /** Reads a proxy. A damaged shard is removed; one that is gone was forgotten meanwhile. */
  private async read({ place: { shard, row } }: KnownSource): Promise<Uint8Array | undefined> {
    try {
      return this.reader.blob(shard, row, 0);
    } catch (error) {
      if (!(error instanceof ShardDamage)) throw error;
      if (!this.lost.has(shard) && systemCode(error.cause) !== 'ENOENT') this.damaged++;
      this.lost.add(shard);
      await removeShard(dirname(shard), basename(shard, '.bin'));
      return undefined;
    }
  }
}

function imageOf(bytes: Uint8Array, { format, width, height, proxy }: ProxyFacts, recipe: string): IndexedImage {
  return {
    variant: 0,
    proxy: { ...proxy, recipe },
    format,
    width,
    height,
    crop: { left: 0, top: 0, width, height },
    enlarged: false,
    verbatim: false,
    alpha: false,
    features: new Float32Array(FEATURE_LENGTH),
    crops: new Int16Array(0),
    perceptualHash: new Uint8Array(HASH_BYTES),
    px: new Uint8Array(0),
    blobs: [bytes],
  };
}
