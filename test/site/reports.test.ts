import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BuildOptions } from '../../src/index.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { countsOf } from '../helpers/scene.ts';
import { difference } from '../helpers/images.ts';
import { cellPx, make, NAMES, reportOf, tilesOf, writeImages } from '../helpers/site.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeImages(root);
});

/** Which source, in which of its turns, each cell looks like at full resolution: turn x number of sources + source. */
async function idsByLooks({ out, mosaic, placed }: Awaited<ReturnType<typeof make>>): Promise<number[]> {
  const { cell } = mosaic;
  const turns = placed[0]!.turn === undefined ? [0] : [0, 1, 2, 3, 4, 5, 6, 7];
  const looks = await Promise.all(
    turns.flatMap((turn) =>
      NAMES.map(async (name) => {
        const upright = sharp(join(root, 'images', name)).resize(cell.width, cell.height);
        const mirrored = sharp(await (turn < 4 ? upright : upright.flop()).png().toBuffer());
        return await mirrored
          .rotate((turn % 4) * 90)
          .raw()
          .toBuffer();
      }),
    ),
  );
  return await Promise.all(
    placed.map(async (_, i) => {
      const shown = await cellPx(out, mosaic, i);
      const off = looks.map((look) => difference(look, shown).mean);
      return off.indexOf(Math.min(...off));
    }),
  );
}

describe('reports', () => {
  test('agree with the placement, with mosaic.json and with each other', async () => {
    const site = await make(root, 'agree', { variety: 0, minDistance: 0 });
    const { out, mosaic, placed, sources, skipped } = site;
    const ids = await idsByLooks(site);
    expect(site.ids).toEqual(ids);
    expect(mosaic.sources).toMatchObject({ found: 19, usable: NAMES.length, duplicates: 4, skipped: 1 });
    expect(ids).toHaveLength(24);
    expect(placed.map(({ column, row, source, turn }) => [column, row, source, turn])).toEqual(
      ids.map((id, cell) => [String(cell % 6), String(Math.floor(cell / 6)), NAMES[id], undefined]),
    );
    // One number for each image in use.
    expect(new Set(site.pictures)).toEqual(new Set(Array.from({ length: mosaic.pictures }, (_, number) => number)));
    expect(new Set(ids.map((id, cell) => `${id} ${site.pictures[cell]}`)).size).toBe(mosaic.pictures);
    expect(new Set(ids).size).toBe(mosaic.pictures);
    for (const { cost } of placed) expect(Number(cost)).toBeGreaterThan(0);
    expect(sources.map(({ source }) => source)).toEqual(NAMES);
    for (const [id, { uses, column, row }] of sources.entries()) {
      const first = ids.indexOf(id);
      expect(Number(uses)).toBe(ids.filter((other) => other === id).length);
      expect([column, row]).toEqual(first < 0 ? ['', ''] : [String(first % 6), String(Math.floor(first / 6))]);
    }
    const used = sources.filter(({ uses }) => uses !== '0').length;
    expect(used).toBe(mosaic.sources.used);
    expect(used).toBeLessThan(NAMES.length);
    expect(sources.reduce((sum, { uses }) => sum + Number(uses), 0)).toBe(24);
    expect(mosaic.quality.mostUses).toBe(countsOf(ids)[0]);
    expect(skipped).toEqual([
      {
        path: 'more/broken, too.jpg',
        code: 'not-an-image',
        reason: 'not an image, or of a format that cannot be decoded',
      },
    ]);
    const { grid, quality, sources: counts } = mosaic;
    expect(JSON.parse(await readFile(reportOf(out, 'quality.json'), 'utf8'))).toEqual({
      format: 'zoomosaic-quality',
      version: 1,
      grid,
      sources: counts,
      quality,
    });
    const reports = (['placement.csv', 'sources.csv', 'skipped.csv', 'quality.json'] as const).map((file) =>
      reportOf(out, file),
    );
    for (const file of [...reports, join(out, 'mosaic.json'), join(out, 'index.html')]) {
      expect(await readFile(file, 'utf8'), file).not.toContain(root);
    }
  });

  test.each<[string, Partial<BuildOptions>]>([
    ['upright', { maxUses: 3, crops: 'none' }],
    ['mirrored and turned', { mirror: true, rotate: true, crops: 'none' }],
  ])('render the same site again: %s', async (name, options) => {
    const first = await make(root, `first ${name}`, options);
    const again = await make(root, `again ${name}`, { placement: first.placement });
    expect(again.ids).toEqual(first.ids);
    expect(again.placed).toEqual(first.placed);
    expect(again.sources).toEqual(first.sources);
    const turns = first.placed.map(({ turn }) => Number(turn ?? -1));
    const looks = await idsByLooks(first);
    expect(turns).toEqual(looks.map((id) => (options.mirror ? Math.floor(id / NAMES.length) : -1)));
    expect(first.ids).toEqual(looks);
    expect(again.pictures).toEqual(first.pictures);
    if (options.mirror) expect(new Set(turns).size).toBeGreaterThan(2);
    const tiles = await tilesOf(first.out);
    expect(tiles.size).toBeGreaterThan(8);
    expect(await tilesOf(again.out)).toEqual(tiles);
    const { likeness, mostUses } = first.mosaic.quality;
    expect(again.mosaic.quality).toMatchObject({ likeness, mostUses });
  });
});

