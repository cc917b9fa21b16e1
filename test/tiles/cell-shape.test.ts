import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { indexImage } from '../../src/catalog/index-image.ts';
import {
  ASPECTS,
  aspectChoices,
  aspectText,
  cellSizeOf,
  commonestAspect,
  parseAspect,
  tileSideOf,
} from '../../src/tiles/cell-shape.ts';
import { build, type Size } from '../../src/index.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';
import { rastersOf } from '../../src/tiles/tile-plan.ts';
import { folderIn, makeShaped, type ShapedOptions } from '../helpers/framed.ts';
import { writeWaves } from '../helpers/images.ts';
import { sharpOf, structured } from '../helpers/levels.ts';
import { integer, seeded } from '../helpers/random.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let target: string;
beforeAll(async () => {
  root = await temporaryFolder();
  target = join(root, 'target.png');
  await writeWaves(target, 120, 80, 99);
});

const make = (name: string, options: ShapedOptions) => makeShaped(root, name, options);

const ratio = ({ width, height }: Size) => width / height;

describe('an aspect', () => {
  test.each([
    ['4:3', 4, 3],
    ['3:4', 3, 4],
    ['16:9', 16, 9],
    ['1:16', 1, 16],
    ['32:24', 4, 3],
    ['1920:1080', 16, 9],
    ['6000x4000', 3, 2],
    ['10/8', 5, 4],
    ['7:7', 1, 1],
  ])('%s', (text, width, height) => {
    expect(parseAspect(text)).toEqual({ width, height });
  });

  test.each([
    '',
    '4',
    '4:',
    ':3',
    '0:1',
    '1:0',
    '-4:3',
    '4.5:3',
    '4:3:2',
    '17:1',
    '1:17',
    '1921:1080',
    'wide',
    '4 : 3',
  ])('%j is none', async (cellAspect) => {
    expect(parseAspect(cellAspect)).toBeUndefined();
    await refuses(
      () => build({ target, images: [root], out: join(root, 'refused'), cellAspect }),
      new RegExp(
        `^Expected a ratio of whole numbers up to 16, as in 4:3, or auto for --cell-aspect but received ${cellAspect || "''"}$`,
      ),
    );
  });

  const pairs = Array.from({ length: 16 * 16 }, (_, i) => ({ width: 1 + (i >> 4), height: 1 + (i & 15) }));
  const coprime = pairs.filter(
    ({ width, height }) => !pairs.some((_, i) => i > 0 && i < 16 && !(width % (i + 1)) && !(height % (i + 1))),
  );

  test('has a cell about as large as the square that was asked for, which can be halved twice', () => {
    expect(coprime.length).toBe(159);
    for (const aspect of coprime) {
      for (let side = 16; side <= 4096; side *= 2) {
        const cell = cellSizeOf(aspect, side);
        expect(ratio(cell)).toBeCloseTo(ratio(aspect), 10);
        // By trial: of all cells, none is nearer in area.
        const off = (by: number) => Math.abs(Math.log((aspect.width * aspect.height * by * by) / (side * side)));
        const trials = Array.from({ length: 13 }, (_, i) => 2 ** (i + 2));
        const by = cell.width / aspect.width;
        expect(trials).toContain(by);
        for (const trial of trials) expect(off(by)).toBeLessThanOrEqual(off(trial) + 1e-9);
        if (aspect.width === aspect.height) expect(cell).toEqual({ width: side, height: side });
      }
    }
  });

  test('has cells of the least size that images can be indexed for, whatever it is', async () => {
    const png = await sharpOf(structured({ width: 60, height: 40 }, 1))
      .png({ compressionLevel: 1 })
      .toBuffer();
    const { recipe } = resolveOptions({ target: 'target', images: ['images'], out: 'out' });
    for (const aspect of coprime) {
      const shape = { cell: cellSizeOf(aspect, 16), tileSize: tileSideOf(aspect, 256) };
      const [{ px, features } = expect.fail()] = await indexImage(png, {
        recipe: { ...recipe, ...shape },
        background: { r: 0, g: 0, b: 0 },
      });
      const kept = rastersOf({ ...recipe, ...shape }).reduce((sum, { width, height }) => sum + width * height * 3, 0);
      expect(px.length, aspectText(aspect)).toBe(kept);
      expect(features.every(Number.isFinite)).toBe(true);
    }
  });

  test('has tiles that cells, or their parts, fill from left to right', () => {
    for (const aspect of coprime) {
      for (const asked of [256, 512]) {
        const side = tileSideOf(aspect, asked);
        expect(side).toBeGreaterThanOrEqual(asked);
        expect(side % 16).toBe(0);
        for (let width = aspect.width * 16; width <= 8192; width *= 2) {
          expect(Math.max(width, side) % Math.min(width, side), `${width} px, tiles ${side}`).toBe(0);
        }
        // None that is smaller would do.
        for (let less = asked; less < side; less += 16) {
          const wide = aspect.width * 2 ** 12;
          expect(less % 16 === 0 && wide % less === 0 && Math.log2(wide / less) % 1 === 0).toBe(false);
        }
      }
    }
  });

  test('is the commonest where most images are nearest to it, by what they would lose', () => {
    const random = seeded(4);
    for (let round = 0; round < 60; round++) {
      const sizes = Array.from({ length: integer(random, 1, 40) }, () => ({
        width: integer(random, 20, 4000),
        height: integer(random, 20, 4000),
      }));
      /** What is cut off an image: by the largest rectangle of the aspect that fits. */
      const lost = ({ width, height }: Size, aspect: Size) => {
        const scale = Math.min(width / aspect.width, height / aspect.height);
        return 1 - (aspect.width * scale * aspect.height * scale) / (width * height);
      };
      const nearest = sizes.map((size) => ASPECTS.toSorted((a, b) => lost(size, a) - lost(size, b))[0]!);
      const choices = aspectChoices(sizes);
      expect(choices.map(({ aspect }) => aspect)).toEqual(ASPECTS);
      for (const { aspect, images, cropped } of choices) {
        expect(images).toBe(nearest.filter((one) => one === aspect).length);
        const all = sizes.reduce((sum, size) => sum + lost(size, aspect), 0);
        expect(cropped).toBeCloseTo(all / sizes.length, 9);
      }
      const most = Math.max(...choices.map(({ images }) => images));
      const first = choices.filter(({ images }) => images === most);
      const least = Math.min(...first.map(({ cropped }) => cropped));
      expect(commonestAspect(choices)).toBe(first.find(({ cropped }) => cropped === least)!.aspect);
    }
    // Sharp ones, upright too.
    const of = (...texts: string[]) => texts.map((text) => parseAspect(text)!);
    expect(commonestAspect(aspectChoices(of('16:9', '3:2', '16:9')))).toEqual({ width: 16, height: 9 });
    expect(commonestAspect(aspectChoices(of('9:16', '3:4', '3:4', '1:1')))).toEqual({ width: 3, height: 4 });
    expect(commonestAspect(aspectChoices([]))).toEqual({ width: 1, height: 1 });
  });
});

