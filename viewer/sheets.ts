import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { contextOf, type Pixels } from './bitmaps.ts';
import type { Cells } from './cells.ts';
import type { ViewLevel } from './levels.ts';
import { sheetFile } from '../src/format/site-paths.ts';

/** A tile to compose, and what it is composed from. */
export interface SheetTile {
  readonly view: ViewLevel;
  readonly x: number;
  readonly y: number;
  readonly cells: Cells;
  readonly mosaic: MosaicJson;
  readonly load: (file: string) => Promise<Pixels>;
}

/** A cell of a tile: its place in the tile, px, and its picture number. */
interface Part {
  readonly left: number;
  readonly top: number;
  readonly picture: number;
}

/** Composes a tile of whole cells from the sheets of its pictures; rejects if one cannot be loaded. */
export async function sheetTile(tile: SheetTile): Promise<CanvasRenderingContext2D> {
  const { view, mosaic, load } = tile;
  const { cell, sheet: side } = view;
  const bySheet = new Map<number, Part[]>();
  for (const part of await partsOf(tile)) {
    const sheet = Math.floor(part.picture / side ** 2);
    bySheet.set(sheet, [...(bySheet.get(sheet) ?? []), part]);
  }
  const context = canvasOf(view, tile.x, tile.y);
  await Promise.all(
    [...bySheet].map(async ([sheet, parts]) => {
      const image = await load(sheetFile(sheet, cell, mosaic.tile.extension));
      for (const { left, top, picture } of parts) {
        const place = picture % side ** 2;
        const [x, y] = [(place % side) * cell.width, Math.floor(place / side) * cell.height];
        context.drawImage(image, x, y, cell.width, cell.height, left, top, cell.width, cell.height);
      }
    }),
  );
  return context;
}

async function partsOf({ view, x, y, cells, mosaic }: SheetTile): Promise<Part[]> {
  const { cell, tile } = view;
  const [across, down] = [tile.width / cell.width, tile.height / cell.height];
  const [firstColumn, firstRow] = [x * across, y * down];
  const parts: Part[] = [];
  for (let row = firstRow; row < Math.min(mosaic.grid.rows, firstRow + down); row++) {
    for (let column = firstColumn; column < Math.min(mosaic.grid.columns, firstColumn + across); column++) {
      await cells.load(column, row);
      const picture = cells.at(column, row);
      if (typeof picture !== 'number') throw new Error('It is not known which images stand here');
      parts.push({ left: (column - firstColumn) * cell.width, top: (row - firstRow) * cell.height, picture });
    }
  }
  return parts;
}

/** Makes a canvas of a tile's size. */
export function canvasOf({ width, height, tile }: ViewLevel, x: number, y: number): CanvasRenderingContext2D {
  return contextOf(Math.min(tile.width, width - x * tile.width), Math.min(tile.height, height - y * tile.height));
}
