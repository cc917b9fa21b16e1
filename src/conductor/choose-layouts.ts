import type { Pictures } from '../catalog/pictures.ts';
import { chooseLayout } from '../fit/judge.ts';
import { hostOf } from '../fit/hosts.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import { mipsOf } from '../tiles/tile-plan.ts';
import type { ResolvedOptions } from './options.ts';
import { closeupsOf, describeLayouts, type LayoutFacts, possibleLayouts } from './estimate-layouts.ts';
import type { Layouts } from '../format/mosaic-json.ts';
import type { Placement, Recipe, Size } from '../types.ts';

/** A placed mosaic. */
export interface PlacedMosaic {
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
export function chooseLayouts({ options, recipe, placement, pictures, header }: PlacedMosaic): ChosenLayouts {
  const { layout, host } = options;
  const uses = usesOf(placement, pictures);
  const closeups = closeupsOf(options, new Set(pictures.origins).size);
  const known = { uses, bytesOf: bytesIn(pictures), headerBytes: header.bytes.length, closeups };
  const facts: LayoutFacts = { options, grid: placement.grid, recipe, known };
  if (layout !== 'auto') return { layouts: describeLayouts(facts, layout), warnings: [] };
  const { name, id } = hostOf(host!);
  const possible = possibleLayouts(facts);
  const usages = possible.map(({ asked, usage }) => ({ layout: asked[0]!, ...usage }));
  const fitting = chooseLayout(usages, id);
  const chosen = fitting ?? 'compact';
  const { layouts } = possible.find(({ asked }) => asked[0] === chosen)!;
  return {
    layouts,
    warnings: [
      fitting
        ? `--layout auto chose ${chosen} for ${name}`
        : `no layout is expected to fit on ${name}; --layout auto chose ${chosen}, the smallest`,
    ],
  };
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
