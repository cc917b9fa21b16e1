import type { Placement, Rect, Size } from '../types.ts';

/** Px of pictures at the sizes that are stored as px, RGB. */
export interface SourceRasters {
  pixels(picture: number, size: Size): Uint8Array;
}

/** Paints a part of a mosaic: RGB, 8-bit sRGB, row-major. */
export type CellPainter = (part: Rect) => Uint8Array;

/** Creates a painter that copies the cells' own mips of `cell` px. */
export function cellPainter(
  sources: SourceRasters,
  { cells, grid }: Pick<Placement, 'cells' | 'grid'>,
  cell: Size,
): CellPainter {
  return ({ left, top, width, height }) => {
    const px = new Uint8Array(width * height * 3);
    const [right, bottom] = [left + width, top + height];
    for (let row = Math.floor(top / cell.height); row * cell.height < bottom; row++) {
      const [firstLine, lastLine] = [Math.max(top, row * cell.height), Math.min(bottom, (row + 1) * cell.height)];
      for (let column = Math.floor(left / cell.width); column * cell.width < right; column++) {
        const mip = sources.pixels(cells[row * grid.columns + column]!, cell);
        const [from, to] = [Math.max(left, column * cell.width), Math.min(right, (column + 1) * cell.width)];
        for (let line = firstLine; line < lastLine; line++) {
          const start = ((line - row * cell.height) * cell.width + from - column * cell.width) * 3;
          px.set(mip.subarray(start, start + (to - from) * 3), ((line - top) * width + from - left) * 3);
        }
      }
    }
    return px;
  };
}
