import { crc32 } from 'node:zlib';
import type { OverlayOptions } from 'sharp';
import { sharp } from '../image/sharp.ts';
import { type CellPainter, cellPainter } from '../tiles/cell-painter.ts';
import { encodeSrgb, halveLinear, LINEAR } from '../colour/linear.ts';
import { encodePainted } from '../image/encode.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { findMip, type Mip } from '../tiles/tile-plan.ts';
import { type TilePlace, tileRect, type TileSet } from '../tiles/tile-set.ts';
import type { Rect, Size } from '../types.ts';
import { cellsOf, isWanted, put, type Rendering } from './rendering.ts';

/** An image in linear light: RGB, row-major. */
interface Linear extends Size {
  readonly px: Float32Array;
}

/** Greatest width of a cell, px, at which a level counts as coarse (see {@link encodePainted}). */
const COARSE_CELL = 16;
/** Height in px of the bands that are painted and halved at a time. */
const BAND_ROWS = 64;

/** Paints sets from their cells' px; below one px per cell, from the next finer level. */
export class Painter {
  private readonly rendering: Rendering;
  /** The last halved level, and its cell size; coarser levels are made from it. */
  private last: { readonly linear: Linear; readonly cell: Size } | undefined;

  constructor(rendering: Rendering) {
    this.rendering = rendering;
  }

  /**
   * Writes the tiles of a set. Of levels without whole px per cell, finer ones should come first: each is halved from the
   * last.
   */
  async paint(set: TileSet): Promise<void> {
    const { rendering } = this;
    const { recipe } = rendering.pictures;
    // Returns early: preparing the input takes time, too.
    if (wantedOf(rendering, set).next().done) return;
    const mip = findMip(recipe, set.cell);
    const paint = mip?.from === 'reference' ? this.fromFiles(set, mip) : mip ? this.fromMips(set) : this.fromFiner(set);
    const coarse = set.cell.width <= COARSE_CELL;
    const encoded = mapOrdered(wantedOf(rendering, set), rendering.concurrency, async (place) => {
      const rect = tileRect(set, ...place);
      return { place, bytes: await encodePainted(await paint(rect), rect, { ...recipe, coarse }) };
    });
    let waiting = 0;
    for await (const { place, bytes } of encoded) {
      put(rendering, set, { place, bytes, sum: crc32(bytes) });
      if (++waiting < 16) continue;
      await rendering.finished(waiting);
      waiting = 0;
    }
    await rendering.finished(waiting);
  }

  private fromMips(set: TileSet): CellPainter {
    const { pictures } = this.rendering;
    return cellPainter(pictures, { cells: cellsOf(this.rendering, set), grid: set.grid }, set.cell);
  }

  /** Paints from pieces that are stored as image files; few tiles need that. */
  private fromFiles(set: TileSet, mip: Mip): (part: Rect) => Promise<Uint8Array> {
    const { pictures } = this.rendering;
    const cells = cellsOf(this.rendering, set);
    const { across, down, piece } = mip;
    return async ({ left, top, width, height }) => {
      const parts: OverlayOptions[] = [];
      for (let y = Math.floor(top / piece.height); y * piece.height < top + height; y++) {
        for (let x = Math.floor(left / piece.width); x * piece.width < left + width; x++) {
          const picture = cells[Math.floor(y / down) * set.grid.columns + Math.floor(x / across)]!;
          const file = pictures.file(picture, mip, (y % down) * across + (x % across));
          parts.push({ input: Buffer.from(file), left: x * piece.width - left, top: y * piece.height - top });
        }
      }
      const blank = { create: { width, height, channels: 3 as const, background: '#000' } };
      return await sharp(blank).composite(parts).removeAlpha().raw().toBuffer();
    };
  }

  private fromFiner(set: TileSet): CellPainter {
    // The sets of another layout may start with finer levels again.
    const known = this.last && this.last.cell.width >= set.cell.width ? this.last : this.firstHalved(set);
    let { linear, cell } = known;
    while (cell.width > set.cell.width) {
      const px = halveLinear(linear.px, linear.width, linear.height);
      linear = { px, width: Math.ceil(linear.width / 2), height: Math.ceil(linear.height / 2) };
      cell = { width: cell.width / 2, height: cell.height / 2 };
    }
    this.last = { linear, cell };
    return linearPainter(linear);
  }

  /** Makes the finest level without whole px per cell. */
  private firstHalved(set: TileSet): { readonly linear: Linear; readonly cell: Size } {
    let whole = { width: set.cell.width * 2, height: set.cell.height * 2 };
    while (!isWhole(whole)) whole = { width: whole.width * 2, height: whole.height * 2 };
    return { linear: this.halved(set, whole), cell: { width: whole.width / 2, height: whole.height / 2 } };
  }

  /** Paints the mosaic with `cell` px per cell and halves it. */
  private halved({ grid }: TileSet, cell: Size): Linear {
    const { pictures, placement } = this.rendering;
    const paint = cellPainter(pictures, placement, cell);
    const [width, height] = [grid.columns * cell.width, grid.rows * cell.height];
    const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    const px = new Float32Array(halfWidth * halfHeight * 3);
    for (let top = 0; top < height; top += BAND_ROWS) {
      const rows = Math.min(BAND_ROWS, height - top);
      const band = paint({ left: 0, top, width, height: rows });
      const linear = Float32Array.from(band, (value) => LINEAR[value]!);
      px.set(halveLinear(linear, width, rows), (top / 2) * halfWidth * 3);
    }
    return { px, width: halfWidth, height: halfHeight };
  }
}

function isWhole({ width, height }: Size): boolean {
  return Number.isInteger(width) && Number.isInteger(height);
}

function* tilesOf({ columns, rows }: TileSet): Generator<TilePlace> {
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) yield [column, row];
}

function* wantedOf(rendering: Rendering, set: TileSet): Generator<TilePlace> {
  for (const place of tilesOf(set)) if (isWanted(rendering, set, place)) yield place;
}

function linearPainter({ px: linear, width: stride }: Linear): CellPainter {
  return ({ left, top, width, height }) => {
    const px = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      const from = ((top + y) * stride + left) * 3;
      encodeSrgb(linear.subarray(from, from + width * 3), px, y * width * 3);
    }
    return px;
  };
}
