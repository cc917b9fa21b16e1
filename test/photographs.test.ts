/** Runs where the real photographs of the bench are at hand (test/bench/shared-data.ts); vitest.config.ts leaves it out elsewhere. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { decodeCell } from '../src/catalog/decode.ts';
import { build, type BuildResult, verify } from '../src/index.ts';
import { SHARED_DATA } from './bench/shared-data.ts';
import { difference } from './images.ts';
import { reportOf } from './site.ts';
import { temporaryFolder } from './temporary-folder.ts';

const data = (...path: string[]) => join(SHARED_DATA, ...path);
const GREY = { r: 128, g: 128, b: 128 };

let root: string;
let built: BuildResult;
beforeAll(async () => {
  root = await temporaryFolder();
  const photos = (await readdir(data('photos-1k'))).filter((name) => /\.jpe?g$/i.test(name)).toSorted();
  built = await build({
    target: data('targets/coffee.png'),
    images: [
      data('torture'),
      data('large/misc-colour-small'),
      ...photos.slice(0, 60).map((name) => data('photos-1k', name)),
    ],
    out: join(root, 'site'),
    catalog: join(root, 'catalog'),
    columns: 40,
    cellSize: 128,
  });
});

test('hostile and ordinary files make a sound mosaic', async () => {
  const { found, usable, skipped, duplicates } = built.sources;
  expect(usable + skipped + duplicates).toBe(found);
  expect((await verify({ site: built.out })).problems).toEqual([]);
});

test('what cannot be decoded is listed with a reason, and nothing else is', async () => {
  const csv = await readFile(reportOf(built.out, 'skipped.csv'), 'utf8');
  const lines = csv.trim().split('\n').slice(1);
  // PngSuite: names of files that must fail begin with x.
  const wanted = (await readdir(data('torture/pngsuite'))).filter((name) => /^x.*\.png$/.test(name));
  wanted.push('example.heic');
  expect(lines.map((line) => basename(line.split(',')[0]!)).toSorted()).toEqual(wanted.toSorted());
  for (const line of lines) expect(line).toMatch(/,.*(damaged|cannot be decoded|ends early)/);
});

test.each(['Landscape', 'Portrait'])('%s photographs of every EXIF orientation show the same', async (name) => {
  const cell = async (orientation: number) =>
    await decodeCell(
      await readFile(data('torture/exif-orientation', `${name}_${orientation}.jpg`)),
      { width: 64, height: 64 },
      'centre',
      GREY,
    );
  const upright = await cell(1);
  for (const orientation of [0, 2, 3, 4, 5, 6, 7, 8]) {
    if (!existsSync(data('torture/exif-orientation', `${name}_${orientation}.jpg`))) continue;
    const { px, width, height } = await cell(orientation);
    expect([width, height], `orientation ${orientation}`).toEqual([upright.width, upright.height]);
    expect(difference(px, upright.px).mean, `orientation ${orientation}`).toBeLessThan(3);
  }
});
