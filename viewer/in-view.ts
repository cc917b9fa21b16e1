/** What is in view: cells, and the sources that they show. */
import type OpenSeadragon from 'openseadragon';
import type { DirectorySource } from '../src/format/directory.ts';
import type { CellPlace } from './cell-image.ts';
import type { Directory } from './directory.ts';
import { placeOf, viewOf } from './frame.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Least side of a cell that can be seen as a picture, CSS px. */
const SIDE_MIN = 32;

/** Cells in view, and the middle of the view, in cells. Columns and rows reach from the first to before the last. */
export interface Area {
  readonly columns: readonly [first: number, end: number];
  readonly rows: readonly [first: number, end: number];
  readonly x: number;
  readonly y: number;
}

/** A source in view. */
export interface SourceInView {
  readonly number: number;
  readonly source: DirectorySource;
  /** That of its cells which is nearest to the middle, and the number of those in view. */
  readonly place: CellPlace;
  readonly count: number;
}

/** Returns the cells in view; undefined if they are too small to be seen as pictures. */
export function areaOf(viewer: OpenSeadragon.Viewer, { mosaic }: MosaicTileSource): Area | undefined {
  const { grid, cell } = mosaic;
  const { x, y, width } = viewOf(viewer, mosaic);
  const size = viewer.viewport.getContainerSize();
  const side = (size.x / width) * Math.min(1, cell.height / cell.width);
  if (side < SIDE_MIN) return undefined;
  const height = (width * size.y * cell.width) / (size.x * cell.height);
  const part = (middle: number, length: number, most: number) =>
    [Math.max(0, Math.floor(middle - length / 2)), Math.min(most, Math.ceil(middle + length / 2))] as const;
  return { columns: part(x, width, grid.columns), rows: part(y, height, grid.rows), x, y };
}

/**
 * Returns the sources in view, nearest to the middle first.
 *
 * @param most greatest numbers of pictures that are looked up and of sources that are returned; each may take a file.
 * @returns `isAll` is false if there are, or may be, more.
 */
export async function sourcesIn(
  area: Area,
  { tiles, directory }: { readonly tiles: MosaicTileSource; readonly directory: Directory },
  most: { readonly pictures: number; readonly sources: number },
): Promise<{ readonly sources: SourceInView[]; readonly isAll: boolean }> {
  const { cells, mosaic } = tiles;
  const places = nearestFirst(area);
  await Promise.all(places.map(({ column, row }) => cells.load(column, row)));
  const pictures = firstOf(places, ({ column, row }) => cells.at(column, row));
  const shown = await Promise.all(
    [...pictures].slice(0, most.pictures).map(async ([picture, place]) => {
      const known = await directory.shown(picture);
      return { place, number: known?.source };
    }),
  );
  const sources = firstOf(shown, ({ number }) => number);
  const found = await Promise.all(
    [...sources].slice(0, most.sources).map(async ([number, { place }]): Promise<SourceInView[]> => {
      const source = await directory.source(number);
      return source ? [{ number, source, place, count: countIn(area, source.cells, mosaic.grid) }] : [];
    }),
  );
  return { sources: found.flat(), isAll: pictures.size <= most.pictures && sources.size <= most.sources };
}

/** Returns the first item of each number; items without one are left out. */
function firstOf<Item>(items: readonly Item[], numberOf: (item: Item) => number | null | undefined): Map<number, Item> {
  const first = new Map<number, Item>();
  for (const item of items) {
    const number = numberOf(item);
    if (typeof number === 'number' && !first.has(number)) first.set(number, item);
  }
  return first;
}

function nearestFirst({ columns, rows, x, y }: Area): CellPlace[] {
  const places: CellPlace[] = [];
  for (let row = rows[0]; row < rows[1]; row++)
    for (let column = columns[0]; column < columns[1]; column++) places.push({ column, row });
  const away = ({ column, row }: CellPlace) => (column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2;
  places.sort((a, b) => away(a) - away(b));
  return places;
}

function countIn({ columns, rows }: Area, cells: Uint32Array, grid: { readonly columns: number }): number {
  let count = 0;
  for (const cell of cells) {
    const { column, row } = placeOf(cell, grid);
    if (column >= columns[0] && column < columns[1] && row >= rows[0] && row < rows[1]) count++;
  }
  return count;
}
