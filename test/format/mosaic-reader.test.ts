import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { checkMosaic, parseMosaic } from '../../src/format/mosaic-reader.ts';
import { readIndex } from '../../src/format/original-index.ts';
import { fit, rebase, serve, verify } from '../../src/index.ts';
import { soundMosaic } from '../helpers/mosaics.ts';
import { integer, seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** A value in a JSON document, by the names on the way to it. */
type Path = readonly (string | number)[];

/** Stands for a member that is not there. */
const NOTHING = Symbol('nothing');

/** What somebody who means no good, or a disk, may put in the place of a value. */
const EVIL: readonly unknown[] = [
  NOTHING,
  null,
  true,
  0,
  -1,
  0.5,
  1e12,
  2 ** 53,
  1e308,
  '',
  '1',
  'http://192.0.2.1/',
  '//192.0.2.1/',
  '../..',
  'jpg/../../x',
  '__proto__',
  'x'.repeat(5000),
  '\u001b[2J\r\n\u202e',
  [],
  [[]],
  {},
  { length: 1e12 },
  { '\u001b[2J': -1 },
];

/** Values that only a person can judge, by the ends of their paths: what may be in them. */
const FREE: readonly (readonly [path: RegExp, takes: (value: unknown) => boolean])[] = [
  [/^title$/, (value) => typeof value === 'string' && value.length <= 1000],
  [/^(compare|offline|directory\.named)$/, (value) => typeof value === 'boolean'],
  [/^directory\.block$/, (value) => isCount(value) && (value as number) >= 16 && (value as number) <= 4096],
  [/^sources\.(?!leftOut$)\w+$/, isCount],
  [/^sources\.leftOut\.\w+$/, (value) => value === NOTHING || isCount(value)],
  [/^sources\.leftOut$/, (value) => isObject(value) && Object.values(value).every(isCount)],
  [/^quality\.(mostUses|minDistance|distanceConflicts)$/, isCount],
  [/^quality\.usesHistogram\.\d+\.\d$/, isCount],
  [/^quality\.usesHistogram$/, (value) => Array.isArray(value) && value.length === 0],
  [/^quality\.likeness$/, (value) => Array.isArray(value) && value.length === 0],
  [/^quality\.(usesHistogram|likeness)\.\d+$/, (value) => value === NOTHING],
  [/^quality\.(gap|distanceCost|mostUsedShare)$/, (value) => Number.isFinite(value)],
  [/^quality\.(afar|afarCost|worst)$/, (value) => value === NOTHING || Number.isFinite(value)],
  [/^quality\.missing$/, (value) => value === NOTHING || (Array.isArray(value) && value.length === 0)],
  [/^quality\.missing\.\d+$/, (value) => value === NOTHING],
  [/^quality\.missing\.\d+\.colour$/, (value) => typeof value === 'string'],
  [/^quality\.missing\.\d+\.share$/, (value) => typeof value === 'number' && value >= 0 && value <= 1],
  [/^quality\.likeness\.0\.(ciede2000|ssim)$/, (value) => Number.isFinite(value)],
  [/^quality\.likeness\.0\.psnr$/, (value) => value === null || Number.isFinite(value)],
  [/^originals$/, (value) => value === NOTHING],
  [/^originals\.levels$/, (value) => value === 0],
  [/^layouts\.(dzi|compact|iiif)$/, (value) => value === NOTHING],
  // It has as many levels as the image has sizes; coarser ones are the whole in one file.
  [/^layouts\.iiif\.levels\.0$/, (value) => value === NOTHING],
  [/^layouts\.compact\.sheets\.\d\.side$/, (value) => value === 1],
];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Every value of a document, and every object and list. */
function* pathsOf(json: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof json !== 'object' || json === null) return;
  for (const [name, value] of Object.entries(json)) yield* pathsOf(value, [...path, name]);
}

/** A copy of a document with another value at a path. */
function changed(json: object, path: Path, value: unknown): object {
  const copy = structuredClone(json) as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  const last = path.at(-1)!;
  if (value === NOTHING) {
    if (Array.isArray(at)) at.splice(Number(last), 1);
    else delete at[last];
  } else at[last] = structuredClone(value);
  return copy;
}

function outcomeOf(act: () => unknown): unknown {
  try {
    act();
    return 'taken';
  } catch (error) {
    return error;
  }
}

const SOUND = [
  soundMosaic({ layouts: ['dzi', 'compact', 'iiif'] }),
  soundMosaic({ layouts: ['dzi', 'compact'], cell: { width: 512, height: 384 }, overview: 8 }),
];

