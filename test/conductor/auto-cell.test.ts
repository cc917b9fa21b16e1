import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type BuildResult, type Layout } from '../../src/index.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';
import { chooseAutoCell } from '../../src/conductor/auto-cell.ts';
import { filesOf } from '../helpers/levels.ts';
import { readPictures, readSite, reportOf } from '../helpers/site.ts';
import { waves, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
});

/** Writes JPEGs of a size into a folder of that name. */
async function images(name: string, count: number, { width, height }: { width: number; height: number }) {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    const px = sharp(waves(width, height, i + 1), { raw: { width, height, channels: 3 } });
    await px.jpeg({ quality: 60 }).toFile(join(folder, `${width}-${i}.jpg`));
  }
  return folder;
}

async function make(name: string, folder: string, options: Partial<BuildOptions> = {}) {
  const files = { target: join(root, 'target.png'), images: [folder], out: join(root, name) };
  return await build({ ...files, catalog: join(root, 'catalog'), columns: 6, nearDuplicates: 'keep', ...options });
}

describe('--cell-size auto', () => {
  test('does not enlarge 30 images of 32 px', async () => {
    const result = await make('small', await images('of 32', 30, { width: 32, height: 32 }));
    expect(result.cell).toEqual({ width: 32, height: 32 });
    expect(result.sources.enlarged).toBe(0);
    expect(result.cellChoice).toEqual({
      side: 32,
      because: 'exact',
      imagesSide: 32,
      images: 30,
      sampled: false,
      filled: 1,
      cropsFilled: 0,
    });
    expect(result.originalsGain).toMatchObject({ closer: 1, closest: 1 });
  });

  test('shows photographs of 12 megapixels at 512 px, and says what originals would add', async () => {
    const folder = await images('of 12 MP', 4, { width: 4000, height: 3000 });
    const result = await make('large', folder, { crops: 'none', layout: 'compact' });
    expect(result.cell).toEqual({ width: 512, height: 512 });
    expect(result.cellChoice).toMatchObject({ side: 512, because: 'filled', filled: 1, cropsFilled: 1 });
    const names = (await readFile(reportOf(result.out, 'sources.csv'), 'utf8')).trim().split('\n').slice(1);
    const used = names.filter((line) => Number(line.split(',').at(-3)) > 0).length;
    expect(used).toBe(result.sources.used);
    const files = await Promise.all(
      names
        .filter((line) => Number(line.split(',').at(-3)) > 0)
        .map(async (line) => (await readFile(join(folder, line.split(',')[0]!))).length),
    );
    const bytes = files.reduce((sum, size) => sum + size, 0);
    expect(result.originalsGain).toEqual({ closer: 3000 / 512, closest: 3000 / 512, bytes });
    const wide = await make('wide', folder, { crops: 'none', cellAspect: '3:2', layout: 'compact' });
    expect(wide.cell).toEqual({ width: 768, height: 512 });
  });

  test('leaves images of 256 px what they are, byte for byte', async () => {
    const folder = await images('of 256', 8, { width: 256, height: 256 });
    // A few of other sizes do not matter.
    await writeWaves(join(folder, 'large.png'), 2000, 1500, 20);
    await writeWaves(join(folder, 'small.png'), 40, 50, 21);
    const { out, sources, cell, cellChoice } = await make('same', folder, { useAll: true, maxUses: 4, crops: 'all' });
    expect(cell).toEqual({ width: 256, height: 256 });
    expect(sources).toMatchObject({ used: 10, verbatim: 8 });
    expect(cellChoice).toMatchObject({ because: 'exact', filled: 0.9, cropsFilled: 0.1 });
    const { shown, pictures } = await readSite(out);
    for (const [i, name] of shown.entries()) {
      if (!name.startsWith('256-')) continue;
      const own = await readFile(join(folder, name));
      const tile = await readFile(join(out, `tiles/0/${pictures[i]!}.jpg`));
      const scan = own.subarray(own.indexOf(Buffer.from([0xff, 0xda])));
      expect(tile.subarray(-scan.length).equals(scan), name).toBe(true);
    }
    const pinned = await make('pinned', folder, { useAll: true, maxUses: 4, crops: 'all', cellSize: 256 });
    for (const file of await filesOf(join(out, 'tiles')))
      expect(await readFile(join(pinned.out, 'tiles', file))).toEqual(await readFile(join(out, 'tiles', file)));
    expect(pinned).not.toHaveProperty('cellChoice');
  });

  test('renders a placement again at the same size, by the crops in it', async () => {
    const folder = await images('of 300', 12, { width: 300, height: 300 });
    const first = await make('first', folder);
    expect(first.cell.width).toBe(128);
    const placement = join(root, 'placed.csv');
    const csv = await readFile(reportOf(first.out, 'placement.csv'), 'utf8');
    await writeFile(placement, csv);
    const again = await make('again', folder, { placement });
    expect(again.cell.width).toBe(/close-\d/.test(csv) ? 128 : 256);
    expect(
      await readPictures(again.out, JSON.parse(await readFile(join(again.out, 'mosaic.json'), 'utf8'))),
    ).toHaveLength(24);
  });

  const PHOTO = { width: 4000, height: 3000 };
  /** The choice for so many files of so many bytes, all of 12 megapixels. */
  async function chosen(columns: number, files: number, more: Partial<BuildOptions> & { bytes?: number } = {}) {
    const { bytes = 1e6, ...options } = more;
    const resolved = resolveOptions({ target: 't', images: ['i'], out: 'o', ...options });
    const file = (i: number) => ({ path: `/${i}`, size: bytes, mtimeMs: 0, ctimeMs: 0 });
    return await chooseAutoCell(resolved, {
      sizes: Array.from({ length: 10 }, () => PHOTO),
      drawings: 0,
      sampled: true,
      aspect: { width: 1, height: 1 },
      files: Array.from({ length: files }, (_, i) => file(i)),
      given: undefined,
      gridOf: () => ({ columns, rows: columns }),
      recipeOf: (cell) => ({ ...resolved.recipe, cell, tileSize: 256 }),
    });
  }

  test.each<[string, string, Layout | undefined, readonly [columns: number, files: number, side: number][]]>([
    // Of compact, a picture of 512 px has five files, and one of 256 px has one; smaller ones are in sheets. There are at most 12
    // pictures of each image.
    [
      'files',
      'itch',
      undefined,
      [
        [10, 10, 512],
        [20, 25, 256],
        [60, 5000, 128],
      ],
    ],
    [
      'files',
      'cloudflare-pages',
      undefined,
      [
        [60, 30, 512],
        [100, 5000, 256],
        [200, 5000, 128],
      ],
    ],
    // Of dzi, those and the tiles: 4 x 4/3 of the cells at 512 px, 1/3 of them at 128.
    [
      'files of dzi',
      'itch',
      'dzi',
      [
        [8, 10, 512],
        [24, 10, 256],
        [36, 10, 128],
        [72, 10, 64],
      ],
    ],
    // 512 x 512 px x 0.3 bytes x 4/3 for each cell, or picture.
    [
      'bytes',
      'github-pages',
      undefined,
      [
        [90, 9000, 512],
        [120, 20_000, 256],
        [2000, 20_000, 64],
      ],
    ],
    ['nothing', 's3', undefined, [[500, 20_000, 512]]],
  ])('is brought down by limits of %s: %s', async (_, host, layout, cases) => {
    for (const [columns, files, side] of cases) {
      const choice = await chosen(columns, files, { host, ...(layout && { layout }) });
      expect(choice, `${columns} x ${columns} of ${files}`).toMatchObject({
        side,
        imagesSide: 512,
        host: { id: host },
      });
      expect(choice.because).toBe(side === 512 ? 'filled' : 'host');
      expect((await chosen(columns, files, { layout: 'compact' })).side).toBe(512);
    }
  });

  test('heeds the bytes of originals, unless these alone are too many', async () => {
    const options = { host: 'github-pages', originals: 'copy' } as const;
    expect((await chosen(60, 1000, { ...options, bytes: 1000 })).side).toBe(512);
    expect((await chosen(60, 1000, { ...options, bytes: 900_000 })).side).toBe(256);
    expect((await chosen(60, 1000, { ...options, bytes: 2_000_000 })).side).toBe(512);
  });

  test('is brought down where Deep Zoom holds no more', async () => {
    expect(await chosen(2000, 100)).toMatchObject({ side: 256, because: 'grid' });
    expect(await chosen(2000, 100, { layout: 'compact' })).toMatchObject({ side: 512, because: 'filled' });
  });

  test('is told by the command line, with its reason and what originals would add', async () => {
    const folder = await images('for summary', 8, { width: 800, height: 600 });
    await writeWaves(join(folder, 'small.png'), 100, 100, 30);
    await writeWaves(join(folder, 'medium.png'), 280, 280, 31);
    const args = [
      'build',
      'target.png',
      folder,
      '-o',
      'told',
      '--catalog',
      'catalog',
      '--columns',
      '6',
      '--use-all',
      '--near-duplicates',
      'keep',
      '--min-distance',
      '0',
    ];
    const run = (...more: string[]) => {
      const { status, stdout } = spawnSync(process.execPath, [BIN, ...args, ...more], { cwd: root, encoding: 'utf8' });
      expect(status).toBe(0);
      return stdout;
    };
    const text = run();
    expect(text).toMatch(
      /^ {2}cells {4}24 \(6 x 4\) of 256 px \(auto: 90 % of the images fill them, 80 % in every crop\)$/m,
    );
    expect(text).toMatch(
      /^ {2}detail {3}--originals would let people look 1\.8 times closer \(median; at most 1\.8\), for about [\d.]+ kB more$/m,
    );
    const result = JSON.parse(run('--json', '--host', 'itch')) as BuildResult;
    expect(result.cellChoice).toEqual({
      side: 256,
      because: 'filled',
      imagesSide: 256,
      images: 10,
      sampled: false,
      filled: 0.9,
      cropsFilled: 0.8,
      host: 'itch',
    });
    const given = run('--cell-size', '64', '--originals', 'copy');
    expect(given).toMatch(/^ {2}cells {4}24 \(6 x 4\) of 64 px$/m);
    expect(given).not.toMatch(/^ {2}detail/m);
  });
});
