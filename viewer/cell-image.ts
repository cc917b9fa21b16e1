import { sheetFile } from '../src/format/site-paths.ts';
import type { MosaicTileSource } from './tile-source.ts';
import type { ViewLevel } from './levels.ts';

/** Place of a cell in the grid. */
export interface CellPlace {
  readonly column: number;
  readonly row: number;
}

/**
 * Draws a cell as the mosaic shows it: at the coarsest level of the mosaic's own at which it is at least `least` px wide,
 * otherwise at the deepest one.
 *
 * @throws if a tile cannot be loaded.
 */
export async function cellImage(
  source: MosaicTileSource,
  { column, row }: CellPlace,
  least: number,
): Promise<HTMLCanvasElement> {
  const own = [...source.levels.entries()].filter(([, view]) => view.from !== 'original');
  const [level, view] = own.find(([, { cell }]) => cell.width >= least) ?? own.at(-1)!;
  const { cell, tile } = view;
  const [left, top] = [column * cell.width, row * cell.height];
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(cell.width));
  canvas.height = Math.max(1, Math.round(cell.height));
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no more canvases');
  await source.cells.load(column, row);
  if (view.from === 'sheets') {
    const picture = source.cells.at(column, row);
    if (typeof picture !== 'number') throw new Error('It is not known which image this cell shows');
    const { sheet, x, y } = sheetPlace(view, picture);
    const { extension } = source.mosaic.tile;
    const image = await loadImage(source.base + sheetFile(sheet, cell, extension));
    context.drawImage(image, x, y, cell.width, cell.height, 0, 0, cell.width, cell.height);
    return canvas;
  }
  const last = (at: number, side: number) => Math.ceil((at - 1e-6) / side);
  const drawn: Promise<void>[] = [];
  for (let y = Math.floor(top / tile.height); y < last(top + cell.height, tile.height); y++) {
    for (let x = Math.floor(left / tile.width); x < last(left + cell.width, tile.width); x++) {
      const image = loadImage(source.getTileUrl(level, x, y));
      drawn.push(image.then((part) => context.drawImage(part, x * tile.width - left, y * tile.height - top)));
    }
  }
  await Promise.all(drawn);
  return canvas;
}

/** Returns the sheet of a picture, and its place there, px. */
function sheetPlace({ cell, sheet: side }: ViewLevel, picture: number): { sheet: number; x: number; y: number } {
  const place = picture % side ** 2;
  return {
    sheet: Math.floor(picture / side ** 2),
    x: (place % side) * cell.width,
    y: Math.floor(place / side) * cell.height,
  };
}

/** Loads an image. */
export async function loadImage(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await new Promise((loaded, failed) => {
    image.addEventListener('load', loaded, { once: true });
    image.addEventListener('error', () => failed(new Error(`${url} cannot be loaded`)), { once: true });
  });
  // Drawing it would decode it at once, and stop the page for as long.
  await image.decode().catch(() => {});
  return image;
}
