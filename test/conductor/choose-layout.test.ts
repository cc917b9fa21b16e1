import { spawnSync } from 'node:child_process';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { spliceHeader } from '../../src/catalog/recipe-key.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { cellSizeOf, parseAspect, tileSideOf } from '../../src/tiles/cell-shape.ts';
import { estimateUsage } from '../../src/fit/estimate.ts';
import { hostOf } from '../../src/fit/hosts.ts';
import { build, type BuildOptions, type Grid, HOSTS, type MosaicJson, type Size } from '../../src/index.ts';
import { firstShared, levelCosts } from '../../src/layout/compact.ts';
import { siteSets } from '../../src/layout/site-sets.ts';
import { chooseLayouts, type PlacedMosaic } from '../../src/conductor/choose-layouts.ts';
import { chooseRecipe } from '../../src/conductor/recipe.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';
import { scan } from '../../src/scan/scan.ts';
import { levelsOf } from '../../src/tiles/tile-plan.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { filesOf, writePlacement, writeStructured } from '../helpers/levels.ts';
import { integer, seeded } from '../helpers/random.ts';
import { refuses } from '../helpers/refuses.ts';
import { readSite } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

let root: string;
let images: string;
let names: string[];
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 120, 80, 99);
  images = join(root, 'images');
  await mkdir(images);
  await writeMany(images, 4);
  names = [...(await writeStructured(images, 8, { width: 300, height: 300 })).keys()];
});

const common = () => ({ target: join(root, 'target.png'), images: [images], catalog: join(root, 'catalog') });