/** A placement of 3 x 2 cells, by lines; the fourth image is a copy. */
const COPY = '0,1,"more/010, ""010"".jpg"';
const GIVEN = ['0,0,000.jpg', '1,0,001.jpg', '2,0,002.jpg', COPY, '1,1,000.jpg', '2,1,004.jpg'];

describe('a given placement', () => {
  const given = async (lines: readonly string[], options: Partial<BuildOptions> = {}) => {
    const placement = join(root, 'given.csv');
    await writeFile(placement, ['column,row,source', ...lines].join('\n'));
    return await make(root, 'given', { placement, ...options });
  };

  test('may have its lines in any order, and be of copies', async () => {
    const { ids, result } = await given(GIVEN.toReversed());
    expect(result.grid).toEqual({ columns: 3, rows: 2 });
    expect(ids).toEqual([0, 1, 2, 10, 0, 4]);
    expect((await given(GIVEN, { grid: { columns: 3, rows: 2 } })).ids).toEqual(ids);
  });

  test.each<[string, readonly string[], Partial<BuildOptions>, RegExp]>([
    ['lacks a cell', GIVEN.toSpliced(4, 1), {}, /^--placement has no image for cell 1,1 of the grid of 3 x 2$/],
    ['has no cell', [], {}, /^--placement names no cell$/],
    [
      'names an unknown image',
      GIVEN.with(2, '2,0,020.jpg'),
      {},
      /^--placement \(line 4, cell 2,0\) names 020\.jpg, which is none of the 19 images$/,
    ],
    [
      'names one that cannot be used',
      GIVEN.with(3, '0,1,"more/broken, too.jpg"'),
      {},
      /broken, too\.jpg, which cannot be used/,
    ],
    [
      'is of a smaller grid',
      GIVEN,
      { grid: { columns: 4, rows: 2 } },
      /^--placement has no image for cell 3,0 of the grid of 4 x 2$/,
    ],
    [
      'is of a larger grid',
      GIVEN,
      { grid: { columns: 3, rows: 1 } },
      /^--placement \(line 5\) names cell 0,1, outside the grid of 3 x 1$/,
    ],
    [
      'has a line that is wrong',
      GIVEN.with(1, '1,x,001.jpg'),
      {},
      /^Expected a whole number as row in line 3 of --placement but received x$/,
    ],
    ['is missing', [], { placement: 'nowhere.csv' }, /^Cannot read --placement nowhere\.csv: .*ENOENT/],
  ])('is refused if it %s', async (_, lines, options, message) => {
    const refusal = { code: 'usage', message: expect.stringMatching(message) as string };
    await expect(given(lines, options)).rejects.toMatchObject(refusal);
  });
});