describe('--cell-aspect auto', () => {
  test('is what most images have, turned as they are shown, and tells what it cuts off them', async () => {
    const folder = await folderIn(root, 'auto');
    const sizes = [
      ...Array.from({ length: 4 }, () => [90, 60]),
      ...Array.from({ length: 3 }, () => [60, 60]),
      [100, 75],
    ];
    for (const [i, [width, height]] of sizes.entries()) await writeWaves(join(folder, `${i}.png`), width!, height!, i);
    // Two that stand upright only by their EXIF, and what is no image.
    for (const i of [8, 9]) {
      const lying = sharpOf(structured({ width: 60, height: 90 }, i)).jpeg();
      await lying.withMetadata({ orientation: 6 }).toFile(join(folder, `${i}.jpg`));
    }
    await writeFile(join(folder, 'broken.jpg'), 'no image');
    const { mosaic, result } = await make('auto site', {
      images: [folder],
      cellAspect: 'auto',
      cellSize: 64,
      columns: 4,
    });
    expect(mosaic.cell).toEqual({ width: 96, height: 64 });
    const of = (text: string) => result.aspects.find(({ aspect }) => aspectText(aspect) === text)!;
    expect(of('3:2').images).toBe(6);
    expect(of('1:1').images).toBe(3);
    expect(of('4:3').images).toBe(1);
    expect(result.aspects.reduce((sum, { images }) => sum + images, 0)).toBe(10);
    // 3 squares lose a third in 3:2; one of 4:3 loses 1/9.
    expect(of('3:2').cropped).toBeCloseTo((3 / 3 + 1 / 9) / 10, 9);
    expect(of('1:1').cropped).toBeCloseTo((6 / 3 + 1 / 4) / 10, 9);
    expect(of('2:3').cropped).toBeCloseTo((6 * (1 - 4 / 9) + 3 / 3 + 0.5) / 10, 9);
    // Rows follow the target's shape: 120 x 80 px, with cells of 3:2.
    expect(result.grid).toEqual({ columns: 4, rows: 4 });
  });

  test('is told by nothing where it was not asked for', async () => {
    const folder = await folderIn(root, 'auto');
    expect(
      (await make('no auto', { images: [folder], cellAspect: '3:2', cellSize: 64, columns: 4 })).result.aspects,
    ).toEqual([]);
  });
});
