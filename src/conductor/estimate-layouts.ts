import { estimateUsage, type KnownPictures } from '../fit/estimate.ts';
import type { Usage } from '../fit/usage.ts';
import type { Layouts } from '../format/mosaic-json.ts';
import { compactLayout, firstShared, levelCosts } from '../layout/compact.ts';
import { dziLayout, limitOf } from '../layout/dzi.ts';
import { iiifLayout } from '../layout/iiif.ts';
import { siteSets } from '../layout/site-sets.ts';
import type { Grid, Layout, Recipe } from '../types.ts';
import type { ResolvedOptions } from './options.ts';

/** Facts that decide on layouts, and on the size of a site. */
export interface LayoutFacts {
  readonly options: Pick<ResolvedOptions, 'layout' | 'host' | 'fullLevel' | 'names'>;
  readonly grid: Grid;
  readonly recipe: Recipe;
  readonly known: KnownPictures;
}

/** A possible choice of `--layout auto`, or the layouts that were asked for, with the estimated size of the site. */
export interface EstimatedLayouts {
  readonly asked: readonly Layout[];
  readonly layouts: Layouts;
  readonly usage: Usage;
}

/** Describes the requested layouts, as one possibility; for `auto`, each possible layout alone. Estimates the site's size. */
export function possibleLayouts(facts: LayoutFacts): EstimatedLayouts[] {
  const { layout } = facts.options;
  if (layout !== 'auto') return [estimated(facts, layout)];
  const isPossible = (one: Layout) => one !== 'dzi' || limitOf(facts.grid, facts.recipe, true) === undefined;
  return (['dzi', 'compact'] as const).filter(isPossible).map((one) => estimated(facts, [one]));
}

/** Returns the close-ups of a site that shows `count` sources. */
export function closeupsOf({ closeup }: Pick<ResolvedOptions, 'closeup'>, count: number): KnownPictures['closeups'] {
  return closeup === undefined ? undefined : { count, side: closeup };
}

function estimated(facts: LayoutFacts, asked: readonly Layout[]): EstimatedLayouts {
  const { options, grid, recipe, known } = facts;
  const layouts = describeLayouts(facts, asked);
  const shape = { grid, recipe, pictures: known.uses.length, layouts, names: options.names };
  return { asked, layouts, usage: estimateUsage(siteSets(shape), known) };
}

/** Describes layouts. */
export function describeLayouts({ options, grid, recipe, known }: LayoutFacts, asked: readonly Layout[]): Layouts {
  return {
    ...(asked.includes('dzi') && { dzi: dziLayout(grid, recipe, options.fullLevel) }),
    ...(asked.includes('compact') && { compact: compact() }),
    ...(asked.includes('iiif') && { iiif: iiifLayout(grid, recipe) }),
  };

  function compact() {
    const { uses, headerBytes, bytesOf } = known;
    const costs = levelCosts({ grid, recipe, uses, headerBytes, bytesOf: (id, { cell }) => bytesOf(id, cell) });
    return compactLayout(grid, recipe, firstShared({ grid, recipe }, costs));
  }
}
