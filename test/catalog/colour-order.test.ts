import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { colourOrder, hilbertIndex } from '../../src/catalog/colour-order.ts';
import { Pictures } from '../../src/catalog/pictures.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Placement, Recipe, ScannedFile, Turn } from '../../src/types.ts';
import { decode, difference, waves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { integer, seeded } from '../helpers/random.ts';

describe('the Hilbert curve', () => {
  test.each([
    [2, 1],
    [2, 4],
    [3, 1],
    [3, 2],
    [3, 3],
    [3, 4],
  ])('of %i axes and %i bits goes through every point, step by step', (axes, bits) => {
    const side = 2 ** bits;
    const points = Array.from({ length: side ** axes }, (_, i) =>
      Array.from({ length: axes }, (__, axis) => Math.floor(i / side ** axis) % side),
    );
    const along = new Map(points.map((point) => [hilbertIndex(point, bits), point]));
    expect([...along.keys()].toSorted((a, b) => a - b)).toEqual(points.map((_, i) => i));
    for (let i = 1; i < points.length; i++) {
      const [before, now] = [along.get(i - 1)!, along.get(i)!];
      const steps = now.reduce((sum, value, axis) => sum + Math.abs(value - before[axis]!), 0);
      expect(steps, `from ${before.join()} to ${now.join()}`).toBe(1);
    }
  });

  test('leaves the point as it is', () => {
    const point = Object.freeze([5, 60, 33]);
    expect(hilbertIndex(point)).toBe(hilbertIndex([...point]));
    expect(hilbertIndex([0, 0, 0])).toBe(0);
  });
});

type Colour = readonly [number, number, number];
const colourOf = (colours: readonly Colour[]) => (id: number) => colours[id]!;

describe('the order of colours', () => {
  const random = seeded(31);
  const colours = Array.from({ length: 600 }, () => {
    return [random(), (random() - 0.5) * 0.4, (random() - 0.5) * 0.4] as const;
  });
  const ids = colours.map((_, id) => id);

  test('is a permutation, whose neighbours are alike', () => {
    const order = colourOrder(ids, colourOf(colours));
    expect(order.toSorted((a, b) => a - b)).toEqual(ids);
    const meanStep = (all: readonly number[]) => {
      let sum = 0;
      for (let i = 1; i < all.length; i++) {
        const [a, b] = [colours[all[i - 1]!]!, colours[all[i]!]!];
        sum += Math.hypot(a[0] - b[0], 2 * (a[1] - b[1]), 2 * (a[2] - b[2]));
      }
      return sum / (all.length - 1);
    };
    expect(meanStep(order)).toBeLessThan(meanStep(ids) / 4);
  });

  test('does not depend on what came first, but for equal colours', () => {
    const backwards = colourOrder(ids.toReversed(), colourOf(colours));
    const keysOf = (order: readonly number[]) =>
      order.map((id) => {
        const [l, a, b] = colours[id]!;
        return [l, 2 * a + 0.5, 2 * b + 0.5].map((value) => Math.floor(value * 64)).join(' ');
      });
    expect(keysOf(backwards)).toEqual(keysOf(colourOrder(ids, colourOf(colours))));
    expect(colourOrder(ids.toReversed(), () => [0.5, 0, 0])).toEqual(ids.toReversed());
  });

  test('takes colours beyond what it divides', () => {
    const extremes = colourOf([
      [-0.1, -0.4, -0.4],
      [1.1, 0.4, 0.4],
      [1, 0.25, 0.25],
      [0, -0.25, -0.25],
    ]);
    expect(colourOrder([0, 1, 2, 3], extremes).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(colourOrder([3, 0], extremes)).toEqual([3, 0]);
  });
});

describe('pictures in use', () => {
  const recipe: Recipe = {
    cell: { width: 16, height: 16 },
    tileSize: 256,
    format: 'png',
    quality: 85,
    subsampling: '4:2:0',
    crop: 'centre',
  };
  const { signal } = new AbortController();
  const usable = 9;
  let files: readonly ScannedFile[];
  let catalog: Catalog;
  let options: Parameters<typeof updateCatalog>[1];
  beforeAll(async () => {
    const root = await temporaryFolder();
    await mkdir(join(root, 'images'));
    for (let i = 0; i < usable; i++) {
      const raw = { width: 40, height: 40, channels: 3 } as const;
      await sharp(waves(40, 40, i + 1), { raw }).toFile(join(root, 'images', `${i}.png`));
    }
    files = await scan([join(root, 'images')], { onProgress: () => {}, signal });
    const background = { r: 0, g: 0, b: 0 };
    options = { folder: join(root, 'catalog'), recipe, background, concurrency: 2, onProgress: () => {}, signal };
    catalog = await updateCatalog(files, options);
  });

  test.each<[string, readonly Turn[]]>([
    ['upright', [0]],
    ['mirrored and turned', [0, 1, 4, 6]],
  ])('are numbered by colour, and are what stood there: %s', async (_, turns) => {
    const random = seeded(5);
    const grid = { columns: 6, rows: 4 };
    // The last source is not in use.
    const any = () => turns[integer(random, 0, turns.length - 1)]! * usable + integer(random, 0, usable - 2);
    const cells = Uint32Array.from({ length: 24 }, any);
    const given: Placement = {
      grid,
      cells,
      costs: new Float32Array(24),
      gap: 0,
      distanceCost: 0,
      afarCost: 0,
      minDistance: 0,
    };
    const features = catalog.sourceFeatures(false);
    const { pictures, placement } = await Pictures.of(catalog, { ...given, features }, { ...options, files });
    const { origins, variants } = pictures;
    expect(given.cells, 'what was given').toBe(cells);
    expect(placement).toMatchObject({ grid, gap: 0 });
    expect(Array.from(placement.cells, (number) => variants[number]! * usable + origins[number]!)).toEqual([...cells]);
    expect(pictures.count).toBe(new Set(cells).size);
    expect(origins).toHaveLength(pictures.count);
    const keys = Array.from(origins, (source) => {
      const [l, a, b] = [0, 1, 2].map((c) => features.whole[source * FEATURE_LENGTH + c]! / 4) as [
        number,
        number,
        number,
      ];
      return hilbertIndex([l, 2 * a + 0.5, 2 * b + 0.5].map((value) => Math.floor(value * 64)));
    });
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    expect(new Set(keys).size).toBeGreaterThan(4);
    for (let number = 0; number < pictures.count; number++) {
      const { path } = catalog.sources[origins[number]!]!;
      expect(pictures.sourceOf(number).path).toBe(path);
      const turn = variants[number]!;
      const image = sharp((await decode(path)).data, { raw: { width: 40, height: 40, channels: 3 } });
      const mirrored = sharp(await (turn < 4 ? image : image.flop()).png().toBuffer());
      const turned = await mirrored
        .rotate((turn % 4) * 90)
        .png()
        .toBuffer();
      const expected = await sharp(turned).resize(8, 8).raw().toBuffer();
      expect(
        difference(pictures.pixels(number, { width: 8, height: 8 }), expected).mean,
        `picture ${number}`,
      ).toBeLessThan(3);
    }
    pictures.close();
  });
});
