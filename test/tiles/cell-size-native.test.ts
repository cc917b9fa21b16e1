import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { nativeCell, parseAspect } from '../../src/tiles/cell-shape.ts';
import { type Size, verify } from '../../src/index.ts';
import { chooseRecipe } from '../../src/conductor/recipe.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';
import { scan } from '../../src/scan/scan.ts';
import { folderIn, makeShaped, resized, type ShapedOptions } from '../helpers/framed.ts';
import { difference, writeWaves } from '../helpers/images.ts';
import { dziPicture, expectNear, filesOf, partOf, sharpOf, structured, writePlacement } from '../helpers/levels.ts';
import { integer, seeded } from '../helpers/random.ts';
import { readPictures } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let target: string;
beforeAll(async () => {
  root = await temporaryFolder();
  target = join(root, 'target.png');
  await writeWaves(target, 120, 80, 99);
});

const make = (name: string, options: ShapedOptions) => makeShaped(root, name, options);

/** A black square, 1 bit per px: so large a one would take sharp a second. */
function blackPng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = [Buffer.alloc(4), Buffer.alloc(4)] as const;
    ends[0].writeUInt32BE(data.length);
    ends[1].writeUInt32BE(crc32(body));
    return Buffer.concat([ends[0], body, ends[1]]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const px = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))), { level: 1 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', px), chunk('IEND', Buffer.alloc(0))]);
}

