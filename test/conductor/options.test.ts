import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { oneThreadPerImage } from '../../src/image/decoder-threads.ts';
import { build, type BuildOptions, fit, rebase, remove, repair, serve, verify } from '../../src/index.ts';
import { resolveOptions } from '../../src/conductor/resolve-options.ts';
import { ban } from '../../src/scan/ban.ts';
import { scan } from '../../src/scan/scan.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const GIVEN = { target: 'target.png', images: ['images'], out: 'site' };
/** Every option, with something that it takes. */
const TAKEN: { readonly [Name in keyof BuildOptions]-?: NonNullable<BuildOptions[Name]> } = {
  ...GIVEN,
  columns: 3,
  grid: { columns: 3, rows: 2 },
  cellSize: 'native',
  cellAspect: '4:3',
  tileSize: 512,
  quality: 85,
  captions: 'captions.csv',
  closeup: 640,
  noCompare: true,
  offline: true,
  language: 'de',
  tour: 'tour.csv',
  subsampling: '4:4:4',
  format: 'png',
  background: '#fff',
  crop: 'entropy',
  crops: 'all',
  maxUses: Infinity,
  variety: 0.5,
  afar: 0.75,
  useAll: true,
  nearDuplicates: 'keep',
  adapt: 1,
  weights: 'auto',
  mirror: false,
  rotate: true,
  lenient: true,
  pins: [{ column: 0, row: 1, image: 'a.jpg' }],
  ban: ['*.png'],
  placement: 'placement.csv',
  minDistance: 0,
  layout: ['dzi', 'compact'],
  host: 's3',
  fullLevel: 'copy',
  originals: 'link',
  baseUrl: 'https://example.org',
  credit: 'Anna',
  rights: 'http://creativecommons.org/licenses/by/4.0/',
  catalog: 'catalog',
  title: 'Title',
  names: 'all',
  report: 'reports',
  force: true,
  concurrency: 2,
  onProgress: () => {},
  signal: new AbortController().signal,
};
const NAMES = Object.keys(TAKEN) as (keyof BuildOptions)[];
const resolved = (name: string, value: unknown) => resolveOptions({ ...GIVEN, [name]: value });

describe('options', () => {
  test.each(NAMES)('%s: what it takes is taken', (name) => {
    expect(() => resolved(name, TAKEN[name])).not.toThrow();
  });

  const odd = [null, NaN, -Infinity, -1, 1.5, 1e99, 5n, '', '\0', '\ud800', '٣', 'x'.repeat(1e6), true, [], ['']];
  const odder = [
    [null],
    [5],
    [[]],
    {},
    new Map(),
    new Date(),
    Object.create(null),
    Symbol('s'),
    () => 1,
    { columns: 1 },
  ];
  test.each(NAMES)('%s: whatever else is a mistake of whoever typed it', (name) => {
    let refused = 0;
    for (const value of [...odd, ...odder]) {
      try {
        resolved(name, value);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect(error).toMatchObject({
          code: 'usage',
          message: expect.stringMatching(/ for (--|<)[a-z-]+>? but received/),
        });
        expect((error as Error).message.length).toBeLessThan(500);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(15);
  });

  test('that name files are no empty names', async () => {
    for (const name of ['target', 'out', 'catalog', 'weights', 'placement'])
      await refuses(() => resolved(name, ''), new RegExp(`for (--|<)${name}>? but received ''$`));
    for (const name of ['images', 'ban']) await refuses(() => resolved(name, ['a', '']), new RegExp(name));
    await refuses(() => resolved('pins', [{ column: 0, row: 0, image: '' }]), /--pin/);
    for (const act of [verify, fit, serve]) await refuses(() => act({ site: '' }), /for <site> but received ''$/);
    for (const name of ['report', 'catalog']) {
      for (const act of [verify, repair]) await refuses(() => act({ site: '.', [name]: '' }), new RegExp(`--${name} `));
      await refuses(() => remove({ site: '.', images: ['a'], [name]: '' }), new RegExp(`--${name} `));
    }
    await refuses(() => rebase({ site: '', baseUrl: 'https://example.org' }), /for <site>/);
    await refuses(() => ban([], ['/']), /--ban but received \/$/);
    await refuses(() => ban([], ['x'.repeat(1e5)]), /--ban/);
    for (const port of [-1, 65536, 1.5, NaN])
      await refuses(() => serve({ site: '.', port }), /whole number from 0 to 65535/);
    await refuses(() => build(undefined as unknown as BuildOptions), /Expected an object/);
  });

  test('that name no file, be they ever so long, are told so', async () => {
    const options = { onProgress: () => {}, signal: new AbortController().signal };
    for (const input of ['x'.repeat(5000), 'x/'.repeat(5000), 'x'.repeat(1e5)])
      await expect(scan([input], options)).rejects.toMatchObject({ code: 'no-images' });
  });
});

describe('a host’s own settings of sharp', () => {
  let root: string;
  beforeAll(async () => {
    root = await temporaryFolder();
    await writeWaves(join(root, 'target.png'), 60, 40, 50);
    await writeMany(root, 6);
  });
  const [threads, cache] = [sharp.concurrency(), sharp.cache()];
  afterEach(() => {
    sharp.concurrency(threads);
    sharp.cache({ memory: cache.memory.max, files: cache.files.max, items: cache.items.max });
  });
  const make = (name: string, more: Partial<BuildOptions> = {}) =>
    build({
      target: join(root, 'target.png'),
      images: [join(root, '*.jpg')],
      out: join(root, name),
      catalog: join(root, `catalog ${name}`),
      cellSize: 16,
      columns: 3,
      ...more,
    });

  test('are what they were once all work has ended, in whatever order', async () => {
    sharp.concurrency(3);
    const ends: (() => void)[] = [];
    const works = [0, 1, 2].map((i) => oneThreadPerImage(() => new Promise<void>((end) => (ends[i] = end))));
    for (const i of [0, 2, 1]) {
      expect([sharp.concurrency(), sharp.cache().items.max]).toEqual([1, 0]);
      ends[i]!();
      await works[i];
    }
    expect([sharp.concurrency(), sharp.cache().items.max]).toEqual([3, cache.items.max]);
  });

  test('are what they were after two builds at once', async () => {
    sharp.concurrency(3);
    sharp.cache({ memory: 70, files: 30, items: 150 });
    const during = new Set<number>();
    const onProgress = () => void during.add(sharp.concurrency());
    await Promise.all([make('one', { onProgress }), make('other', { onProgress, columns: 20 })]);
    expect([...during]).toEqual([1]);
    expect(sharp.concurrency()).toBe(3);
    expect(sharp.cache()).toMatchObject({ memory: { max: 70 }, files: { max: 30 }, items: { max: 150 } });
  });

  test('are what they were after a build that fails', async () => {
    sharp.concurrency(3);
    const stop = new AbortController();
    const builds = [
      make('aborted', { onProgress: ({ stage }) => void (stage === 'match' && stop.abort()), signal: stop.signal }),
      make('refused', { maxUses: 1, columns: 60 }),
    ];
    expect((await Promise.allSettled(builds)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(sharp.concurrency()).toBe(3);
    expect(sharp.cache().items.max).toBe(cache.items.max);
  });
});