async function make(name: string, options: Partial<BuildOptions>) {
  const out = join(root, name);
  const result = await build({ ...common(), out, cellSize: 256, nearDuplicates: 'keep', ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** Every image as often as the others, but for the last, which stands once. */
async function placementOf(name: string, { columns, rows }: Grid): Promise<string> {
  const cells = Array.from({ length: columns * rows }, (_, i) => names[(i * 3) % 7]!);
  cells[0] = names[7]!;
  return await writePlacement(join(root, `${name}.csv`), columns, cells);
}

/** Bytes of a part of a site's files. */
async function bytesIn(out: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (path) => (await stat(join(out, path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe('what a site will take up, by estimate,', () => {
  let weighed = 0;
  test.each<[string, Partial<BuildOptions>, Grid]>([
    ['cells as large as tiles', { cellSize: 256, quality: 95 }, { columns: 14, rows: 9 }],
    ['small cells', { cellSize: 64 }, { columns: 50, rows: 37 }],
    ['tiny cells', { cellSize: 16 }, { columns: 60, rows: 45 }],
    ['cells of several tiles', { cellSize: 512, quality: 95 }, { columns: 6, rows: 4 }],
    ['large tiles', { cellSize: 256, tileSize: 512 }, { columns: 9, rows: 7 }],
    ['cells of 4:3', { cellSize: 128, cellAspect: '4:3' }, { columns: 21, rows: 16 }],
    ['4:4:4', { cellSize: 128, subsampling: '4:4:4', quality: 95 }, { columns: 15, rows: 11 }],
  ])('is what it takes up: %s', async (name, options, grid) => {
    const placement = await placementOf(name, grid);
    for (const layout of ['dzi', 'compact'] as const) {
      const given = { ...options, placement, layout };
      const { out, mosaic } = await make(`${name} ${layout}`, given);
      const resolved = resolveOptions({ ...common(), out, ...given });
      const { signal } = resolved;
      const found = await scan([images], { onProgress: () => {}, signal });
      const { recipe } = await chooseRecipe(resolved, found, {
        given: undefined,
        gridOf: () => grid,
        onProgress: () => {},
      });
      const indexing = { folder: resolved.catalog, recipe, background: { r: 0, g: 0, b: 0 }, concurrency: 1, signal };
      const catalog = await updateCatalog(found, { ...indexing, onProgress: () => {} });
      const { pictures, shown } = await readSite(out);
      const ids = new Map(pictures.map((number, i) => [number, catalog.idOf(join(images, shown[i]!))!]));
      const uses = new Uint32Array(mosaic.pictures);
      for (const number of pictures) uses[number]!++;
      const bytesOf = (number: number, { width, height }: Size) => {
        const [across, down] = [width / recipe.tileSize, height / recipe.tileSize];
        const pieces = Number.isInteger(across) && Number.isInteger(down) ? across * down : Math.max(1, across);
        const own = Array.from({ length: pieces }, (_, piece) =>
          catalog.bytesOf(ids.get(number)!, { width, height }, piece),
        );
        return own.reduce((sum, bytes) => sum + bytes, 0);
      };
      const header = await spliceHeader(recipe);
      const shape = { grid, recipe, pictures: mosaic.pictures, layouts: mosaic.layouts, names: mosaic.names };
      const known = { uses, bytesOf, headerBytes: header.bytes.length };
      const estimate = estimateUsage(siteSets(shape), known);
      const none = estimateUsage([], known);
      catalog.close();

      const files = await filesOf(out);
      const tiles = files.filter((path) => /^(tiles|mosaic_files|overview_files|sheets)\//.test(path));
      expect(estimate.files - none.files, layout).toBe(tiles.length);
      expect(Math.abs(estimate.files - files.length), layout).toBeLessThan(10);
      const [bytes, ofTiles] = [await bytesIn(out, files), await bytesIn(out, tiles)];
      expect((estimate.bytes - none.bytes) / ofTiles, `tiles of ${layout}`).toBeGreaterThan(0.85);
      expect((estimate.bytes - none.bytes) / ofTiles, `tiles of ${layout}`).toBeLessThan(1.15);
      // The page is taken to be somewhat more than they are; where tiles count, that is no matter.
      expect(none.bytes).toBeGreaterThan(bytes - ofTiles - 20_000);
      expect(none.bytes).toBeLessThan(bytes - ofTiles + 150_000 + 40 * grid.columns * grid.rows);
      if (bytes > 1.5e6) {
        weighed++;
        expect(estimate.bytes / bytes, layout).toBeGreaterThan(0.85);
        expect(estimate.bytes / bytes, layout).toBeLessThan(1.15);
      }
      if (layout === 'compact') continue;
      const folders = tiles.map((path) => path.slice(0, path.lastIndexOf('/')));
      const entries = folders.filter((path) => path === `mosaic_files/${mosaic.levels.length - 1}`).length;
      expect(estimate.fullestFolder.entries).toBe(Math.max(4, entries));
    }
  });

  test('was held against sites of which most is tiles', () => {
    expect(weighed).toBeGreaterThanOrEqual(2);
  });
});

describe('--layout auto', () => {
  test('takes dzi where that fits', async () => {
    for (const host of ['itch', 'cloudflare-pages']) {
      const { result, mosaic, out } = await make(`small for ${host}`, {
        layout: 'auto',
        host,
        cellSize: 64,
        columns: 12,
      });
      expect(result.layouts).toEqual(['dzi']);
      expect(Object.keys(mosaic.layouts)).toEqual(['dzi']);
      expect(result.warnings).toContain(`--layout auto chose dzi for ${hostOf(host).name}`);
      expect(await filesOf(out)).toContain('mosaic.dzi');
      expect(result.fit.hosts.find((one) => one.host.id === host)!.whole.fits).toBe(true);
    }
  });

  test('takes compact where a host takes less files than dzi has', async () => {
    const placement = await placementOf('itch', { columns: 32, rows: 26 });
    const { result, out } = await make('large for itch', { layout: 'auto', host: 'itch', cellSize: 256, placement });
    expect(result.layouts).toEqual(['compact']);
    expect(result.warnings).toContain('--layout auto chose compact for itch.io');
    const files = await filesOf(out);
    expect(files).toContain('overview.dzi');
    expect(files.some((path) => path.startsWith('mosaic'))).toBe(true);
    expect(files.some((path) => path.startsWith('mosaic_files'))).toBe(false);
    expect(result.fit.hosts.find(({ host }) => host.id === 'itch')!.whole.fits).toBe(true);
    const dzi = await make('as dzi', { layout: 'dzi', cellSize: 256, placement });
    const itch = dzi.result.fit.hosts.find(({ host }) => host.id === 'itch')!;
    expect(itch.whole.exceeded.map(({ limit }) => limit)).toEqual(['files']);
    expect(itch.whole.exceeded[0]!.has).toBe((await filesOf(dzi.out)).length);
    // Others take it.
    const other = await make('large for GitHub', { layout: 'auto', host: 'github-pages', cellSize: 256, placement });
    expect(other.result.layouts).toEqual(['dzi']);
  });

  /** What is chosen for a mosaic of `pictures` pictures, which take `bytes` at full resolution. */
  function chosen(host: string, grid: Grid, { pictures = 100, bytes = 10_000, cellSize = 256, fits = true } = {}) {
    const options = resolveOptions({ target: 't', images: ['i'], out: 'o', layout: 'auto', host });
    const cell = { width: cellSize, height: cellSize };
    const recipe = { ...options.recipe, cell, tileSize: 256 };
    const cells = Uint32Array.from({ length: grid.columns * grid.rows }, (_, i) => i % pictures);
    const bytesOf = (_: number, { width }: Size) => bytes * (width / cellSize) ** 2;
    const facts = { options, recipe, placement: { grid, cells }, pictures: { recipe, count: pictures, bytesOf } };
    const { layouts, warnings } = chooseLayouts({
      ...facts,
      header: { bytes: new Uint8Array(600) },
    } as unknown as PlacedMosaic);
    const name = Object.keys(layouts).join();
    const [warning] = warnings;
    const doubtful = `no layout is expected to fit on ${hostOf(host).name}; --layout auto chose compact, the smallest`;
    expect(warning).toBe(fits ? `--layout auto chose ${name} for ${hostOf(host).name}` : doubtful);
    return name;
  }

  test.each<[string, string, Grid, Grid, Parameters<typeof chosen>[2]?]>([
    // Files: 4/3 of the cells, and the pictures'.
    ['files', 'itch', { columns: 26, rows: 24 }, { columns: 26, rows: 26 }],
    ['files', 'cloudflare-pages', { columns: 120, rows: 120 }, { columns: 125, rows: 120 }],
    ['files', 'neocities', { columns: 105, rows: 103 }, { columns: 105, rows: 107 }],
    ['files', 'gitlab-pages', { columns: 380, rows: 390 }, { columns: 380, rows: 396 }, { bytes: 2000 }],
    // Bytes: 4/3 of what is written at full resolution.
    ['bytes', 'github-pages', { columns: 270, rows: 260 }, { columns: 270, rows: 290 }],
    [
      'bytes of large images',
      'itch',
      { columns: 20, rows: 15 },
      { columns: 20, rows: 17 },
      { bytes: 1_150_000, pictures: 10 },
    ],
    // Files of the deepest level.
    ['files in a folder', 'netlify', { columns: 270, rows: 200 }, { columns: 270, rows: 201 }],
  ])('heeds limits of %s: %s', (_, host, fits, exceeds, facts) => {
    expect(chosen(host, fits, facts)).toBe('dzi');
    expect(chosen(host, exceeds, facts)).toBe('compact');
  });

  test('takes what is smaller where nothing fits', () => {
    expect(chosen('itch', { columns: 60, rows: 60 }, { pictures: 2000, fits: false })).toBe('compact');
    expect(chosen('s3', { columns: 600, rows: 600 })).toBe('dzi');
  });

  test('takes compact where dzi has more tiles than file systems hold', () => {
    expect(chosen('s3', { columns: 4000, rows: 2600 }, { pictures: 1000 })).toBe('compact');
  });

  test('has to know where to', async () => {
    const refused = { ...common(), out: join(root, 'refused'), layout: 'auto' } as const;
    await refuses(() => build(refused), /^Expected one of github-pages, .+ for --host but received none$/);
    const ids = HOSTS.map(({ id }) => id).join(', ');
    await refuses(
      () => build({ ...refused, host: 'geocities' }),
      new RegExp(`^Expected one of ${ids} for --host but received geocities$`),
    );
    await refuses(() => build({ ...refused, layout: 'dzi', host: 'geocities' }), /for --host but received geocities$/);
    await refuses(
      () => build({ ...refused, layout: ['auto', 'dzi'] as never, host: 'itch' }),
      /^Expected auto alone, or layouts for --layout but received auto,dzi$/,
    );
    await refuses(
      () => build({ ...refused, layout: 'zip' as never }),
      /^Expected one of dzi, compact, iiif, auto for --layout but received zip$/,
    );
    await refuses(() => build({ ...refused, layout: [] }), /for --layout but received none$/);
    const args = ['build', 'target.png', 'images', '-o', 'cli', '--layout', 'auto'];
    for (const [host, message] of [
      [[], /for --host but received none/],
      [['--host', 'geocities'], /for --host but received geocities/],
    ] as const) {
      const { status, stderr, stdout } = spawnSync(process.execPath, [BIN, ...args, ...host], {
        cwd: root,
        encoding: 'utf8',
      });
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(message);
    }
    await expect(stat(join(root, 'cli'))).rejects.toThrow('ENOENT');
  });
});

describe('the first level that is shared', () => {
  interface Drawn {
    readonly grid: Grid;
    readonly recipe: { cell: Size; tileSize: number; format: 'jpeg' | 'png'; subsampling: '4:2:0' | '4:4:4' };
    readonly cells: readonly number[];
    readonly pictures: number;
    readonly bytes: (picture: number, width: number) => number;
  }

  const random = seeded(77);
  const pick = <Item>(items: readonly Item[]) => items[integer(random, 0, items.length - 1)]!;

  /** Any mosaic; of `smooth` ones, larger pictures take more bytes. */
  function draw(smooth: boolean): Drawn {
    const aspect = parseAspect(pick(['1:1', '1:1', '4:3', '2:3', '1:2', '16:9']))!;
    const cell = cellSizeOf(aspect, 2 ** integer(random, 4, 10));
    const square = cell.width === cell.height;
    const tileSize = square ? pick([256, 512]) : tileSideOf(aspect, pick([256, 512]));
    const grid = { columns: integer(random, 1, 40), rows: integer(random, 1, 30) };
    const pictures = Math.min(grid.columns * grid.rows, integer(random, 1, 150));
    const cells = Array.from({ length: grid.columns * grid.rows }, (_, i) =>
      i < pictures ? i : integer(random, 0, pictures - 1),
    );
    const [least, rate] = [integer(random, 50, 300), 0.03 + random() * 0.5];
    const other = Array.from({ length: 97 }, () => integer(random, 1, 20_000));
    const bytes = (picture: number, width: number) =>
      smooth ? Math.round(least + (picture % 5) + width ** 2 * rate) : other[(picture * 31 + width) % 97]!;
    const recipe = {
      cell,
      tileSize,
      format: pick(['jpeg', 'jpeg', 'png'] as const),
      subsampling: pick(['4:2:0', '4:4:4'] as const),
    };
    return { grid, recipe, cells, pictures, bytes };
  }

  const HEADER = 613;

  /** What a level takes both ways, file by file, by docs/compact.md. */
  function costsByHand({ grid, recipe, cells, pictures, bytes }: Drawn, cell: Size) {
    let side = recipe.tileSize;
    while (side < 512) side *= 2;
    const mcu = recipe.subsampling === '4:2:0' ? 16 : 8;
    const coded = recipe.format === 'jpeg' && cell.width % mcu === 0 && cell.height % mcu === 0;
    const bytesOf = (picture: number) => (coded ? bytes(picture, cell.width) : cell.width * cell.height * 0.4);
    const written = { files: 0, bytes: 0 };
    for (let y = 0; y < grid.rows * cell.height; y += side) {
      for (let x = 0; x < grid.columns * cell.width; x += side) {
        written.files++;
        written.bytes += HEADER;
      }
    }
    for (const picture of cells) written.bytes += bytesOf(picture);
    const longer = Math.max(cell.width, cell.height);
    const across = longer > 128 ? 1 : [8, 4, 2, 1].find((count) => count * longer <= 512)!;
    const shared = { files: 0, bytes: 0 };
    for (let first = 0; first < pictures; first += across * across) {
      shared.files++;
      shared.bytes += HEADER;
    }
    for (let picture = 0; picture < pictures; picture++) shared.bytes += bytesOf(picture);
    return { written, shared };
  }

  function costsOf(drawn: Drawn) {
    const { grid, recipe, cells, pictures, bytes } = drawn;
    const uses = new Uint32Array(pictures);
    for (const picture of cells) uses[picture]!++;
    const facts = { grid, recipe, uses, headerBytes: HEADER };
    return levelCosts({ ...facts, bytesOf: (picture, { cell }) => bytes(picture, cell.width) });
  }

  /** Levels that could be had both ways, coarse to fine; and the first of which pictures have files that are tiles, if there is one. */
  function choices({ grid, recipe }: Drawn) {
    const levels = levelsOf(grid, recipe.cell);
    const whole = ({ width, height }: Size) => width % recipe.tileSize === 0 && height % recipe.tileSize === 0;
    const fine = levels.filter(({ cell }) => Math.max(cell.width, cell.height) > 16);
    return { levels, open: fine.filter(({ cell }) => !whole(cell)), alone: fine.find(({ cell }) => whole(cell)) };
  }

  const total = ({ files, bytes }: { files: number; bytes: number }) => bytes + 4096 * files;

  /** How many of the levels that could be had both ways are written. */
  function split(drawn: Drawn, costs: ReturnType<typeof costsOf>, open: readonly { level: number }[]): number {
    const first = firstShared(drawn, costs);
    return open.filter(({ level }) => level < first).length;
  }

  test('is the one at which all levels together cost least', () => {
    const found = new Set<string>();
    for (let round = 0; round < 400; round++) {
      const drawn = draw(round % 2 === 0);
      const { levels, open, alone } = choices(drawn);
      const costs = costsOf(drawn);
      expect(costs.map(({ level }) => level)).toEqual(open.map(({ level }) => level));
      const hand = open.map(({ level, cell }) => {
        const own = costs.find((one) => one.level === level)!;
        const { written, shared } = costsByHand(drawn, cell);
        expect([own.written.files, own.shared.files]).toEqual([written.files, shared.files]);
        expect(Math.abs(own.written.bytes - written.bytes)).toBeLessThanOrEqual(0.51);
        expect(Math.abs(own.shared.bytes - shared.bytes)).toBeLessThanOrEqual(0.51);
        return { written: total(written), shared: total(shared) };
      });
      const sums = [...hand, undefined].map((_, writes) =>
        hand.reduce((sum, { written, shared }, i) => sum + (i < writes ? written : shared), 0),
      );
      const least = Math.min(...sums);
      const first = [...open, alone].map((level) => level?.level ?? levels.length)[split(drawn, costs, open)]!;
      expect(firstShared(drawn, costs)).toBe(first);
      // To the rounding of a byte per level.
      expect(sums[split(drawn, costs, open)]! - least).toBeLessThanOrEqual(2 * open.length);
      found.add(first === alone?.level ? 'alone' : first === levels.length ? 'none' : 'cheaper');
    }
    expect([...found].toSorted()).toEqual(['alone', 'cheaper', 'none']);
  });
});
