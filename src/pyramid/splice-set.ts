import { crc32 } from 'node:zlib';
import type { Strips } from '../jpeg/cut.ts';
import { spliceBound, type SpliceBand, spliceTile } from '../jpeg/splice.ts';
import { findMip, mcuOf, type Mip } from '../tiles/tile-plan.ts';
import { tileRect, type TileSet } from '../tiles/tile-set.ts';
import type { Rect } from '../types.ts';
import { cellsOf, isWanted, put, type Rendering } from './rendering.ts';

/**
 * Writes a set whose tiles are spliced from their cells' JPEG segments. A tile has whole pieces across; at its upper and
 * lower edges it may have parts of pieces, cut between rows of MCUs.
 */
export async function spliceSet(rendering: Rendering, set: TileSet): Promise<void> {
  const { pictures, header, finished } = rendering;
  const mcu = mcuOf(pictures.recipe.subsampling);
  const mip = findMip(pictures.recipe, set.cell)!;
  const cells = cellsOf(rendering, set);
  const piece = (column: number, row: number) => {
    const { across, down } = mip;
    const picture = cells[Math.floor(row / down) * set.grid.columns + Math.floor(column / across)]!;
    return pictures.strips(picture, mip, (row % down) * across + (column % across));
  };
  let out = new Uint8Array(2 ** 16);
  let waiting = 0;
  for (let row = 0; row < set.rows; row++) {
    for (let column = 0; column < set.columns; column++) {
      const place = [column, row] as const;
      if (!isWanted(rendering, set, place)) continue;
      const rect = tileRect(set, column, row);
      const bands = bandsOf(rect, { mip, mcu, piece });
      const bound = spliceBound(header, bands);
      if (bound > out.length) out = new Uint8Array(bound * 2);
      const { width, height } = rect;
      const splice = { width, height, segmentMcus: mip.piece.width / mcu, bands };
      const bytes = out.subarray(0, spliceTile(out, header, splice));
      put(rendering, set, { place, bytes, sum: crc32(bytes) });
    }
    waiting += set.columns;
    if (waiting < 64 && row < set.rows - 1) continue;
    await finished(waiting);
    waiting = 0;
  }
}

/** Pieces of a set, by column and row. */
interface Pieces {
  readonly mip: Mip;
  /** Side of an MCU, px. */
  readonly mcu: number;
  readonly piece: (column: number, row: number) => Strips;
}

/** Lists the rows of pieces in a part of a set. */
function bandsOf({ left, top, width, height }: Rect, { mip, mcu, piece }: Pieces): SpliceBand[] {
  const size = mip.piece;
  const bands: SpliceBand[] = [];
  const [bottom, first, last] = [top + height, left / size.width, (left + width) / size.width];
  for (let row = Math.floor(top / size.height); row * size.height < bottom; row++) {
    const pieces: Strips[] = [];
    for (let column = first; column < last; column++) pieces.push(piece(column, row));
    const from = (Math.max(top, row * size.height) - row * size.height) / mcu;
    const to = (Math.min(bottom, (row + 1) * size.height) - row * size.height) / mcu;
    bands.push({ pieces, from, to });
  }
  return bands;
}
