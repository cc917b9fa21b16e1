import { LOOK_LENGTH } from '../../src/format/look.ts';
import { checkMosaic } from '../../src/format/mosaic-reader.ts';
import { SIZE_LENGTH, type SourceTable } from '../../src/site/source-table.ts';
import { expectedLayouts } from '../../src/layout/site-sets.ts';
import type { Layouts, MosaicJson } from '../../src/index.ts';
import { levelsOf } from '../../src/tiles/tile-plan.ts';

/** A mosaic.json as builds write it, of 14 pictures: `overview` is the deepest level of compact's. */
export function soundMosaic({
  layouts = ['dzi'],
  grid = { columns: 6, rows: 4 },
  cell = { width: 256, height: 256 },
  overview = 7,
}: {
  readonly layouts?: readonly (keyof Layouts)[];
  readonly grid?: MosaicJson['grid'];
  readonly cell?: MosaicJson['cell'];
  readonly overview?: number;
} = {}): MosaicJson {
  const recipe = {
    cell,
    tileSize: cell.width === cell.height ? 256 : 512,
    format: 'jpeg',
    subsampling: '4:2:0',
  } as const;
  const asked: Layouts = {
    dzi: { levels: [], fullLevel: 'link' },
    compact: { levels: [], overview, sheets: [] },
    iiif: { levels: [] },
  };
  const some = Object.fromEntries(layouts.map((name) => [name, asked[name]]));
  return checkMosaic({
    format: 'zoomosaic',
    version: 4,
    title: 'A mosaic',
    ...(layouts.includes('iiif') && { baseUrl: 'https://example.org/mosaic' }),
    layouts: expectedLayouts({ grid, recipe, pictures: 14, layouts: some }),
    grid,
    cell,
    tileSize: recipe.tileSize,
    width: grid.columns * cell.width,
    height: grid.rows * cell.height,
    tile: { format: 'jpeg', extension: 'jpg', quality: 85, subsampling: '4:2:0' },
    crop: 'centre',
    names: 'none',
    background: '#102030',
    levels: levelsOf(grid, cell),
    pictures: 14,
    sources: {
      found: 20,
      usable: 15,
      used: 14,
      skipped: 1,
      leftOut: { damaged: 1 },
      duplicates: 4,
      pairs: 0,
      nearDuplicates: 0,
      enlarged: 0,
      verbatim: 0,
    },
    placement: { block: 128, type: 'u16' },
    language: 'en',
    compare: false,
    offline: false,
    directory: { block: 256, named: false },
    originals: { mode: 'copy', block: 1024, levels: 2 },
    quality: {
      likeness: [{ cellPx: 2, ciede2000: 9.5, ssim: 0.7, psnr: null }],
      gap: 0.001,
      distanceCost: 0,
      mostUsedShare: 0.1,
      afar: 3.5,
      afarCost: 0.02,
      worst: 21.5,
      missing: [{ colour: 'dark blues', share: 0.1 }],
      mostUses: 2,
      usesHistogram: [
        [0, 1],
        [1, 4],
        [2, 10],
      ],
      minDistance: 1,
      distanceConflicts: 0,
    },
  });
}

/** A table of sources with these names, and any sizes and looks. */
export function tableNamed(names: readonly string[]): SourceTable {
  const sizes = Uint32Array.from({ length: names.length * SIZE_LENGTH }, (_, i) => [640, 480, 80, 0, 480, 480][i % 6]!);
  const looks = Uint8Array.from({ length: names.length * LOOK_LENGTH }, (_, i) => (i * 37) % 251);
  return { names, sizes, looks, captions: new Map([[1, { title: 'One', link: 'https://example.org/1' }]]) };
}
