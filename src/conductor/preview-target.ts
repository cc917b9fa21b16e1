import { type Target, TargetPx } from '../image/target.ts';
import { sumAfar } from '../measure/afar.ts';
import { likenessOfPx } from '../measure/likeness.ts';
import { cellPainter, type SourceRasters } from '../tiles/cell-painter.ts';
import type { Grid, Placement, Size } from '../types.ts';

/** Likeness of a preview to its target. It is close to that of a build, which measures the mips that it makes. */
export interface PreviewLikeness {
  /** Mean structural similarity of the luma at 2 px per cell, -1..1 (1: equal). */
  readonly ssim: number;
  /** Mean CIEDE2000 at 2 px per cell: 0 equal, 1 just noticeable, 100 black on white. */
  readonly ciede2000: number;
  /** Mean CIEDE2000 from afar, where neighbouring cells blend. */
  readonly afar: number;
}

/** Scale of the comparison, px per cell; the summary of a build shows the same. */
const CELL_PX = 2;

/** Target of several pictures: decoded once per shape, and reduced once per grid. */
export class PreviewTarget {
  private readonly target: Target;
  private readonly cell: Size;
  private readonly decoded = new Map<string, Promise<TargetPx>>();
  private readonly reduced = new Map<string, Promise<Uint8Array>>();

  /** @param cell shape of a cell. */
  constructor(target: Target, cell: Size) {
    this.target = target;
    this.cell = cell;
  }

  /** Returns the px of the target, cropped to a shape. */
  decode(shape: Size): Promise<TargetPx> {
    return once(this.decoded, `${shape.width}/${shape.height}`, () => TargetPx.decode(this.target, shape));
  }

  /** Compares a mosaic with the target. */
  async likenessOf(
    { grid, cells }: Pick<Placement, 'grid' | 'cells'>,
    sources: SourceRasters,
  ): Promise<PreviewLikeness> {
    const shown = (px: number) => {
      const all = { left: 0, top: 0, width: grid.columns * px, height: grid.rows * px };
      return cellPainter(sources, { grid, cells }, { width: px, height: px })(all);
    };
    const size = { width: grid.columns * CELL_PX, height: grid.rows * CELL_PX };
    const { ssim, ciede2000 } = likenessOfPx(await this.seen(grid, CELL_PX), shown(CELL_PX), size);
    const whole = { width: grid.columns, height: grid.rows, first: 0, count: grid.rows };
    const afar = sumAfar(await this.seen(grid, 1), shown(1), whole) / cells.length;
    return { ssim, ciede2000, afar };
  }

  /** Returns the target at so many px per cell. */
  private seen({ columns, rows }: Grid, cellPx: number): Promise<Uint8Array> {
    return once(this.reduced, `${columns}/${rows}/${cellPx}`, async () => {
      const px = await this.decode({ width: columns * this.cell.width, height: rows * this.cell.height });
      return await px.resized({ width: columns * cellPx, height: rows * cellPx });
    });
  }
}

function once<Value>(known: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  let made = known.get(key);
  if (!made) known.set(key, (made = make()));
  return made;
}
