import { resample } from '../catalog/resample.ts';
import type { Rect, Size } from '../types.ts';
import type { PxSource } from './site-level.ts';

/** Reach of the kernel to either side, px of the smaller picture. */
const REACH = 2;
/** Px of the larger picture that are resized at once, of 16 bytes each; and the least number of rows, wide as they may be. */
const [AT_ONCE, ROWS_LEAST] = [2 ** 19, 8];
/** The background of px that are transparent: none are. */
const BLACK = { r: 0, g: 0, b: 0 };

/** A picture, shrunk to a size in linear light, as mips are. Parts fit each other: they are read with the px around them. */
export class Shrunk implements PxSource {
  readonly width: number;
  readonly height: number;
  private readonly from: PxSource;
  private readonly across: number;
  private readonly down: number;

  /**
   * @param exact size of what `from` shows, px: sides of levels are rounded up.
   * @param size not larger than that.
   */
  constructor(from: PxSource, exact: Size, size: Size) {
    this.from = from;
    [this.width, this.height] = [size.width, size.height];
    [this.across, this.down] = [exact.width / size.width, exact.height / size.height];
  }

  async read(rect: Rect): Promise<Uint8Array> {
    const around = this.around(rect);
    const data = await this.from.read(around);
    const out = new Uint8Array(rect.width * rect.height * 3);
    const rows = Math.max(ROWS_LEAST, Math.floor(AT_ONCE / around.width / this.down - 2 * REACH));
    for (let y = 0; y < rect.height; y += rows) {
      const own = { ...rect, top: rect.top + y, height: Math.min(rows, rect.height - y) };
      const { top, height } = this.around(own);
      const within = { left: 0, top: top - around.top, width: around.width, height };
      const part = {
        left: own.left * this.across - around.left,
        top: own.top * this.down - top,
        width: own.width * this.across,
        height: own.height * this.down,
      };
      const px = { data, width: around.width, height: around.height, channels: 3, around: within, part };
      out.set(resample(px, own, BLACK), y * rect.width * 3);
    }
    return out;
  }

  /** The px of the larger picture that a part depends on. */
  private around({ left, top, width, height }: Rect): Rect {
    const [x0, x1] = reached(left, left + width, { scale: this.across, length: this.from.width });
    const [y0, y1] = reached(top, top + height, { scale: this.down, length: this.from.height });
    return { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
  }
}

/** Bounds of the px along a side of a larger picture that a part depends on. */
function reached(
  from: number,
  to: number,
  { scale, length }: { readonly scale: number; readonly length: number },
): [number, number] {
  const reach = REACH * scale + 1;
  return [Math.max(0, Math.floor(from * scale - reach)), Math.min(length, Math.ceil(to * scale + reach))];
}
