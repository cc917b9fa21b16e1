import type { Pictures } from '../catalog/pictures.ts';
import { chooseLayout } from '../fit/judge.ts';
import { estimateUsage } from '../fit/estimate.ts';
import { hostOf } from '../fit/hosts.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import { compactLayout, firstShared, levelCosts } from '../layout/compact.ts';
import { dziLayout, limitOf } from '../layout/dzi.ts';
import { iiifLayout } from '../layout/iiif.ts';
import { siteSets } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { mipsOf } from '../tiles/tile-plan.ts';
import type { ResolvedOptions } from './options.ts';
import type { Layouts } from '../format/mosaic-json.ts';
import type { Layout, Placement, Recipe, Size } from '../types.ts';

/** Facts that decide on layouts. */
export interface LayoutFacts {
  readonly options: ResolvedOptions;
  readonly recipe: Recipe;
  readonly placement: Placement;
  readonly pictures: Pictures;
  /** Header of spliced tiles. */
  readonly header: TileHeader;
}

/** Layouts of a site, and warnings on their choice. */
export interface ChosenLayouts {
  readonly layouts: Layouts;
  readonly warnings: readonly string[];
}

/** Describes the requested layouts. For `auto`, chooses the layout that the host accepts. */
export function chooseLayouts(facts: LayoutFacts): ChosenLayouts {
  const { layout, host } = facts.options;
  if (layout !== 'auto') return { layouts: describe(facts, layout), warnings: [] };
  const { name, id } = hostOf(host!);
  const { recipe, placement } = facts;
  const possible = (['dzi', 'compact'] as const).filter(
    (one) => one !== 'dzi' || limitOf(placement.grid, recipe, true) === undefined,
  );
  const both = possible.map((one) => ({ one, layouts: describe(facts, [one]) }));
  const usages = both.map(({ one, layouts }) => estimate(facts, one, layouts));
  const fitting = chooseLayout(usages, id);
  const chosen = fitting ?? 'compact';
  const { layouts } = both.find(({ one }) => one === chosen)!;
  return {
    layouts,
    warnings: [
      fitting
        ? `--layout auto chose ${chosen} for ${name}`
        : `no layout is expected to fit on ${name}; --layout auto chose ${chosen}, the smallest`,
    ],
  };
}

function describe({ options, recipe, placement, pictures, header }: LayoutFacts, asked: readonly Layout[]): Layouts {
  const { grid } = placement;
  return {
    ...(asked.includes('dzi') && { dzi: dziLayout(grid, recipe, options.fullLevel) }),
    ...(asked.includes('compact') && { compact: compact() }),
    ...(asked.includes('iiif') && { iiif: iiifLayout(grid, recipe, options.baseUrl!) }),
  };

  function compact() {
    const headerBytes = header.bytes.length;
    const bytesOf = bytesIn(pictures);
    const uses = usesOf(placement, pictures);
    const costs = levelCosts({ grid, recipe, uses, headerBytes, bytesOf: (id, { cell }) => bytesOf(id, cell) });
    return compactLayout(grid, recipe, firstShared({ grid, recipe }, costs));
  }
}

function estimate({ options, recipe, placement, pictures, header }: LayoutFacts, layout: Layout, layouts: Layouts) {
  const shape: SiteShape = { grid: placement.grid, recipe, pictures: pictures.count, layouts, names: options.names };
  const bytesOf = bytesIn(pictures);
  const uses = usesOf(placement, pictures);
  return { layout, ...estimateUsage(siteSets(shape), { uses, bytesOf, headerBytes: header.bytes.length }) };
}

/** Counts the cells of each picture. */
function usesOf({ cells }: Placement, { count }: Pictures): Uint32Array {
  const uses = new Uint32Array(count);
  for (const picture of cells) uses[picture]!++;
  return uses;
}

/** Returns a function that sums the bytes of a picture at a size that is not painted. */
function bytesIn(pictures: Pictures): (picture: number, size: Size) => number {
  const pieces = new Map(mipsOf(pictures.recipe).map(({ width, across, down }) => [width, across * down]));
  return (picture, size) => {
    let bytes = 0;
    for (let piece = 0; piece < pieces.get(size.width)!; piece++) bytes += pictures.bytesOf(picture, size, piece);
    return bytes;
  };
}
