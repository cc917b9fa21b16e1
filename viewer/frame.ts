/** Views of the mosaic in cells, and flights to them. */
import OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import type { Grid, Rect } from '../src/types.ts';
import type { CellPlace } from './cell-image.ts';
import type { View } from './link.ts';

type Mosaic = Pick<MosaicJson, 'grid' | 'cell'>;

/** Part of the free area that a framed cell fills. */
const FRAMED = 0.74;

/** Greatest way to where a view goes, relative to its width, at which it is there: what computing with fractions leaves. */
const RESTED = 1e-9;

/** Returns the view that is shown, or that a flight ends in. */
export function viewOf({ viewport }: OpenSeadragon.Viewer, { grid, cell }: Mosaic, current = false): View {
  const bounds = viewport.getBounds(current);
  const { columns } = grid;
  const down = (columns * cell.width) / cell.height;
  return {
    x: (bounds.x + bounds.width / 2) * columns,
    y: (bounds.y + bounds.height / 2) * down,
    width: bounds.width * columns,
  };
}

/** Shows a view: a flight, or at once. */
export function showView(
  { viewport }: OpenSeadragon.Viewer,
  { grid, cell }: Mosaic,
  { view: { x, y, width }, atOnce }: { readonly view: View; readonly atOnce: boolean },
): void {
  const { columns } = grid;
  const down = (columns * cell.width) / cell.height;
  const size = viewport.getContainerSize();
  const [across, high] = [width / columns, ((width / columns) * size.y) / size.x];
  viewport.fitBounds(new OpenSeadragon.Rect(x / columns - across / 2, y / down - high / 2, across, high), atOnce);
}

/**
 * Returns the view that frames a cell in the free area of a viewer: in its middle, and as large as that and the greatest zoom
 * allow.
 *
 * @param free CSS px; by default all of the viewer.
 */
export function framed(
  { viewport }: OpenSeadragon.Viewer,
  { grid, cell }: Mosaic,
  { place, free: asked }: { readonly place: CellPlace; readonly free?: Rect },
): View {
  const size = viewport.getContainerSize();
  const free = asked ?? { left: 0, top: 0, width: size.x, height: size.y };
  // CSS px per px of a cell.
  const most = (viewport.getMaxZoom() * size.x) / (grid.columns * cell.width);
  const scale = Math.min((free.width * FRAMED) / cell.width, (free.height * FRAMED) / cell.height, most);
  const [across, down] = [cell.width * scale, cell.height * scale];
  const [middleX, middleY] = [free.left + free.width / 2, free.top + free.height / 2];
  return {
    x: place.column + 0.5 + (size.x / 2 - middleX) / across,
    y: place.row + 0.5 + (size.y / 2 - middleY) / down,
    width: size.x / across,
  };
}

/** Tells whether a view is where it goes. */
export function isAtRest(viewport: OpenSeadragon.Viewport): boolean {
  const [now, then] = [viewport.getBounds(true), viewport.getBounds(false)];
  const most = then.width * RESTED;
  return [now.x - then.x, now.y - then.y, now.width - then.width].every((off) => Math.abs(off) < most);
}

/** Waits until a flight ends; for one that is about to begin, too. */
export async function rested(viewer: OpenSeadragon.Viewer): Promise<void> {
  while (!isAtRest(viewer.viewport)) await new Promise((done) => viewer.addOnceHandler('animation-finish', done));
}

/** Returns the place of a cell, by its index in the grid. */
export function placeOf(cell: number, { columns }: Pick<Grid, 'columns'>): CellPlace {
  return { column: cell % columns, row: Math.floor(cell / columns) };
}

/** Returns that of some cells, given by their indices, which is nearest to the centre of a view. */
export function nearestOf(cells: Uint32Array, { x, y }: View, grid: Pick<Grid, 'columns'>): CellPlace {
  let best = placeOf(cells[0]!, grid);
  const away = ({ column, row }: CellPlace) => (column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2;
  for (const cell of cells) {
    const place = placeOf(cell, grid);
    if (away(place) < away(best)) best = place;
  }
  return best;
}

/** Returns the cell at a place in a viewer, CSS px; undefined beside the mosaic. */
export function cellAt(
  { viewport }: OpenSeadragon.Viewer,
  { grid, cell }: Mosaic,
  point: OpenSeadragon.Point,
): CellPlace | undefined {
  const { x, y } = viewport.pointFromPixel(point, true);
  const [column, row] = [Math.floor(x * grid.columns), Math.floor((y * grid.columns * cell.width) / cell.height)];
  return column >= 0 && row >= 0 && column < grid.columns && row < grid.rows ? { column, row } : undefined;
}
