import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type Size, verify } from '../../src/index.ts';
import {
  type IiifImage,
  iiifImageOf,
  iiifLevels,
  iiifTilePaths,
  iiifWholeSizes,
  infoJson,
} from '../../src/format/iiif-image.ts';
import { BASE, makeIiif, placedImages, readJson } from '../helpers/iiif-mosaics.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import { dziPicture, expectNear, filesOf, iiifPicture, innerSamples, partOf, type Picture } from '../helpers/levels.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

const make = (name: string, options: Parameters<typeof makeIiif>[2]) => makeIiif(root, name, options);

interface Case {
  readonly cell: Size;
  readonly grid: { readonly columns: number; readonly rows: number };
  readonly tile: Size;
  readonly options?: Partial<BuildOptions>;
}

const CASES: readonly [string, Case][] = [
  [
    'cells smaller than tiles',
    { cell: { width: 64, height: 64 }, grid: { columns: 13, rows: 9 }, tile: { width: 256, height: 256 } },
  ],
  [
    'more than the largest whole',
    { cell: { width: 256, height: 256 }, grid: { columns: 9, rows: 2 }, tile: { width: 256, height: 256 } },
  ],
  [
    'as large as the largest whole',
    { cell: { width: 256, height: 256 }, grid: { columns: 3, rows: 2 }, tile: { width: 256, height: 256 } },
  ],
  ['one cell', { cell: { width: 256, height: 256 }, grid: { columns: 1, rows: 1 }, tile: { width: 256, height: 256 } }],
  [
    'one small cell',
    { cell: { width: 16, height: 16 }, grid: { columns: 1, rows: 1 }, tile: { width: 256, height: 256 } },
  ],
  [
    'cells of several tiles',
    { cell: { width: 512, height: 512 }, grid: { columns: 5, rows: 1 }, tile: { width: 256, height: 256 } },
  ],
  [
    'cells of several tiles, few',
    { cell: { width: 512, height: 512 }, grid: { columns: 2, rows: 1 }, tile: { width: 256, height: 256 } },
  ],
  [
    'large tiles',
    {
      cell: { width: 512, height: 512 },
      grid: { columns: 5, rows: 1 },
      tile: { width: 512, height: 512 },
      options: { tileSize: 512 },
    },
  ],
  [
    'cells of 4:3',
    {
      cell: { width: 64, height: 48 },
      grid: { columns: 11, rows: 8 },
      tile: { width: 256, height: 192 },
      options: { cellAspect: '4:3', cellSize: 64 },
    },
  ],
  [
    'cells of 3:2, one of them a tile',
    {
      cell: { width: 384, height: 256 },
      grid: { columns: 7, rows: 1 },
      tile: { width: 384, height: 256 },
      options: { cellAspect: '3:2', cellSize: 256 },
    },
  ],
  [
    'cells of 9:16',
    {
      cell: { width: 36, height: 64 },
      grid: { columns: 19, rows: 6 },
      tile: { width: 288, height: 512 },
      options: { cellAspect: '9:16', cellSize: 64 },
    },
  ],
];

