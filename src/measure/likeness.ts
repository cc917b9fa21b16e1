import { setImmediate } from 'node:timers/promises';
import { cellPainter, type SourceRasters } from '../tiles/cell-painter.ts';
import { linearToCielab } from '../colour/cielab.ts';
import { LINEAR } from '../colour/linear.ts';
import { type Target, TargetPx } from '../image/target.ts';
import { MEASURED_CELL } from '../tiles/tile-plan.ts';
import type { Likeness, Placement, Size } from '../types.ts';
import { bandsOf } from './bands.ts';
import { ciede2000 } from './ciede2000.ts';
import { ssimTaps, sumSsim } from './ssim.ts';

export interface LikenessOptions {
  readonly target: Target;
  /** Shape of a cell. */
  readonly cell: Size;
  readonly placement: Placement;
  readonly sources: SourceRasters;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Compares a mosaic with its target at 1, 2, 4 and 8 px per cell (across and down, whatever the cell's shape): mean
 * CIEDE2000, SSIM of the luma, PSNR of the RGB samples. The mosaic is painted from its sources' mips before they are
 * compressed.
 */
export async function measureLikeness(options: LikenessOptions): Promise<Likeness[]> {
  const { placement, onProgress, signal } = options;
  const { columns, rows } = placement.grid;
  const shape = { width: columns * options.cell.width, height: rows * options.cell.height };
  const px = await TargetPx.decode(options.target, shape);
  const all: Likeness[] = [];
  const plans = [];
  for (let cellPx = 1; cellPx <= MEASURED_CELL; cellPx *= 2) {
    plans.push({ cellPx, bands: bandsOf(columns * cellPx, rows * cellPx, cellPx) });
  }
  const total = plans.reduce((sum, { bands }) => sum + bands.length, 0);
  let done = 0;
  onProgress(0, total);
  for (const { cellPx, bands } of plans) {
    const [width, height] = [columns * cellPx, rows * cellPx];
    const paint = cellPainter(options.sources, placement, { width: cellPx, height: cellPx });
    const sums = new Sums(width, height);
    for (const { top, rows: own } of bands) {
      // SSIM windows that begin in the band reach beyond it. The rows of cells they reach are painted whole.
      const seen = Math.min(height - top, own + Math.ceil(ssimTaps(Infinity) / cellPx) * cellPx);
      sums.add(await px.resized({ width, height }, top, seen), paint({ left: 0, top, width, height: seen }), own);
      onProgress(++done, total);
      await setImmediate();
      signal.throwIfAborted();
    }
    all.push({ cellPx, ...sums.means() });
  }
  return all;
}

/**
 * Compares the px of a whole mosaic with those of its target, as {@link measureLikeness} does at one scale.
 *
 * @param target, mosaic RGB, 8-bit sRGB, row-major.
 */
export function likenessOfPx(
  target: Uint8Array,
  mosaic: Uint8Array,
  { width, height }: Size,
): Omit<Likeness, 'cellPx'> {
  const sums = new Sums(width, height);
  sums.add(target, mosaic, height);
  return sums.means();
}

class Sums {
  private readonly width: number;
  private readonly taps: number;
  private px = 0;
  private squares = 0;
  private differences = 0;
  private windows = 0;
  private similarity = 0;

  constructor(width: number, height: number) {
    this.width = width;
    this.taps = ssimTaps(Math.min(width, height));
  }

  /** Adds a band of RGB px. Rows beyond `own` belong to the next band; only windows that begin above them use them. */
  add(target: Uint8Array, mosaic: Uint8Array, own: number): void {
    const { width, taps } = this;
    const ownPx = own * width;
    for (let i = 0; i < ownPx * 3; i++) this.squares += (target[i]! - mosaic[i]!) ** 2;
    this.differences += sumDifferences(target, mosaic, ownPx);
    this.px += ownPx;
    const rows = Math.min(target.length / 3 / width, own + taps - 1);
    if (rows < taps) return;
    const { sum, windows } = sumSsim(lumaOf(target), lumaOf(mosaic), width, rows, taps);
    this.similarity += sum;
    this.windows += windows;
  }

  means(): Omit<Likeness, 'cellPx'> {
    const error = this.squares / (this.px * 3);
    return {
      ciede2000: this.differences / this.px,
      ssim: this.similarity / this.windows,
      psnr: error > 0 ? 10 * Math.log10(255 ** 2 / error) : null,
    };
  }
}

const lab = new Float64Array(6);

function sumDifferences(a: Uint8Array, b: Uint8Array, px: number): number {
  let sum = 0;
  for (let i = 0; i < px * 3; i += 3) {
    linearToCielab(LINEAR[a[i]!]!, LINEAR[a[i + 1]!]!, LINEAR[a[i + 2]!]!, lab, 0);
    linearToCielab(LINEAR[b[i]!]!, LINEAR[b[i + 1]!]!, LINEAR[b[i + 2]!]!, lab, 3);
    sum += ciede2000(lab[0]!, lab[1]!, lab[2]!, lab[3]!, lab[4]!, lab[5]!);
  }
  return sum;
}

/** Converts RGB to luma (ITU-R BT.601), 0..255. */
function lumaOf(px: Uint8Array): Float32Array {
  const luma = new Float32Array(px.length / 3);
  for (let i = 0, at = 0; i < luma.length; i++, at += 3) {
    luma[i] = 0.299 * px[at]! + 0.587 * px[at + 1]! + 0.114 * px[at + 2]!;
  }
  return luma;
}
