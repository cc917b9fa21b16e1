import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BuildOptions, BuildResult } from '../../src/index.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { conflictsOf, countsOf } from '../helpers/scene.ts';
import { make, NAMES, readSite, tilesOf, writeImages } from '../helpers/site.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeImages(root);
});

describe('a build', () => {
  test('has pinned images where they were pinned, and banned ones nowhere', async () => {
    const free = await make(root, 'free', { variety: 0 });
    const [most] = countsOf(free.ids);
    const favourite = NAMES.findIndex((_, id) => free.ids.filter((other) => other === id).length === most);
    const banned = NAMES[favourite]!;
    // Of the last four, there are copies.
    const [copied, first, last] = NAMES.toReversed().filter((name) => name !== banned) as [string, string, string];
    const stem = copied.slice(0, 3);
    const pins = [
      { column: 0, row: 0, image: first },
      { column: 5, row: 3, image: `images/${last}` },
      { column: 2, row: 1, image: join(root, `images/more/${stem}, "${stem}".jpg`) },
    ];
    // Its copy, if it has one, is meant, too.
    const ban = [`*${banned.slice(0, 3)}*`, 'nothing*.png'];
    const { shown, sources, result } = await make(root, 'pinned', { variety: 0, pins, ban });
    expect([shown[0], shown[23], shown[8]]).toEqual([first, last, copied]);
    expect(shown).not.toContain(banned);
    expect(sources.map(({ source }) => source)).toEqual(NAMES.filter((name) => name !== banned));
    expect(result.sources.found).toBeLessThan(19);
    expect(result.warnings).toContain('--ban nothing*.png matches no image');
    expect(result.warnings.join()).not.toContain(ban[0]);
    const given = make(root, 'given banned', { placement: free.placement, ban: ban.slice(0, 1) });
    const message = expect.stringContaining(`names ${banned}, which is none`) as string;
    await expect(given).rejects.toMatchObject({ code: 'usage', message });
  });

  test('uses all images where it is told to, as far as there are cells', async () => {
    expect((await make(root, 'not all', { variety: 0 })).result.sources.used).toBeLessThan(NAMES.length);
    const all = await make(root, 'all', { variety: 0, useAll: true });
    expect(all.result.sources).toMatchObject({ usable: NAMES.length, used: NAMES.length });
    expect(new Set(all.shown).size).toBe(NAMES.length);
    expect(all.result.warnings.join()).not.toContain('--use-all needs');
    const few = await make(root, 'few', { useAll: true, grid: { columns: 4, rows: 3 } });
    expect(new Set(few.shown).size).toBe(12);
    expect(few.result.warnings.join()).toMatch(
      /--use-all needs 14 cells, but the grid has 12, each with a different image: use --columns 5/,
    );
  });

  test('keeps a distance that just as many images as there are can keep', async () => {
    const grid = { columns: 10, rows: 10 };
    const few = NAMES.slice(0, 4).map((name) => join(root, 'images', name));
    const { ids, result } = await make(root, 'tight', { images: few, grid, minDistance: 1 });
    expect(conflictsOf(ids, 10, 1)).toBe(0);
    expect(result.quality).toMatchObject({ minDistance: 1, distanceConflicts: 0 });
    const three = make(root, 'too few', { images: few.slice(1), grid, minDistance: 1 });
    await expect(three).rejects.toMatchObject({ code: 'too-few-images' });
    const twice = [0, 2].map((column) => ({ column, row: 1, image: NAMES[0]! }));
    const between = make(root, 'pinned apart', {
      images: few,
      grid,
      minDistance: 1,
      pins: [...twice, { column: 1, row: 5, image: NAMES[0]! }, { column: 4, row: 4, image: NAMES[0]! }],
    });
    // Each of four stands in every second column and row, in rows or columns of its own.
    await expect(between).rejects.toMatchObject({
      code: 'no-placement',
      message: 'No placement of these images satisfies --min-distance 1 and --pin: all are ruled out',
    });
  });

  test('comes nearer where cells weigh more', async () => {
    const weights = join(root, 'left.svg');
    const half = '<rect width="150" height="200" fill="#fff"/>';
    await writeFile(weights, `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">${half}</svg>`);
    const costOf = async (name: string, options: Partial<BuildOptions>) => {
      const { placed } = await make(root, name, { maxUses: 2, minDistance: 0, ...options });
      return placed.reduce((sum, { column, cost }) => sum + (Number(column) < 3 ? Number(cost) : 0), 0);
    };
    expect(await costOf('weighted', { weights })).toBeLessThan(0.95 * (await costOf('even', {})));
  });

  test.each<[string, Partial<BuildOptions>, RegExp]>([
    ['variety', { variety: 1.5 }, /^Expected a number from 0 to 1 for --variety but received 1\.5$/],
    ['variety that is none', { variety: Number.NaN }, /^Expected a number from 0 to 1 for --variety but received NaN$/],
    ['adapt', { adapt: -1 }, /^Expected a number from 0 to 1 for --adapt but received -1$/],
    ['adapt in words', { adapt: '0.5' as never }, /^Expected a number from 0 to 1 for --adapt but received 0\.5$/],
    [
      'near-duplicates',
      { nearDuplicates: 'x' as never },
      /^Expected one of group, keep for --near-duplicates but received x$/,
    ],
    [
      'min-distance',
      { minDistance: 1.5 },
      /^Expected a whole number from 0 to 1000 for --min-distance but received 1\.5$/,
    ],
    ['weights', { weights: 'package.json' }, /^Cannot read --weights package\.json: /],
    [
      'a pin’s column',
      { pins: [{ column: -1, row: 0, image: '000.jpg' }] },
      /^Expected a whole number from 0 for --pin but received -1$/,
    ],
    [
      'a pin outside',
      { pins: [{ column: 6, row: 0, image: '000.jpg' }] },
      /^--pin 6,0=000\.jpg names cell 6,0, outside the grid of 6 x 4$/,
    ],
    [
      'a pin of none',
      { pins: [{ column: 0, row: 0, image: 'x.jpg' }] },
      /^--pin 0,0=x\.jpg names x\.jpg, which is none of the 19 images$/,
    ],
    [
      'a pin of a banned image',
      { pins: [{ column: 0, row: 0, image: '003.jpg' }], ban: ['003.jpg'] },
      /^--pin 0,0=003\.jpg names 003\.jpg, which is none of the 18 images$/,
    ],
  ])('refuses a wrong %s', async (_, options, message) => {
    await expect(make(root, 'refused', options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message) as string,
    });
    expect(await readdir(root)).not.toContain('refused');
  });

  test('refuses to ban all', async () => {
    await expect(make(root, 'none', { ban: ['*.jpg'] })).rejects.toMatchObject({
      code: 'no-images',
      message: '--ban leaves no image: 19 images are banned',
    });
  });
});

