import type { Pictures } from './catalog/pictures.ts';
import type { MosaicJson } from './mosaic-json.ts';
import { count } from './numbers.ts';
import type { ResolvedOptions } from './options.ts';
import { INDEX_BLOCK } from './originals/original-index.ts';
import { type OriginalStore, writeOriginals } from './originals/originals.ts';
import { reasonText } from './reasons.ts';
import type { Recipe, Rgb } from './types.ts';

/** What the originals of a site are made of. */
export interface OriginalsFacts {
  readonly options: ResolvedOptions;
  readonly recipe: Recipe;
  readonly pictures: Pictures;
  readonly background: Rgb;
  readonly store: OriginalStore;
  /** What the image at a path is called. */
  readonly nameOf: (path: string) => string;
  readonly onProgress: (done: number, total: number) => void;
}

/** Writes the originals, if they are asked for; tells what `mosaic.json` says of them, and what people should know. */
export async function originalsOf({
  options,
  recipe,
  pictures,
  background,
  store,
  nameOf,
  onProgress,
}: OriginalsFacts): Promise<{ readonly originals: MosaicJson['originals']; readonly warnings: readonly string[] }> {
  const { originals: mode, concurrency, signal } = options;
  if (mode === 'none') return { originals: undefined, warnings: [] };
  const { encoded, leftOut, largest } = await writeOriginals({
    pictures: pictures.turns.map((turn, picture) => ({ source: pictures.sourceOf(picture), turn })),
    mode,
    store,
    background,
    quality: recipe.quality,
    concurrency,
    onProgress,
    signal,
  });
  const levels = Math.max(0, Math.ceil(Math.log2(largest.width / recipe.cell.width)));
  const why = 'their formats cannot be freed of metadata, or no browser shows them';
  return {
    originals: { mode, block: INDEX_BLOCK, levels },
    warnings: [
      ...(encoded > 0 ? [`${count(encoded)} originals were encoded anew: ${why}`] : []),
      ...leftOut.map(({ path, reason }) => `the original of ${nameOf(path)} was left out: ${reasonText(reason)}`),
    ],
  };
}
