import { indexBytesMax, type IndexShape, type OriginalFacts, readIndexRows } from '../src/format/original-index.ts';
import { indexPath, ORIGINALS_GLOBAL } from '../src/format/site-paths.ts';
import { loadTold } from './scripts.ts';

/** The index of originals, loaded block by block on demand. */
export class OriginalIndex {
  private readonly shape: IndexShape;
  private readonly base: string;
  private readonly onKnown: () => void;
  private readonly rows = new Map<number, readonly (OriginalFacts | null)[] | null>();
  private readonly loading = new Map<number, Promise<void>>();

  /**
   * @param base address of the site, ending in `/`; empty for the page's own.
   * @param onKnown called whenever a block has been loaded, or has failed to load.
   */
  constructor(shape: IndexShape, base: string, onKnown: () => void) {
    this.shape = shape;
    this.base = base;
    this.onKnown = onKnown;
  }

  /** Number of blocks that are being loaded. */
  get pending(): number {
    return this.loading.size - this.rows.size;
  }

  /** Returns the original of a picture; `undefined` if its block is not loaded yet, `null` if there is none. */
  of(picture: number): OriginalFacts | null | undefined {
    const { block } = this.shape;
    const rows = this.rows.get(Math.floor(picture / block));
    return rows === undefined ? undefined : (rows?.[picture % block] ?? null);
  }

  /** Loads the index's block of a picture. Never rejects. */
  load(picture: number): Promise<void> {
    const block = Math.floor(picture / this.shape.block);
    const known = this.loading.get(block);
    if (known) return known;
    const src = this.base + indexPath(block);
    const bytesMax = indexBytesMax(this.shape);
    const told = loadTold({ src, global: ORIGINALS_GLOBAL, name: String(block), bytesMax });
    const loaded = told.then((rows) => {
      this.rows.set(block, readIndexRows(rows, block, this.shape) ?? null);
      this.onKnown();
    });
    this.loading.set(block, loaded);
    return loaded;
  }
}
