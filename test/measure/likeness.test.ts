import { join } from 'node:path';
import { differenceCiede2000 } from 'culori';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { measureLikeness } from '../../src/measure/likeness.ts';
import { openTarget, type Target } from '../../src/image/target.ts';
import type { Grid, Placement, Size } from '../../src/types.ts';
import { waves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { seeded } from '../helpers/random.ts';

const SQUARE = { width: 1, height: 1 };
const SIZES = [1, 2, 4, 8];
const signal = new AbortController().signal;
const differenceOf = differenceCiede2000();

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

/** A target with detail, of another shape than its grids. */
async function detailed(name: string, width: number, height: number): Promise<Target> {
  const random = seeded(width);
  const px = waves(width, height, 5).map((value) => Math.max(0, Math.min(255, value + random() * 60 - 30)));
  const path = join(root, name);
  await sharp(px, { raw: { width, height, channels: 3 } }).toFile(path);
  return await openTarget(path);
}

/** What the target is at `cellPx` px per cell: its middle, of the grid's shape, in linear light, squeezed to squares. */
async function seenAt({ path, width, height }: Target, { columns, rows }: Grid, cellPx: number, cell: Size = SQUARE) {
  const scale = Math.min(width / (columns * cell.width), height / (rows * cell.height));
  const part = { width: Math.round(columns * cell.width * scale), height: Math.round(rows * cell.height * scale) };
  const [left, top] = [Math.floor((width - part.width) / 2), Math.floor((height - part.height) / 2)];
  return await sharp(path)
    .extract({ left, top, ...part })
    .pipelineColourspace('scrgb')
    .resize(columns * cellPx, rows * cellPx, { fit: 'fill', kernel: 'cubic' })
    .toColourspace('srgb')
    .raw()
    .toBuffer();
}

/** Pictures of a mosaic by px per cell, as their own sources: one per cell, in reverse. */
function mosaicOf(pictures: ReadonlyMap<number, Uint8Array>, grid: Grid, shape: Size = SQUARE) {
  const count = grid.columns * grid.rows;
  const cells = Uint32Array.from({ length: count }, (_, cell) => count - 1 - cell);
  const costs = new Float32Array(count);
  const placement: Placement = { grid, cells, costs, gap: 0, distanceCost: 0, afarCost: 0, minDistance: 0 };
  const pixels = (id: number, { width: size }: Size) => {
    const cell = count - 1 - id;
    const width = grid.columns * size;
    const first = Math.floor(cell / grid.columns) * size * width + (cell % grid.columns) * size;
    const lines = Array.from({ length: size }, (_, line) => (first + line * width) * 3);
    return Buffer.concat(lines.map((at) => pictures.get(size)!.subarray(at, at + size * 3)));
  };
  return { cell: shape, placement, sources: { pixels }, onProgress: () => {}, signal };
}

const luma = (px: Uint8Array, at: number) => (px[at]! * 299 + px[at + 1]! * 587 + px[at + 2]! * 114) / 1000;

/** Likeness of two pictures, px by px and window by window. */
function compare(a: Uint8Array, b: Uint8Array, width: number, height: number) {
  let [squares, differences] = [0, 0];
  for (const [i, value] of a.entries()) squares += (value - b[i]!) ** 2;
  const colour = (px: Uint8Array, at: number) =>
    ({ mode: 'rgb', r: px[at]! / 255, g: px[at + 1]! / 255, b: px[at + 2]! / 255 }) as const;
  for (let at = 0; at < a.length; at += 3) differences += differenceOf(colour(a, at), colour(b, at));
  const shorter = Math.min(width, height);
  const taps = Math.min(11, shorter % 2 ? shorter : shorter - 1);
  const weights = Array.from({ length: taps ** 2 }, (_, i) => {
    const [y, x] = [Math.floor(i / taps) - (taps - 1) / 2, (i % taps) - (taps - 1) / 2];
    return Math.exp(-(x * x + y * y) / (2 * 1.5 ** 2));
  });
  const total = weights.reduce((sum, weight) => sum + weight);
  let [similarity, windows] = [0, 0];
  for (let top = 0; top + taps <= height; top++) {
    for (let left = 0; left + taps <= width; left++, windows++) {
      const sums = [0, 0, 0, 0, 0] as [number, number, number, number, number];
      for (let i = 0; i < weights.length; i++) {
        const at = ((top + Math.floor(i / taps)) * width + left + (i % taps)) * 3;
        const [weight, one, other] = [weights[i]! / total, luma(a, at), luma(b, at)];
        sums[0] += weight * one;
        sums[1] += weight * other;
        sums[2] += weight * one * one;
        sums[3] += weight * other * other;
        sums[4] += weight * one * other;
      }
      const [meanA, meanB] = sums;
      const [both, apart] = [2 * meanA * meanB + 6.5025, meanA ** 2 + meanB ** 2 + 6.5025];
      const covariance = sums[4] - meanA * meanB;
      const variances = sums[2] - meanA ** 2 + sums[3] - meanB ** 2;
      similarity += (both * (2 * covariance + 58.5225)) / (apart * (variances + 58.5225));
    }
  }
  const psnr = 20 * Math.log10(255 / Math.sqrt(squares / a.length));
  return { ciede2000: (differences * 3) / a.length, ssim: similarity / windows, psnr };
}

describe('likeness', () => {
  test.each([
    // Too small for whole windows at 1 and 2 px per cell.
    ['small', { columns: 7, rows: 5 }, [90, 50], SQUARE],
    // More than one band at 8 px per cell; the windows of the first reach into the second.
    ['in bands', { columns: 72, rows: 60 }, [600, 481], SQUARE],
    ['cells of 3:2', { columns: 12, rows: 15 }, [150, 100], { width: 48, height: 32 }],
    ['cells of 9:16', { columns: 20, rows: 7 }, [150, 100], { width: 9, height: 16 }],
  ] as const)('is what px and windows say, one by one: %s', async (name, grid, [width, height], cell) => {
    const target = await detailed(`${name.replace(':', '-')}.png`, width, height);
    const random = seeded(8);
    const seen = new Map<number, Uint8Array>();
    const pictures = new Map<number, Uint8Array>();
    for (const size of SIZES) {
      const px = await seenAt(target, grid, size, cell);
      seen.set(size, px);
      // Noise that grows from top to bottom: no part can stand for another.
      const noise = (i: number) => (random() - 0.4) * 120 * (i / px.length);
      pictures.set(
        size,
        px.map((value, i) => Math.max(0, Math.min(255, value + noise(i)))),
      );
    }
    const found = await measureLikeness({ target, ...mosaicOf(pictures, grid, cell) });
    expect(found.map(({ cellPx }) => cellPx)).toEqual(SIZES);
    for (const { cellPx, ciede2000, ssim, psnr } of found) {
      const [w, h] = [grid.columns * cellPx, grid.rows * cellPx];
      const expected = compare(seen.get(cellPx)!, pictures.get(cellPx)!, w, h);
      expect(expected.ssim).toBeLessThan(0.98);
      expect(ssim, `SSIM at ${cellPx}`).toBeCloseTo(expected.ssim, 6);
      expect(psnr, `PSNR at ${cellPx}`).toBeCloseTo(expected.psnr, 9);
      expect(ciede2000, `CIEDE2000 at ${cellPx}`).toBeCloseTo(expected.ciede2000, 3);
    }
  });

  test('of a target with itself is whole', async () => {
    const grid = { columns: 9, rows: 6 };
    const target = await detailed('itself.png', 100, 80);
    const pictures = new Map<number, Uint8Array>();
    for (const size of SIZES) pictures.set(size, await seenAt(target, grid, size));
    for (const { cellPx, ...likeness } of await measureLikeness({ target, ...mosaicOf(pictures, grid) })) {
      expect(likeness, `at ${cellPx}`).toEqual({ ciede2000: 0, ssim: expect.closeTo(1, 9) as number, psnr: null });
    }
  });

  test.each([[{ columns: 264, rows: 128 }], [{ columns: 33_000, rows: 1 }]])(
    'of large pictures is that of evenly spread rows: $columns x $rows',
    async (grid) => {
      const { columns, rows } = grid;
      const path = join(root, `grey-${columns}.png`);
      const background = { r: 90, g: 90, b: 90 };
      await sharp({ create: { width: columns, height: rows, channels: 3, background } }).toFile(path);
      // The lower, the lighter.
      const valueOf = (row: number) => 100 + Math.floor((100 * row) / rows);
      const mosaic = mosaicOf(new Map(), grid);
      const pixels = (id: number, { width, height }: Size) =>
        Buffer.alloc(width * height * 3, valueOf(rows - 1 - Math.floor(id / columns)));
      const found = await measureLikeness({ ...mosaic, target: await openTarget(path), sources: { pixels } });
      const grey = (value: number) => ({ mode: 'rgb', r: value / 255, g: value / 255, b: value / 255 }) as const;
      const all = Array.from({ length: rows }, (_, row) => differenceOf(grey(90), grey(valueOf(row))));
      const mean = all.reduce((sum, value) => sum + value) / rows;
      for (const { cellPx, ciede2000, ssim } of found) {
        expect(Math.abs(ciede2000 / mean - 1), `at ${cellPx}`).toBeLessThan(cellPx < 8 ? 0.02 : 0.06);
        expect(ssim, `at ${cellPx}`).toBeGreaterThan(0.5);
        expect(ssim, `at ${cellPx}`).toBeLessThan(1);
      }
    },
  );

  test('tells its progress, and stops when it is told to', async () => {
    const grid = { columns: 5, rows: 4 };
    const target = await detailed('stopped.png', 50, 40);
    const pictures = new Map(SIZES.map((size) => [size, waves(5 * size, 4 * size, 1)]));
    const seen: [number, number][] = [];
    const options = { target, ...mosaicOf(pictures, grid) };
    await measureLikeness({ ...options, onProgress: (done, total) => void seen.push([done, total]) });
    expect(seen).toEqual([0, 1, 2, 3, 4].map((done) => [done, 4]));
    const controller = new AbortController();
    const onProgress = (done: number) => done === 2 && controller.abort(new Error('enough'));
    await expect(measureLikeness({ ...options, onProgress, signal: controller.signal })).rejects.toThrow('enough');
  });
});
