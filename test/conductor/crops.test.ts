import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { fewerCropsNote } from '../../src/conductor/crops-in-use.ts';
import { build, type BuildOptions, remove, verify } from '../../src/index.ts';
import { cropNamed, cropRect } from '../../src/tiles/crops.ts';
import type { Rect } from '../../src/types.ts';
import { decode, difference } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';
import { cellPx, readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const [WIDTH, HEIGHT, SIDE] = [192, 128, 64];
const COUNT = 5;
const COLUMNS = 8;
const nameOf = (i: number) => `${i}.png`;
let root: string;
const options = () => ({
  target: join(root, 'target.png'),
  images: [join(root, 'images')],
  grid: { columns: COLUMNS, rows: 6 },
  cellSize: SIDE,
  quality: 95,
  subsampling: '4:4:4' as const,
  minDistance: 0,
  variety: 0,
  afar: 0,
  nearDuplicates: 'keep' as const,
});

beforeAll(async () => {
  root = await temporaryFolder();
  await mkdir(join(root, 'images'));
  // Blocks of random colours: no two crops are alike.
  const random = seeded(4);
  for (let i = 0; i < COUNT; i++) {
    const blocks = Uint8Array.from({ length: 12 * 8 * 3 }, () => integer(random, 0, 255));
    await sharp(blocks, { raw: { width: 12, height: 8, channels: 3 } })
      .resize(WIDTH, HEIGHT, { kernel: 'nearest' })
      .png()
      .toFile(join(root, 'images', nameOf(i)));
  }
  // Every cell of the target is a crop of an image.
  const parts = Array.from({ length: COLUMNS * 6 }, (_, cell) => wanted(cell));
  const cells = await Promise.all(
    parts.map(async ({ image, rect }, cell) => ({
      input: await sharp(join(root, 'images', nameOf(image)))
        .extract(rect)
        .resize(16, 16)
        .png()
        .toBuffer(),
      left: (cell % COLUMNS) * 16,
      top: Math.floor(cell / COLUMNS) * 16,
    })),
  );
  await sharp({ create: { width: COLUMNS * 16, height: 6 * 16, channels: 3, background: '#000' } })
    .composite(cells)
    .png()
    .toFile(join(root, 'target.png'));
});

const rectOf = (crop: number): Rect => {
  const whole = { left: (WIDTH - HEIGHT) / 2, top: 0, width: HEIGHT, height: HEIGHT };
  return cropRect({ width: WIDTH, height: HEIGHT, crop: whole }, crop, 'centre');
};

/** The image and the crop that a cell of the target was made of. */
function wanted(cell: number) {
  const crop = (cell * 5) % 21;
  return { image: cell % COUNT, crop, rect: rectOf(crop) };
}

async function make(name: string, changes: Partial<BuildOptions>) {
  const out = join(root, name);
  const result = await build({ ...options(), out, catalog: join(root, 'catalog'), ...changes });
  const placement = `${out}-report/placement.csv`;
  const [head, ...lines] = (await readFile(placement, 'utf8'))
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const placed = lines.map((line) => Object.fromEntries(head!.map((field, i) => [field, line[i]!])));
  return { out, result, placement, placed, mosaic: (await readSite(out)).mosaic };
}

describe('a mosaic of crops', () => {
  test('finds the crop of every cell, and shows its px', async () => {
    const { out, placed, mosaic, result } = await make('all', { crops: 'all' });
    expect(placed.map(({ source, crop }) => [source, cropNamed(crop!)])).toEqual(
      placed.map((_, cell) => [nameOf(wanted(cell).image), wanted(cell).crop]),
    );
    expect(mosaic.pictures).toBe(new Set(placed.map(({ source, crop }) => `${source} ${crop}`)).size);
    expect(result.sources).toMatchObject({ used: COUNT, enlarged: 0 });
    for (const cell of placed.keys()) {
      const { image, rect } = wanted(cell);
      const theirs = sharp(join(root, 'images', nameOf(image))).extract(rect);
      const { data } = await decode(await theirs.resize(SIDE, SIDE, { kernel: 'cubic' }).png().toBuffer());
      const shown = await cellPx(out, mosaic, cell);
      // sharp does not resize in linear light, so edges differ.
      expect(difference(shown, data).mean, `${cell}`).toBeLessThan(6);
      expect(difference(await cellPx(out, mosaic, (cell + 1) % placed.length), data).mean, `${cell}`).toBeGreaterThan(
        20,
      );
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('is rendered again from its placement', async () => {
    const first = await make('first', { crops: 'all', mirror: true });
    const again = await make('again', { placement: first.placement });
    expect(again.placed).toEqual(first.placed);
    expect((await readSite(again.out)).pictures).toEqual((await readSite(first.out)).pictures);
    for (const cell of [0, 7, 20]) {
      expect(await cellPx(again.out, again.mosaic, cell)).toEqual(await cellPx(first.out, first.mosaic, cell));
    }
  });

  test.each([
    ['none', 1],
    ['shift', 3],
    ['close', 12],
  ] as const)('keeps to the crops that were asked for: %s', async (crops, count) => {
    const { placed } = await make(crops, { crops });
    const shown = placed.map(({ crop }) => cropNamed(crop ?? '')!);
    expect(Math.max(...shown)).toBeLessThan(count);
    if (count > 1) expect(new Set(shown).size).toBeGreaterThan(count / 2);
    for (const [cell, crop] of shown.entries()) if (wanted(cell).crop < count) expect(crop).toBe(wanted(cell).crop);
  });

  test('enlarges no crop where the whole needs no enlarging', async () => {
    const { placed, result } = await make('large', { crops: 'all', cellSize: 128, grid: { columns: 4, rows: 3 } });
    expect(placed.every(({ crop }) => ['', 'start', 'end'].includes(crop ?? ''))).toBe(true);
    expect(result.sources.enlarged).toBe(0);
  });

  test('counts uses by image, whatever the crop', async () => {
    const { placed } = await make('uses', { crops: 'all', maxUses: 10, minDistance: 1 });
    const uses = placed.reduce<Record<string, number>>((sum, { source }) => {
      return { ...sum, [source!]: (sum[source!] ?? 0) + 1 };
    }, {});
    expect(Math.max(...Object.values(uses))).toBe(10);
    for (const [cell, { source }] of placed.entries()) {
      if (cell % COLUMNS > 0) expect(source).not.toBe(placed[cell - 1]!.source);
      if (cell >= COLUMNS) expect(source).not.toBe(placed[cell - COLUMNS]!.source);
    }
  });

  test('goes on without an image, with crops of the others', async () => {
    const { out } = await make('remove', { crops: 'all', originals: 'copy' });
    await remove({ site: out, images: [nameOf(2)], catalog: join(root, 'catalog') });
    const lines = (await readFile(`${out}-report/placement.csv`, 'utf8')).split('\n');
    expect(lines.filter((line) => line.includes(nameOf(2)))).toEqual([]);
    expect(lines[0]).toContain('crop');
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('refuses a placement with a crop that there is not', async () => {
    const placement = join(root, 'wrong.csv');
    await writeFile(placement, 'column,row,source,crop\n0,0,1.png,closest\n');
    await expect(make('wrong', { placement })).rejects.toThrow(/^Expected the name of a crop .* received closest$/);
  });
});

test('fewer crops than were asked for are told', () => {
  expect(fewerCropsNote({ crops: 'close', placement: undefined }, 12)).toEqual([]);
  expect(fewerCropsNote({ crops: 'all', placement: 'given.csv' }, 1)).toEqual([]);
  expect(fewerCropsNote({ crops: 'all', placement: undefined }, 3)[0]).toMatch(
    /^each image may be shown in 3 crops instead of 21: /,
  );
});

test('reads features of crops only where an image may be shown in one', async () => {
  const images = join(root, 'square');
  await mkdir(images);
  for (let i = 0; i < COUNT; i++) {
    await sharp(join(root, 'images', nameOf(i)))
      .extract(rectOf(0))
      .resize(SIDE, SIDE)
      .toFile(join(images, nameOf(i)));
  }
  const read = vi.spyOn(Catalog.prototype, 'sourceFeatures');
  try {
    await build({ ...options(), images: [images], out: join(root, 'whole'), crops: 'all' });
    expect(read.mock.calls).toEqual([[false]]);
    await build({ ...options(), out: join(root, 'cropped'), crops: 'all' });
    expect(read.mock.calls.slice(1)).toContainEqual([true]);
  } finally {
    read.mockRestore();
  }
});