/** Runs the command line in the folder of the images. */
async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(
    process.execPath,
    [BIN, 'build', 'target.png', 'images', '--catalog', 'catalog', '--cell-size', '32', ...args],
    { cwd: root },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return await new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

describe('zoomosaic build', () => {
  test('takes pins and bans, each any number of times, and its own placement', async () => {
    const pins = ['--pin', '0,0=003.jpg', '--pin', '5,3=more/011, "011".jpg', '--pin', '1,2=./images/000.jpg'];
    const bans = ['--ban', '00[56].jpg', '--ban', 'images/004.jpg', '--ban', 'none'];
    const { code, stdout } = await run('-o', 'cli', '--columns', '6', '--json', ...pins, ...bans);
    expect(code).toBe(0);
    const { warnings } = JSON.parse(stdout) as BuildResult;
    expect(warnings).toContain('--ban none matches no image');
    const first = await readSite(join(root, 'cli'));
    expect([first.shown[0], first.shown[23], first.shown[13]]).toEqual(['003.jpg', '011.jpg', '000.jpg']);
    const left = NAMES.filter((name) => !/00[456]/.test(name));
    expect(first.sources.map(({ source }) => source)).toEqual(left);

    expect((await run('-o', 'cli 2', '--placement', 'cli-report/placement.csv', '--quiet')).code).toBe(0);
    const again = await readSite(join(root, 'cli 2'));
    expect(again.shown).toEqual(first.shown);
    expect(await tilesOf(again.out)).toEqual(await tilesOf(first.out));
  });

  test.each([
    [['--pin', '1;2=a.jpg'], /Expected column,row=image, as in 12,34=photo\.jpg, .* for --pin but received 1;2=a\.jpg/],
    [['--adapt', 'much'], /Expected a number from 0 to 1 for --adapt but received much/],
  ])('says what is wrong: %j', async (args, message) => {
    const found = await run('-o', 'wrong', ...args);
    expect([found.code, found.stdout]).toEqual([2, '']);
    expect(found.stderr).toMatch(message);
  });
});
