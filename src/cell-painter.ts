import type { Placement } from './types.ts';

/** Px of sources at the sizes that are kept as px, RGB, by id. */
export interface SourceRasters {
  pixels(id: number, size: number): Uint8Array;
}

/**
 * Paints a part of a mosaic at `cell` px per cell: the rectangle at (left, top), RGB, 8-bit sRGB. The rectangle holds whole
 * cells.
 */
export type CellPainter = (left: number, top: number, width: number, height: number) => Uint8Array;

/** Paints from the cells' own mips of `cell` px. */
export function cellPainter(sources: SourceRasters, { cells, grid }: Placement, cell: number): CellPainter {
  return (left, top, width, height) => {
    const px = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y += cell) {
      for (let x = 0; x < width; x += cell) {
        const id = cells[((top + y) / cell) * grid.columns + (left + x) / cell]!;
        const mip = sources.pixels(id, cell);
        for (let line = 0; line < cell; line++) {
          px.set(mip.subarray(line * cell * 3, (line + 1) * cell * 3), ((y + line) * width + x) * 3);
        }
      }
    }
    return px;
  };
}