describe('mosaic.json', () => {
  test.each(SOUND)('is taken as it was written', (sound) => {
    expect(parseMosaic(JSON.stringify(sound))).toEqual(sound);
    expect(sound.layouts.compact!.sheets.length).toBeGreaterThan(0);
  });

  test.each(SOUND)('is refused with any value that no build writes', (sound) => {
    let refused = 0;
    for (const path of pathsOf(sound)) {
      const name = path.join('.');
      for (const value of EVIL) {
        const now = path.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], sound);
        if (Object.is(value, now)) continue;
        const outcome = outcomeOf(() => checkMosaic(changed(sound, path, value)));
        const free = FREE.some(([pattern, takes]) => pattern.test(name) && takes(value));
        if (free) expect(outcome, `${name}: ${String(value)}`).toBe('taken');
        else {
          expect(outcome, `${name}: ${String(value).slice(0, 40)}`).toBeInstanceOf(UserError);
          const { code, message, remedy } = outcome as UserError;
          expect(code).toBe('not-a-site');
          expect(message).toMatch(/^Expected .{1,200} (for|of|in) .*mosaic\.json but received .{1,80}$/);
          expect(message).not.toMatch(/\p{C}/u);
          expect(remedy).toMatch(/^Build the site again/);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test('is refused, or as good as before, after several changes at once', () => {
    const random = seeded(13);
    const paths = [...pathsOf(SOUND[0])];
    for (let round = 0; round < 2000; round++) {
      let json: object = SOUND[0]!;
      for (let changes = integer(random, 1, 3); changes > 0; changes--) {
        const path = paths[integer(random, 0, paths.length - 1)]!;
        const value = EVIL[integer(random, 0, EVIL.length - 1)];
        const there = outcomeOf(() => (json = changed(json, path, value)));
        if (there !== 'taken') break; // what this path led through is gone
      }
      const outcome = outcomeOf(() => parseMosaic(JSON.stringify(json) ?? ''));
      if (outcome !== 'taken') expect(outcome).toMatchObject({ name: 'UserError', code: 'not-a-site' });
    }
  });

  test.each<[string, Path, unknown, string]>([
    ['blocks of no cells', ['placement', 'block'], 0, 'a whole number from 16 to 1024 for placement.block'],
    ['no layouts', ['layouts'], null, 'an object for layouts'],
    ['none of its layouts', ['layouts'], {}, 'one of dzi, compact, iiif for layouts'],
    ['a layout without levels', ['layouts', 'dzi', 'levels'], null, 'a list for layouts.dzi.levels'],
    ['1e12 columns', ['grid', 'columns'], 1e12, 'a whole number from 1 to 16777216 for grid.columns'],
    ['more cells than there can be', ['grid', 'rows'], 2 ** 24, 'a whole number from 1 to 16777216 for grid.columns x'],
    ['numbers too short for its pictures', ['pictures'], 25, 'a whole number from 1 to 24 for pictures'],
    ['another ending', ['tile', 'extension'], 'jpeg', 'jpg for tile.extension'],
    ['an address for an ending', ['tile', 'extension'], 'jpg?http://192.0.2.1', 'jpg for tile.extension'],
    ['tiles of one px', ['layouts', 'dzi', 'levels', 10, 'tile', 'width'], 1, 'a whole number from 16 to 8192 for'],
    ['a program for an address', ['baseUrl'], 'javascript:alert(1)', 'an http or https URL for'],
    ['a version that is to come', ['version'], 5, 'version 4 of'],
    ['the version before', ['version'], 3, 'version 4 of'],
    ['something else', ['format'], 'zoo', 'zoomosaic for format'],
  ])('is refused with %s, by name', (_, path, value, expected) => {
    const outcome = outcomeOf(() => checkMosaic(changed(SOUND[0]!, path, value)));
    expect((outcome as Error).message).toContain(`Expected ${expected}`);
  });

  test('has an address of its own, but in a page', () => {
    const without = changed(SOUND[0]!, ['baseUrl'], NOTHING);
    expect(() => checkMosaic(without, 'file')).toThrow('for baseUrl in mosaic.json but received nothing');
    expect(checkMosaic(without, 'page')).toBe(without);
    const wrong = changed(SOUND[0]!, ['baseUrl'], '//192.0.2.1');
    expect(() => checkMosaic(wrong, 'page')).toThrow('an http or https URL');
  });

  test('has an address that is read at once, however many slashes are in it', () => {
    const long = `https://a.org/${'/'.repeat(200_000)}x`;
    const mosaic = checkMosaic(changed(SOUND[0]!, ['baseUrl'], long));
    expect(mosaic.baseUrl).toBe(long);
  });

  test('is refused where it is nested deeper than what works its way through it can go', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    const text = JSON.stringify(SOUND[0]).replace('{', `{"more":${deep},`);
    expect(outcomeOf(() => parseMosaic(text))).toMatchObject({ name: 'UserError', code: 'not-a-site' });
  });

  test.each(['', '[]', 'null', '{', '[[[['.repeat(1000), '"zoomosaic"'])('is refused as %.9s', (text) => {
    expect(outcomeOf(() => parseMosaic(text))).toMatchObject({ name: 'UserError', code: 'not-a-site' });
  });
});

describe('every verb', () => {
  let site: string;
  beforeAll(async () => {
    site = await temporaryFolder();
  });

  const VERBS = { verify, fit, serve, rebase: (at: { site: string }) => rebase({ ...at, baseUrl: 'https://a.org' }) };
  const info = { id: 'https://example.org/mosaic/iiif/image' };
  const manifest = { id: 'https://example.org/mosaic/iiif/manifest.json' };
  beforeAll(async () => {
    await mkdir(join(site, 'iiif/image'), { recursive: true });
    await writeFile(join(site, 'iiif/image/info.json'), JSON.stringify(info));
    await writeFile(join(site, 'iiif/manifest.json'), JSON.stringify(manifest));
  });

  test.each(Object.keys(VERBS) as (keyof typeof VERBS)[])('%s refuses what no build wrote', async (verb) => {
    const wrong = changed(SOUND[0]!, ['placement', 'block'], 0);
    await writeFile(join(site, 'mosaic.json'), JSON.stringify(wrong));
    await expect(VERBS[verb]({ site })).rejects.toMatchObject({
      code: 'not-a-site',
      message: 'Expected a whole number from 16 to 1024 for placement.block in mosaic.json but received 0',
    });
  });

  test.each(['verify', 'fit', 'serve'] as const)('%s does not read a mosaic.json of a terabyte', async (verb) => {
    await writeFile(join(site, 'mosaic.json'), JSON.stringify(SOUND[0]));
    await truncate(join(site, 'mosaic.json'), 2 ** 40);
    await expect(VERBS[verb]({ site })).rejects.toMatchObject({
      code: 'not-a-site',
      message: `Expected at most 1048576 bytes in mosaic.json but received ${2 ** 40}`,
    });
  });

  test('verify stops at a mosaic.json that promises files without end', async () => {
    const cells = 4096;
    const levels = soundMosaic({ layouts: ['dzi'], grid: { columns: cells, rows: cells } });
    await writeFile(join(site, 'mosaic.json'), JSON.stringify(levels));
    const { problems, tiles } = await verify({ site });
    expect(problems.length).toBe(1001);
    expect(problems[0]).toEqual({ path: 'checksums.bin', problem: 'missing' });
    expect(problems.at(-1)).toEqual({
      path: '.',
      problem: 'has 1000 problems and no checksums; the rest was not looked at',
    });
    expect(tiles).toBe(0);
  });
});

describe('an index of originals', () => {
  const shape = { pictures: 20, block: 16 };
  const row = [3, 'jpg', 400, 300, 50, 0, 300, 300, 0];
  const rows = Array.from({ length: 4 }, (_, i) =>
    i === 1 ? null : i === 2 ? [2, '', 2600, 1700, 0.5, 0, 9, 9, 7] : row,
  );
  const script = (index: unknown) => `zoomosaicOriginals("1",${JSON.stringify(index)});\n`;

  test('is taken as it was written, some left out', () => {
    const read = readIndex(script(rows), 1, shape)!;
    expect(read[1]).toBe(null);
    expect(read[0]).toEqual({
      original: 3,
      ending: 'jpg',
      width: 400,
      height: 300,
      crop: { left: 50, top: 0, width: 300, height: 300 },
      turn: 0,
    });
    expect(read[2]).toMatchObject({ original: 2, ending: '', turn: 7 });
  });

  test('is refused with any value that no build writes', () => {
    const taken: string[] = [];
    for (const [i, now] of row.entries()) {
      for (const value of [...EVIL, 17, 401, 'JPG', 'jpeg', 'jpg#', 'svg', 'html']) {
        const other = value === NOTHING ? row.toSpliced(i, 1) : row.with(i, value as never);
        if (value !== now && readIndex(script([row, other, row, row]), 1, shape)) taken.push(`${i}: ${String(value)}`);
      }
    }
    // Numbers of pictures before, a pyramid, other sizes and parts: all within the site.
    expect(taken.join('; ')).toBe(
      '0: 0; 0: 17; 1: ; 2: 401; 3: 401; 4: 0; 4: 0.5; 4: 17; 6: 0.5; 6: 17; 7: 0.5; 7: 17',
    );
  });

  test.each<[string, string]>([
    ['too few rows', script(rows.slice(1))],
    ['too many rows', script([...rows, null])],
    ['another block', script(rows).replace('"1"', '"0"')],
    ['no rows', script({ length: 4 })],
    ['another function', script(rows).replace('zoomosaicOriginals', 'alert')],
    ['something after it', `${script(rows)}alert(1);\n`],
  ])('is refused with %s', (_, text) => {
    expect(readIndex(text, 1, shape)).toBe(undefined);
  });
});
