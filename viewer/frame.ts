/** Views of the mosaic in cells, and flights to them. */
import OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import type { Rect } from '../src/types.ts';
import type { CellPlace } from './cell-image.ts';
import type { View } from './link.ts';

type Mosaic = Pick<MosaicJson, 'grid' | 'cell'>;

/** Part of the free area that a framed cell fills. */
const FRAMED = 0.74;

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
 * Returns the view that frames a cell in the free area of the page: in its middle, and as large as the area allows.
 *
 * @param most most CSS px per px of a cell.
 */
export function framed(
  { viewport }: OpenSeadragon.Viewer,
  { cell }: Mosaic,
  { place, free, most }: { readonly place: CellPlace; readonly free: Rect; readonly most: number },
): View {
  const size = viewport.getContainerSize();
  const scale = Math.min((free.width * FRAMED) / cell.width, (free.height * FRAMED) / cell.height, most);
  const [across, down] = [cell.width * scale, cell.height * scale];
  const [middleX, middleY] = [free.left + free.width / 2, free.top + free.height / 2];
  return {
    x: place.column + 0.5 + (size.x / 2 - middleX) / across,
    y: place.row + 0.5 + (size.y / 2 - middleY) / down,
    width: size.x / across,
  };
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
