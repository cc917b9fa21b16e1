import { toHex } from '../colour/hex.ts';
import { DECODERS } from '../image/open-image.ts';
import type { Reason } from '../image/reasons.ts';
import type { ScannedFile } from '../types.ts';
import type { IndexedImage } from './index-image.ts';
import type { CatalogPlace, KnownImages } from './known-images.ts';
import type { MadeProxy } from './proxy.ts';
import { type BrokenRecord, type FileRecord, type SourceRecord, writeShard } from './shard.ts';

/** Limits of a batch: at this number of sources, or of bytes kept of them, the shard is written. */
const SHARD_SOURCES = 500;
const SHARD_BYTES = 32 * 2 ** 20;

/**
 * Result of reading a file: the hash of its content and, if that content is new, its variants or the reason for failure.
 */
export interface ReadFile {
  readonly file: ScannedFile;
  readonly hash: string;
  readonly images?: readonly IndexedImage[];
  /** Proxy of the image, if one is worth keeping. */
  readonly proxy?: MadeProxy;
  /** Reason why the content cannot be decoded. */
  readonly broken?: Reason;
}

/** Collects files and sources for the next shard. */
export class Batch {
  private files: FileRecord[] = [];
  private sources: SourceRecord[] = [];
  private images: IndexedImage[] = [];
  private broken: BrokenRecord[] = [];
  private bytes = 0;
  private readonly most: number;
  private readonly known: KnownImages;
  private readonly background: string;
  private readonly lenient: boolean;

  /** @param options those of the catalog; `bytes`: limit of the bytes kept. */
  constructor(
    known: KnownImages,
    {
      background,
      lenient = false,
      bytes = SHARD_BYTES,
    }: Pick<CatalogPlace, 'background' | 'lenient'> & { readonly bytes?: number },
  ) {
    this.known = known;
    this.most = bytes;
    this.background = toHex(background);
    this.lenient = lenient;
  }

  /**
   * Adds a file.
   *
   * @returns true if the batch has reached its limits and should be written.
   */
  add({ file, hash, images = [], broken }: ReadFile): boolean {
    const { path, size, mtimeMs, ctimeMs } = file;
    this.files.push({ path, size, mtimeMs, ctimeMs, hash });
    if (broken !== undefined) {
      this.broken.push({ hash, reason: broken, ...(this.lenient && { lenient: true }) });
    }
    for (const image of images) {
      const { features: _, crops: __, perceptualHash: ___, px, blobs, variant, ...facts } = image;
      const own = { ...(variant > 0 && { variant }), ...(image.alpha && { background: this.background }) };
      this.sources.push({ hash, ...facts, ...own });
      this.images.push(image);
      this.bytes += blobs.reduce((sum, blob) => sum + blob.length, px.length);
    }
    return this.images.length >= SHARD_SOURCES || this.bytes >= this.most;
  }

  /** Nothing was added since the last shard. */
  get isEmpty(): boolean {
    return this.files.length === 0;
  }

  /** Writes the batch as a shard and adds its records to the known images. Does nothing if the batch is empty. */
  async write(): Promise<void> {
    const { files, sources, images, broken, known } = this;
    if (this.isEmpty) return;
    const records = { decoder: DECODERS, files, sources, broken };
    known.add(await writeShard(known.folder, records, images), records);
    [this.files, this.sources, this.images, this.broken, this.bytes] = [[], [], [], [], 0];
  }
}