describe('the layout iiif', () => {
  test.each(CASES)(
    'is just the files that its functions name, each with its part of the mosaic: %s',
    async (name, { cell, grid, tile, options }) => {
      const given = await placedImages(root, name, cell, 5, grid);
      // Beside the layout dzi, from which its pictures are known; what it is alone, another test tells.
      const layout = ['dzi', 'iiif'] as const;
      const { out, mosaic } = await make(name, { ...given, cellSize: cell.width, quality: 92, layout, ...options });
      expect(mosaic.cell).toEqual(cell);
      const [width, height] = [grid.columns * cell.width, grid.rows * cell.height];
      const info = await readJson(join(out, 'iiif/image/info.json'));
      // How large the largest whole is, is up to the site; the rest is not.
      const sizes = info['sizes'] as Size[];
      const maxSide = Math.max(...sizes.flatMap((size) => [size.width, size.height]));
      expect(maxSide).toBeGreaterThanOrEqual(Math.min(256, Math.max(width, height)));
      const image: IiifImage = iiifImageOf({ width, height, tileWidth: tile.width, tileHeight: tile.height, maxSide });
      const manifest = `${BASE}/iiif/manifest.json`;
      expect(info).toEqual(JSON.parse(JSON.stringify(infoJson(image, `${BASE}/iiif/image`, { manifest }))));

      // What there should be, and of which part of which level.
      const expected = new Map<string, { factor: number; left: number; top: number }>();
      for (const { scaleFactor: factor, columns, rows } of iiifLevels(image)) {
        for (let i = 0; i < columns * rows; i++) {
          const [column, row] = [i % columns, Math.floor(i / columns)];
          const place = { factor, left: column * tile.width, top: row * tile.height };
          for (const path of iiifTilePaths(image, { scaleFactor: factor, column, row })) expected.set(path, place);
        }
      }
      for (const { scaleFactor: factor, paths } of iiifWholeSizes(image)) {
        for (const path of paths) expected.set(path, { factor, left: 0, top: 0 });
      }
      expect(await filesOf(join(out, 'iiif/image'))).toEqual([...expected.keys(), 'info.json'].toSorted());

      // Each is the part that its address names.
      const levels = new Map<number, Picture>();
      for (const [path, { factor, left, top }] of expected) {
        const level = mosaic.levels.length - 1 - Math.log2(factor);
        const whole = levels.get(factor) ?? (await dziPicture(out, 'mosaic', mosaic, level, mosaic.tileSize));
        levels.set(factor, whole);
        const shown = await decode(join(out, 'iiif/image', path));
        const [, region, size] = /^([^/]+)\/([^/]+)\/0\/default\.jpg$/.exec(path)!;
        const wanted = size === 'max' ? [shown.width, shown.height] : size!.split(',').map(Number);
        expect([shown.width, shown.height], path).toEqual(wanted);
        const [x, y, w, h] =
          region === 'full'
            ? [0, 0, width, height]
            : (region!.split(',').map(Number) as [number, number, number, number]);
        expect([x, y], path).toEqual([left * factor, top * factor]);
        expect([shown.width, shown.height], path).toEqual([Math.ceil(w / factor), Math.ceil(h / factor)]);
        const part = partOf(whole, { left, top, width: shown.width, height: shown.height });
        await expectNear(shown, part, mosaic.tile, path);
        // Where both are put together of the same data, they differ at edges only; a whole of tiles that are pictures is not.
        const { cell: px } = mosaic.levels[level]!;
        const spliced = px.width % 16 === 0 && px.height % 16 === 0;
        const alike = spliced && (region !== 'full' || px.width < mosaic.tileSize);
        if (alike) expect(difference(innerSamples(shown, px), innerSamples(part, px)).most, path).toBe(0);
      }
      const max = await decode(join(out, 'iiif/image/full/max/0/default.jpg'));
      const largest = iiifWholeSizes(image).at(-1);
      expect([max.width, max.height]).toEqual([largest?.width, largest?.height]);
      expect((await verify({ site: out })).problems).toEqual([]);
    },
  );
});

test.each([
  [256, 1],
  [256, 3],
  [512, 2],
])('the layout iiif alone has all that its files refer to: cells of %i px, %i of them', async (side, columns) => {
  const cell = { width: side, height: side };
  const given = await placedImages(root, `alone ${side} ${columns}`, cell, 3, { columns, rows: 1 });
  const { out, mosaic } = await make(`alone ${side} ${columns}`, { ...given, cellSize: side, quality: 92 });
  expect((await verify({ site: out })).problems).toEqual([]);
  const level = mosaic.levels.length - 1;
  const beside = await make(`dzi ${side} ${columns}`, { ...given, cellSize: side, quality: 92, layout: 'dzi' });
  const whole = await dziPicture(beside.out, 'mosaic', mosaic, level, 256);
  expect(difference((await iiifPicture(out, mosaic, level)).data, whole.data).most).toBe(0);
});
