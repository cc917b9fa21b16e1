import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { aspectText } from '../../src/tiles/cell-shape.ts';
import { type BuildOptions, type Grid, type Size, verify } from '../../src/index.ts';
import { folderIn, framed, makeShaped, type ShapedOptions, writeFramed } from '../helpers/framed.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import {
  composed,
  dziPicture,
  expectNear,
  filesOf,
  halves,
  iiifPicture,
  partOf,
  type Picture,
  type Placed,
  sharedPicture,
  sharpOf,
  structured,
  writePlacement,
} from '../helpers/levels.ts';
import { refuses } from '../helpers/refuses.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

const make = (name: string, options: ShapedOptions) => makeShaped(root, name, options);

const MAGENTA = { r: 255, g: 0, b: 255 };

describe('a mosaic of cells that are not square', () => {
  interface Case {
    readonly cell: Size;
    readonly grid?: Grid;
    readonly options?: Partial<BuildOptions>;
  }
  test.each<[string, string, Case]>([
    ['4:3', '4:3', { cell: { width: 128, height: 96 } }],
    ['3:4', '3:4', { cell: { width: 96, height: 128 } }],
    ['3:2', '3:2', { cell: { width: 192, height: 128 } }],
    ['16:9', '16:9', { cell: { width: 128, height: 72 } }],
    ['2:1', '2:1', { cell: { width: 256, height: 128 } }],
    ['1:2', '1:2', { cell: { width: 64, height: 128 }, options: { cellSize: 64 } }],
    ['4:3 as PNG', '4:3', { cell: { width: 128, height: 96 }, options: { format: 'png', layout: ['dzi', 'compact'] } }],
    [
      '1:2 as PNG',
      '1:2',
      { cell: { width: 64, height: 128 }, options: { cellSize: 64, format: 'png', layout: ['dzi', 'compact'] } },
    ],
    [
      '2:1 in pieces',
      '2:1',
      { cell: { width: 512, height: 256 }, grid: { columns: 3, rows: 2 }, options: { cellSize: 256, tileSize: 256 } },
    ],
    [
      '1:2 in pieces',
      '1:2',
      { cell: { width: 256, height: 512 }, grid: { columns: 4, rows: 2 }, options: { cellSize: 256, tileSize: 256 } },
    ],
    [
      '3:2 as PNG, in files of their own',
      '3:2',
      {
        cell: { width: 384, height: 256 },
        grid: { columns: 4, rows: 2 },
        options: { cellSize: 256, format: 'png', layout: ['dzi', 'compact'] },
      },
    ],
    [
      '9:1 of the least height',
      '9:1',
      { cell: { width: 36, height: 4 }, options: { cellSize: 16, format: 'png', layout: ['dzi', 'compact'] } },
    ],
    [
      '1:16 of the least width',
      '1:16',
      { cell: { width: 4, height: 64 }, options: { cellSize: 16, format: 'png', layout: ['dzi', 'compact'] } },
    ],
    ['16:9 at 4:4:4', '16:9', { cell: { width: 128, height: 72 }, options: { subsampling: '4:4:4', tileSize: 256 } }],
  ])(
    'is what its images are, cropped and placed, in every layout: %s',
    async (name, cellAspect, { cell, grid = { columns: 4, rows: 3 }, options }) => {
      const folder = await folderIn(root, `images ${aspectText(cell)}`);
      const cells = await writeFramed(folder, cell);
      const names = [...cells.keys()];
      const placed = Array.from({ length: grid.columns * grid.rows }, (_, i) => names[(i + (i >> 2)) % 6]!);
      const { out, mosaic, result } = await make(name, {
        images: [folder],
        placement: await writePlacement(join(root, `${name}.csv`), grid.columns, placed),
        layout: ['dzi', 'compact', 'iiif'],
        baseUrl: 'https://example.org',
        cellSize: 128,
        cellAspect,
        quality: 95,
        ...options,
      });
      expect(mosaic.cell).toEqual(cell);
      expect(result).toMatchObject({ cell, grid, tileSize: mosaic.tileSize, aspects: [] });
      const { levels, tile, tileSize, layouts } = mosaic;
      expect(Math.max(cell.width, tileSize) % Math.min(cell.width, tileSize)).toBe(0);
      const whole = composed(
        levels.at(-1)!,
        placed.map((image, i) => ({
          picture: cells.get(image)!,
          left: (i % grid.columns) * cell.width,
          top: Math.floor(i / grid.columns) * cell.height,
        })),
      );

      // Names and sizes: those of libvips' own Deep Zoom writer.
      const vips = join(root, `${name} by vips`);
      await sharpOf(whole)
        .png({ compressionLevel: 0 })
        .tile({ size: tileSize, overlap: 0, depth: 'onepixel' })
        .toFile(`${vips}.dz`);
      const theirs = (await filesOf(`${vips}_files`)).filter((path) => path.endsWith('.png'));
      expect(await filesOf(join(out, 'mosaic_files'))).toEqual(
        theirs.map((path) => path.replace('png', tile.extension)),
      );
      for (const path of theirs) {
        const [own, their] = await Promise.all([
          sharp(join(out, 'mosaic_files', path.replace('png', tile.extension))).metadata(),
          sharp(`${vips}_files/${path}`).metadata(),
        ]);
        expect([own.width, own.height], path).toEqual([their.width, their.height]);
      }

      // Full resolution, in every layout; px for px where nothing was resized, nor coded.
      const deepest = levels.length - 1;
      const full = await dziPicture(out, 'mosaic', mosaic, deepest, tileSize);
      if (tile.format === 'png') {
        for (const [i, image] of placed.entries()) {
          const [left, top] = [(i % grid.columns) * cell.width, Math.floor(i / grid.columns) * cell.height];
          const { mean, most } = difference(partOf(full, { left, top, ...cell }).data, cells.get(image)!.data);
          const same = /^[abc]/.test(image);
          expect(mean, image).toBeLessThanOrEqual(same ? 0 : 0.6);
          expect(most, image).toBeLessThanOrEqual(same ? 0 : image.endsWith('jpg') ? 8 : 1);
        }
      } else await expectNear(full, whole, tile, 'full resolution');
      const shared = layouts.compact!.overview;
      let { level } = levels[deepest]!;
      // Every level is the full one, halved in linear light.
      for (const expected of halves(full)) {
        const { width, height } = levels[level]!;
        const shrink = 2 ** (deepest - level);
        expect([width, height]).toEqual([Math.ceil(mosaic.width / shrink), Math.ceil(mosaic.height / shrink)]);
        await expectNear(await dziPicture(out, 'mosaic', mosaic, level, tileSize), expected, tile, `dzi ${level}`);
        const compact =
          level > shared
            ? sharedPicture(out, mosaic, level)
            : dziPicture(out, 'overview', mosaic, level, layouts.compact!.levels[level]!.tile.width);
        await expectNear(await compact, expected, tile, `compact ${level}`);
        if (layouts.iiif?.levels.some((one) => one.level === level && one.tile.width < width)) {
          await expectNear(await iiifPicture(out, mosaic, level), expected, tile, `iiif ${level}`);
        }
        if (level-- === 0) break;
      }
      if (layouts.iiif) {
        const iiif = layouts.iiif.levels.at(-1)!;
        for (const side of ['width', 'height'] as const) {
          const [larger, smaller] = [cell[side], iiif.tile[side]].toSorted((x, y) => y - x);
          expect(larger! % smaller!, side).toBe(0);
        }
        const painted = cell.height % 16 > 0 && tile.subsampling === '4:2:0';
        expect(iiif.from).toBe(cell.width >= 256 ? 'reference' : painted ? 'paint' : 'splice');
      }
      expect((await verify({ site: out })).problems).toEqual([]);
    },
  );

  test('turns images by halves only, even where quarters would be likelier', async () => {
    const folder = await folderIn(root, 'turned');
    const cell = { width: 64, height: 48 };
    const pictures = Array.from({ length: 6 }, (_, i) => structured({ width: 64, height: 64 }, 40 + i));
    for (const [i, picture] of pictures.entries())
      await sharpOf(picture)
        .png()
        .toFile(join(folder, `${i}.png`));
    /** What `turn` makes of all images, as a picture of 3 x 2. */
    const targetOf = async (name: string, turn: number) => {
      const parts = pictures.map(async (picture, i) => {
        const data = await sharpOf(picture)
          .rotate(turn * 90)
          .raw()
          .toBuffer();
        return { picture: { ...picture, data }, left: (i % 3) * 64, top: Math.floor(i / 3) * 64 };
      });
      const path = join(root, name);
      await sharpOf(composed({ width: 192, height: 128 }, await Promise.all(parts)))
        .png()
        .toFile(path);
      return path;
    };
    const free = {
      images: [folder],
      rotate: true,
      variety: 0,
      minDistance: 0,
      grid: { columns: 3, rows: 2 },
      cellSize: 64,
    };
    const turns = async (name: string, options: Partial<BuildOptions>) => {
      const { out } = await make(name, { ...free, ...options });
      return (await readSite(out)).placed.map(({ turn }) => Number(turn ?? 0));
    };
    const [quarter, half] = [await targetOf('quarter.png', 1), await targetOf('half.png', 2)];
    expect(await turns('quarters of squares', { target: quarter })).toEqual([1, 1, 1, 1, 1, 1]);
    const others = await turns('quarters of others', { target: quarter, cellAspect: '4:3' });
    expect(others.every((turn) => turn === 0 || turn === 2)).toBe(true);
    expect(await turns('halves of others', { target: half, cellAspect: '4:3' })).toEqual([2, 2, 2, 2, 2, 2]);

    // What stands on its head looks like that.
    const placed = [0, 1, 2, 3, 4, 5].map((i): Placed => [`${i}.png`, i % 2 ? 2 : 0]);
    const placement = await writePlacement(join(root, 'heads.csv'), 3, placed);
    const given = { images: [folder], placement, cellAspect: '4:3', cellSize: 64, format: 'png' } as const;
    const { out, mosaic } = await make('heads', given);
    expect(mosaic.cell).toEqual(cell);
    const full = await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    for (const [i, picture] of pictures.entries()) {
      const upright = sharpOf(partOf(picture, { left: 0, top: 8, ...cell }));
      const expected = await upright
        .rotate(i % 2 ? 180 : 0)
        .raw()
        .toBuffer();
      const shown = partOf(full, { left: (i % 3) * 64, top: Math.floor(i / 3) * 48, ...cell });
      expect(difference(shown.data, expected).most, `image ${i}`).toBe(0);
    }
    placed[4] = ['4.png', 3];
    await writePlacement(placement, 3, placed);
    await refuses(
      () => make('heads', given),
      /^--placement \(line \d+\) turns .* by a quarter, but cells are not square: 64 x 48 px$/,
    );
    expect((await readSite(out)).mosaic).toEqual(mosaic);
  });

  test('crops what catches the eye, if it is told to', async () => {
    const folder = await folderIn(root, 'eye');
    // Flat, but for something bright at the right end.
    const wide = sharp({ create: { width: 600, height: 150, channels: 3, background: '#506070' } });
    const bright = Buffer.from(
      '<svg width="150" height="150"><rect width="150" height="150" fill="#506070"/><circle cx="90" cy="75" r="50" fill="#f22"/><path d="M50 75h80M90 35v80" stroke="#ff0" stroke-width="9"/></svg>',
    );
    await wide
      .composite([{ input: bright, left: 450, top: 0 }])
      .png()
      .toFile(join(folder, 'wide.png'));
    const options = {
      images: [folder],
      grid: { columns: 1, rows: 1 },
      cellSize: 128,
      cellAspect: '4:3',
      format: 'png',
      crops: 'none',
    } as const;
    const shown: Record<string, Picture> = {};
    for (const crop of ['centre', 'attention', 'entropy'] as const) {
      const { out, mosaic } = await make(`eye ${crop}`, { ...options, crop });
      shown[crop] = await dziPicture(out, 'mosaic', mosaic, mosaic.levels.length - 1, mosaic.tileSize);
    }
    const size = { width: 128, height: 96 };
    for (const position of ['attention', 'entropy'] as const) {
      const theirs = await sharp(join(folder, 'wide.png'))
        .resize(200, 150, { fit: 'cover', position })
        .png()
        .toBuffer();
      const { data } = await decode(await sharp(theirs).resize(128, 96).png().toBuffer());
      expect(difference(shown[position]!.data, data).mean, position).toBeLessThan(2);
      expect(shown[position]).toMatchObject(size);
    }
    const red = ({ data }: Picture) => data.filter((value, i) => i % 3 === 0 && value > 200).length;
    expect(red(shown['attention']!)).toBeGreaterThan(1500);
    expect(red(shown['centre']!)).toBe(0);
  });
});

test('what surrounds a crop is magenta, so that a crop a px off would show', () => {
  const { whole, crop } = framed({ width: 16, height: 12 }, 1, [3, 0], 1);
  expect(crop).toEqual({ left: 3, top: 0, width: 16, height: 12 });
  expect([...partOf(whole, { left: 2, top: 5, width: 1, height: 1 }).data]).toEqual(Object.values(MAGENTA));
  expect([...partOf(whole, { left: 3, top: 5, width: 1, height: 1 }).data]).toEqual([0, 0, 0]);
  expect([...partOf(whole, { left: 18, top: 5, width: 1, height: 1 }).data]).toEqual([255, 255, 255]);
});