describe('--cell-size native', () => {
  test('is the smallest cell in which no image loses detail', () => {
    const random = seeded(9);
    const powers = Array.from({ length: 14 }, (_, i) => 2 ** i);
    for (const text of ['1:1', '4:3', '3:4', '16:9', '1:2', '5:4']) {
      const aspect = parseAspect(text)!;
      for (let round = 0; round < 80; round++) {
        const most = 2 ** integer(random, 3, 12);
        const sizes = Array.from({ length: integer(random, 0, 5) }, () => ({
          width: integer(random, 1, most),
          height: integer(random, 1, most),
        }));
        const cell = nativeCell(aspect, sizes, 256);
        const fits = powers.find((by) => {
          const [width, height] = [aspect.width * by, aspect.height * by];
          const loses = (size: Size) => Math.min(size.width / width, size.height / height) > 1;
          return by >= 4 && Math.max(width, height) >= 256 && !sizes.some(loses);
        })!;
        expect(cell).toEqual({ width: aspect.width * fits, height: aspect.height * fits });
      }
    }
  });

  test('ends at 8,192 px, and says what is larger', async () => {
    const folder = await folderIn(root, 'vast');
    for (const side of [8192, 8193, 9000]) await writeFile(join(folder, `${side}.png`), blackPng(side));
    const options = resolveOptions({ target, images: [folder], out: 'none', cellSize: 'native' });
    const files = await scan([folder], { onProgress: () => {}, signal: options.signal });
    const facts = { given: undefined, gridOf: () => ({ columns: 1, rows: 1 }), onProgress: () => {} };
    const chosen = await chooseRecipe(options, files, facts);
    expect(chosen.recipe.cell).toEqual({ width: 8192, height: 8192 });
    expect(chosen.warnings).toEqual(['2 images have more detail than the largest cells (8192 px) can show']);
    const wide = await chooseRecipe({ ...options, cellAspect: parseAspect('3:2')! }, files, facts);
    expect(wide.recipe.cell).toEqual({ width: 6144, height: 4096 });
    expect(nativeCell(parseAspect('1:1')!, [{ width: 8192, height: 9000 }], 256)).toEqual({
      width: 8192,
      height: 8192,
    });
  });

  test('shows the largest image px for px, and small ones enlarged, once each', async () => {
    const folder = await folderIn(root, 'native');
    const large = structured({ width: 700, height: 512 }, 1);
    const small = structured({ width: 40, height: 30 }, 2);
    const turned = structured({ width: 300, height: 411 }, 3);
    await sharpOf(large).png({ compressionLevel: 1 }).toFile(join(folder, 'large.png'));
    await sharpOf(small).png().toFile(join(folder, 'small.png'));
    await sharpOf(turned)
      .rotate(270)
      .jpeg({ quality: 100 })
      .withMetadata({ orientation: 6 })
      .toFile(join(folder, 'turned.jpg'));
    const placed = ['small.png', 'large.png', 'turned.jpg', 'small.png', 'small.png', 'large.png'];
    const placement = await writePlacement(join(root, 'native.csv'), 3, placed);
    const { out, mosaic, result } = await make('native site', {
      images: [folder],
      placement,
      cellSize: 'native',
      quality: 90,
    });
    expect(mosaic.cell).toEqual({ width: 512, height: 512 });
    expect(mosaic.sources).toMatchObject({ used: 3, enlarged: 2 });
    expect(result.warnings.join()).toContain('enlarged 2 images smaller than a cell (512 px)');
    const full = await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    const cellAt = (i: number) => partOf(full, { left: (i % 3) * 512, top: i > 2 ? 512 : 0, width: 512, height: 512 });
    const own = partOf(large, { left: 94, top: 0, width: 512, height: 512 });
    for (const i of [1, 5]) await expectNear(cellAt(i), own, mosaic.tile, `cell ${i}`);
    const enlarged = resized(
      { whole: small, crop: { left: 5, top: 0, width: 30, height: 30 } },
      { width: 512, height: 512 },
    );
    for (const i of [0, 3, 4]) expect(difference(cellAt(i).data, enlarged.data).mean, `cell ${i}`).toBeLessThan(1.5);
    const whole = { whole: turned, crop: { left: 0, top: 55, width: 300, height: 300 } };
    const upright = resized(whole, { width: 512, height: 512 });
    expect(difference(cellAt(2).data, upright.data).mean).toBeLessThan(2);

    // One set of files of each, which all its cells are links to.
    const numbers = await readPictures(out, mosaic);
    expect(numbers.map((number) => numbers.indexOf(number))).toEqual([0, 1, 2, 0, 0, 1]);
    const files = await filesOf(join(out, 'tiles'));
    const pieces = ['256_0_0', '512_0_0', '512_0_1', '512_1_0', '512_1_1'];
    expect(files).toEqual([0, 1, 2].flatMap((number) => pieces.map((piece) => `0/${number}/${piece}.jpg`)));
    const tileOf = async (i: number, piece: string) => {
      const [size, x, y] = piece.split('_').map(Number) as [number, number, number];
      const across = size / 256;
      const level = mosaic.levels.length - (size === 512 ? 1 : 2);
      const [column, row] = [(i % 3) * across + x, Math.floor(i / 3) * across + y];
      return await stat(join(out, `mosaic_files/${level}/${column}_${row}.jpg`));
    };
    for (const [i, number] of numbers.entries()) {
      for (const piece of pieces) {
        const file = await stat(join(out, `tiles/0/${number}/${piece}.jpg`));
        expect((await tileOf(i, piece)).ino, `cell ${i}, ${piece}`).toBe(file.ino);
      }
    }
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('measures images as they are shown, and cells as they are shaped', async () => {
    const folder = await folderIn(root, 'lying');
    // 900 x 200 px once it is turned: 512 x 256 px hold that. As it lies, 256 x 128 px would.
    const lying = sharpOf(structured({ width: 200, height: 900 }, 5)).jpeg();
    await lying.withMetadata({ orientation: 6 }).toFile(join(folder, 'lying.jpg'));
    await writeWaves(join(folder, 'small.png'), 20, 10, 3);
    const { mosaic } = await make('lying site', {
      images: [folder],
      cellSize: 'native',
      cellAspect: '2:1',
      grid: { columns: 2, rows: 1 },
    });
    expect(mosaic.cell).toEqual({ width: 512, height: 256 });
    const small = await make('small site', {
      images: [join(folder, 'small.png')],
      cellSize: 'native',
      grid: { columns: 2, rows: 1 },
    });
    expect(small.mosaic.cell).toEqual({ width: 256, height: 256 });
  });
});
