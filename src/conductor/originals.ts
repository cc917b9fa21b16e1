import type { Pictures } from '../catalog/pictures.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { plural } from '../messages.ts';
import type { ResolvedOptions } from './options.ts';
import { INDEX_BLOCK } from '../format/original-index.ts';
import { type OriginalStore, type WrittenOriginals, writeOriginals } from '../originals/originals.ts';
import { reasonText } from '../image/reasons.ts';
import type { Recipe, Rgb } from '../types.ts';

/** Facts for the originals of a site. */
export interface OriginalsFacts {
  readonly options: ResolvedOptions;
  readonly recipe: Recipe;
  readonly pictures: Pictures;
  readonly background: Rgb;
  readonly store: OriginalStore;
  /** Returns the name of the image at a path. */
  readonly nameOf: (path: string) => string;
  readonly onProgress: (done: number, total: number) => void;
}

/** Result of writing the originals of a site. */
export interface MadeOriginals {
  /** Entry of `mosaic.json`. */
  readonly originals: MosaicJson['originals'];
  readonly sums: WrittenOriginals['sums'];
  readonly indexSums: WrittenOriginals['indexSums'];
  /** Warnings for users. */
  readonly warnings: readonly string[];
}

/** Writes the originals, if requested. */
export async function originalsOf({
  options,
  recipe,
  pictures,
  background,
  store,
  nameOf,
  onProgress,
}: OriginalsFacts): Promise<MadeOriginals> {
  const { originals: mode, concurrency, signal } = options;
  if (mode === 'none') return { originals: undefined, sums: new Map(), indexSums: new Map(), warnings: [] };
  const { encoded, leftOut, largest, sums, indexSums } = await writeOriginals({
    pictures: pictures.shown(),
    mode,
    store,
    background,
    quality: recipe.quality,
    concurrency,
    onProgress,
    signal,
  });
  const levels = Math.max(0, Math.ceil(Math.log2(largest.width / recipe.cell.width)));
  const why = 'metadata cannot be removed from the format, or browsers cannot show it';
  return {
    originals: { mode, block: INDEX_BLOCK, levels },
    sums,
    indexSums,
    warnings: [
      ...(encoded > 0 ? [`${plural(encoded, 'original was', 'originals were')} re-encoded: ${why}`] : []),
      ...leftOut.map(({ path, reason }) => `the original of ${nameOf(path)} was left out: ${reasonText(reason)}`),
    ],
  };
}
