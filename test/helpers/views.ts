/** What pages show of mosaics, held against each other and against the site's files. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Level, MosaicJson, Size } from '../../src/index.ts';
import { difference } from './images.ts';
import { composed, innerSamples, partOf, type Picture, sharedPictures } from './levels.ts';
import { lookAt, shown } from './page.ts';

/** Mean difference of 8-bit samples: a JPEG of quality 85 against what it was made of. */
export const AS_ENCODED = 2;
/** So many times that is another picture. */
export const FACTOR = 5;
/** A hair less than a level's own scale: of two levels that are both sharp enough, OpenSeadragon shows the finer one. */
export const PX_FOR_PX = 1 - 1e-6;

/** A site, as far as views need to know it. */
export interface Viewed {
  readonly folder: string;
  readonly mosaic: MosaicJson;
  /** Numbers of the cells' pictures, row-major. */
  readonly pictures: readonly number[];
}

/** Whole cells of a level that a screen has room for: `left` and `top` are the first column and row. */
export interface View extends Level {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
}

/** The lower right corner, and of levels that are larger than the screen a place in the middle. */
export function viewsOf({ grid }: MosaicJson, level: Level, screen: Size): [View, ...View[]] {
  const { cell } = level;
  const columns = Math.min(grid.columns, Math.floor(screen.width / cell.width));
  const rows = Math.min(grid.rows, Math.floor(screen.height / cell.height));
  const [right, bottom] = [grid.columns - columns, grid.rows - rows];
  const corner = { ...level, left: right, top: bottom, columns, rows };
  return bottom > 0 ? [corner, { ...corner, left: Math.floor(right / 2), top: Math.floor(bottom / 3) }] : [corner];
}

/**
 * What a page shows of a view, px for px.
 *
 * @param density px of the screen per CSS px.
 */
export async function pxOf(page: Page, { cell: full }: MosaicJson, view: View, density = 1): Promise<Picture> {
  const { cell, left, top, columns, rows } = view;
  const [x, y] = [left * full.width, top * full.height];
  const [width, height] = [columns * cell.width, rows * cell.height];
  const shrink = full.width / cell.width;
  const middle = (length: number) => Math.floor(length / 2 / density) * density * shrink;
  const look = (scale: number) => lookAt(page, x + middle(width), y + middle(height), scale / shrink / density);
  // OpenSeadragon shows levels coarser than its first one, the finest in one tile, only when the view changes again.
  if (cell.width < 8) await look(0.99);
  await look(PX_FOR_PX);
  return { data: await shown(page, x, y, width / density, height / density), width, height };
}

/** What a view of the compact layout should show: put together from the site's files, by their description. */
export async function fromFiles({ folder, mosaic, pictures }: Viewed, view: View): Promise<Picture> {
  const { level, cell, left, top, columns, rows } = view;
  const all = await sharedPictures(folder, mosaic, level);
  const parts = Array.from({ length: columns * rows }, (_, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const number = pictures[(top + row) * mosaic.grid.columns + left + column]!;
    return { picture: all[number]!, left: column * cell.width, top: row * cell.height };
  });
  return composed({ width: columns * cell.width, height: rows * cell.height }, parts);
}

/** What px of layouts may differ by: on average, and at most where cells' edges are no less than 2 px away. */
function limitsOf({ tileSize }: MosaicJson, { cell }: View): { mean: number; most: number } {
  const mcus = cell.width <= 16 || (cell.width % 16 === 0 && cell.height % 16 === 0);
  const alike = mcus && tileSize % cell.height === 0;
  return alike ? { mean: AS_ENCODED, most: 2 } : { mean: 2 * AS_ENCODED, most: 48 };
}

/**
 * Expects two pages to show the same of a view. Both have the same px, encoded once at the same quality. Where cells are whole
 * MCUs, or all is in MCUs that begin at the same px, the data is the same, and only where cells meet, decoders interpolate
 * chroma of whatever stands beside, up to 2 px far. Otherwise px differ as much as two encodings may. Another picture would
 * differ a lot.
 */
export function expectSame(
  { mosaic, pictures }: Viewed,
  view: View,
  one: Picture,
  other: Picture,
  what: string,
  limits = limitsOf(mosaic, view),
): void {
  const { cell, left, top, columns, rows } = view;
  const { mean } = difference(one.data, other.data);
  if (cell.width < 8) {
    // Of so few px, each counts.
    expect(mean, what).toBeLessThan(AS_ENCODED / 4);
    const size = { width: one.width - 1, height: one.height };
    const [a, b] = [one, other].map((picture, i) => partOf(picture, { left: i, top: 0, ...size }).data);
    expect(difference(a!, b!).mean, `${what}, 1 px further`).toBeGreaterThan((FACTOR * AS_ENCODED) / 4);
    return;
  }
  expect(mean, what).toBeLessThan(limits.mean);
  const [a, b] = [one, other].map((picture) => innerSamples(picture, cell));
  expect(difference(a!, b!).most, what).toBeLessThanOrEqual(limits.most);
  const number = (column: number, row: number) => pictures[(top + row) * mosaic.grid.columns + left + column];
  const px = (picture: Picture, column: number, row: number) =>
    partOf(picture, { left: column * cell.width, top: row * cell.height, ...cell }).data;
  let least = Infinity;
  for (let row = 0; row < rows; row++) {
    for (let column = 1; column < columns; column++) {
      if (number(column, row) === number(column - 1, row)) continue;
      least = Math.min(least, difference(px(one, column, row), px(other, column - 1, row)).mean);
    }
  }
  expect(least, `${what}, a cell further`).toBeGreaterThan(FACTOR * AS_ENCODED);
}

/** Numbers of all pictures in the tiles of a level that a screen shows, which has (x, y), px of the mosaic, in its middle. */
export function numbersAround(
  { mosaic: { grid, levels, cell: full }, pictures }: Viewed,
  { level, x, y, tile, screen }: { level: number; x: number; y: number; tile: Size; screen: Size },
): Set<number> {
  const { cell } = levels[level]!;
  const range = (at: number, side: 'width' | 'height', cells: number) => {
    const middle = (at * cell[side]) / full[side];
    const [first, last] = [-1, 1].map((to) => Math.floor((middle + (to * screen[side]) / 2) / tile[side]));
    const inTile = tile[side] / cell[side];
    return [Math.max(0, first! * inTile), Math.min(cells, (last! + 1) * inTile)] as const;
  };
  const [left, right] = range(x, 'width', grid.columns);
  const [top, bottom] = range(y, 'height', grid.rows);
  const numbers = new Set<number>();
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) numbers.add(pictures[row * grid.columns + column]!);
  }
  return numbers;
}
