import type { TileSet } from '../tiles/tile-set.ts';
import { compactLayout, compactSets, overviewTile } from './compact.ts';
import { dziDescriptor, dziLayout, dziSets } from './dzi.ts';
import { levelsOf } from '../tiles/tile-plan.ts';
import { iiifLayout, iiifSets } from './iiif.ts';
import type { Layouts } from '../format/mosaic-json.ts';
import { pictureSet, referredMips, type SiteShape } from './site-shape.ts';
import { PYRAMIDS, dziFile } from '../format/site-paths.ts';

/**
 * Lists all tile sets of a site: first those of pictures, which others refer to; then those of each layout, deepest level
 * first.
 */
export function siteSets(shape: SiteShape): TileSet[] {
  const layouts = [dziSets(shape), compactSets(shape), iiifSets(shape)].flatMap((sets) => sets.toReversed());
  return [...referredMips(shape, layouts).map((mip) => pictureSet(shape, mip)), ...layouts];
}

/** Makes the Deep Zoom descriptors of a site: text by path. */
export function descriptorsOf({ grid, recipe, layouts }: SiteShape): Map<string, string[]> {
  const levels = levelsOf(grid, recipe.cell);
  const files = new Map<string, string[]>();
  if (layouts.dzi)
    files.set(dziFile(PYRAMIDS.dzi), [dziDescriptor(levels[levels.length - 1]!, recipe.tileSize, recipe.format)]);
  if (layouts.compact) {
    const size = levels[layouts.compact.overview]!;
    files.set(dziFile(PYRAMIDS.compact), [dziDescriptor(size, overviewTile(recipe), recipe.format)]);
  }
  return files;
}

/** Computes the layouts of a site anew, from its grid and from the choices that were made for them. */
export function expectedLayouts({ grid, recipe, layouts }: Omit<SiteShape, 'names'>): Layouts {
  const { dzi, compact, iiif } = layouts;
  return {
    ...(dzi && { dzi: dziLayout(grid, recipe, dzi.fullLevel) }),
    ...(compact && { compact: compactLayout(grid, recipe, compact.overview + 1) }),
    ...(iiif && { iiif: iiifLayout(grid, recipe) }),
  };
}
