import type { Pictures } from '../catalog/pictures.ts';
import type { FolderStore } from '../store/folder-store.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { plural } from '../messages.ts';
import type { ResolvedOptions } from './options.ts';
import { INDEX_BLOCK } from '../format/original-index.ts';
import { NO_CLOSEUPS, type WrittenCloseups, writeCloseups } from '../originals/closeups.ts';
import { type WrittenOriginals, writeOriginals } from '../originals/originals.ts';
import { reasonText } from '../image/reasons.ts';
import type { Recipe, Rgb } from '../types.ts';

/** Facts for the originals of a site. */
export interface OriginalsFacts {
  readonly options: ResolvedOptions;
  readonly recipe: Recipe;
  readonly pictures: Pictures;
  readonly background: Rgb;
  readonly store: FolderStore;
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
  readonly closeups: WrittenCloseups;
  /** Warnings for users. */
  readonly warnings: readonly string[];
}

/** Result for a site without originals. */
const NONE = { originals: undefined, sums: new Map<never, never>(), indexSums: new Map<never, never>(), warnings: [] };

/** Writes the originals or the close-ups, if requested. */
export async function originalsOf(facts: OriginalsFacts): Promise<MadeOriginals> {
  const { options, recipe, pictures, background, store, nameOf, onProgress } = facts;
  const { originals: mode, closeup: side, concurrency, signal } = options;
  if (mode !== 'none') return { ...(await filesOf(facts, mode)), closeups: NO_CLOSEUPS };
  if (side === undefined) return { ...NONE, closeups: NO_CLOSEUPS };
  const sources = Array.from({ length: pictures.count }, (_, picture) => pictures.sourceOf(picture));
  const { quality } = recipe;
  const how = { side, background, quality, store, concurrency, onProgress, signal };
  const closeups = await writeCloseups({ sources, ...how });
  const warnings = closeups.leftOut.map(
    ({ path, reason }) => `the close-up of ${nameOf(path)} was left out: ${reasonText(reason)}`,
  );
  return { ...NONE, closeups, warnings };
}

async function filesOf(
  { options, recipe, pictures, background, store, nameOf, onProgress }: OriginalsFacts,
  mode: 'link' | 'copy',
): Promise<Omit<MadeOriginals, 'closeups'>> {
  const { concurrency, signal } = options;
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
