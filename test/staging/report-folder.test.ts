import { readdirSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, type MosaicJson, type Progress } from '../../src/index.ts';
import { buildSummary } from '../../src/cli/summary.ts';
import { readPins } from '../../src/conductor/pins.ts';
import { REPORTS } from '../../src/site/reports.ts';
import { openReportFolder, reportFolderOf } from '../../src/staging/report-folder.ts';
import { make, readSite, reportOf, writeImages } from '../helpers/site.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeImages(root);
});

const SORTED = [...REPORTS].toSorted();

test.each([
  ['site', 'site-report'],
  ['./my site/', './my site-report'],
  ['/a/b//', '/a/b-report'],
  ['.', `${resolve('.')}-report`],
  ['..', `${resolve('..')}-report`],
  ['a/..', `${resolve('.')}-report`],
  ['/', '/-report'],
])('reports of %s are in %s', (out, report) => {
  expect(reportFolderOf(out)).toBe(report);
});

describe('reports', () => {
  test('lie beside the site, or where it is said; what else is there stays', async () => {
    const { out, result, mosaic } = await make(root, 'beside');
    expect(result.report).toBe(`${out}-report`);
    expect((await readdir(`${out}-report`)).toSorted()).toEqual(SORTED);
    expect(await readdir(out)).not.toContain('report');
    expect(mosaic.names).toBe('all');
    const report = join(root, 'deep/er/reports');
    await mkdir(report, { recursive: true });
    await writeFile(join(report, 'notes.txt'), 'mine');
    await writeFile(join(report, 'placement.csv'), 'of before');
    const said = await make(root, 'beside', { report });
    expect(said.result.report).toBe(report);
    expect((await readdir(report)).toSorted()).toEqual(['notes.txt', ...SORTED].toSorted());
    expect(await readFile(join(report, 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readFile(join(report, 'placement.csv'))).toEqual(await readFile(reportOf(out, 'placement.csv')));
    expect(buildSummary(said.result)).toContain(`\n  reports  ${report}: `);
  });

  test('of a site of before, which were in it, go with it', async () => {
    const { out } = await make(root, 'before');
    await mkdir(join(out, 'report'));
    // Those of today that sites never had.
    const former = REPORTS.filter((name) => name !== 'links.csv');
    for (const name of former) await writeFile(join(out, 'report', name), '/home/anna');
    await make(root, 'before');
    expect(await readdir(out)).not.toContain('report');
  });

  test('can be rendered again, and be written where they are', async () => {
    const { out, placed, placement } = await make(root, 'in place');
    const lines = (await readFile(placement, 'utf8')).split('\r\n');
    const other = placed.find(({ source }) => source !== placed[0]!.source)!.source!;
    await writeFile(placement, [lines[0], `0,0,${other},0`, ...lines.slice(2)].join('\r\n'));
    const again = await make(root, 'in place', { placement });
    expect(again.shown).toEqual([other, ...placed.slice(1).map(({ source }) => source)]);
    const pins = await readPins([reportOf(out, 'placement.csv')]);
    const pinned = await make(root, 'pinned', { pins, minDistance: 0 });
    expect(pinned.shown).toEqual(again.shown);
  });

  test.each<[string, (out: string) => Partial<BuildOptions> | Promise<Partial<BuildOptions>>, RegExp]>([
    ['in the site', (out) => ({ report: join(out, 'report') }), /lies in --out/],
    ['in the site, by another way', (out) => ({ report: join(out, '../x/..', 'refused', 'deep/er') }), /lies in --out/],
    ['the site itself', (out) => ({ report: `${out}/.` }), /lies in --out/],
    [
      'a link into the site',
      async (out) => {
        await symlink(join(out, 'report'), `${out}-link`);
        return { report: `${out}-link` };
      },
      /lies in --out/,
    ],
    [
      'in the site that a link leads to',
      async (out) => {
        await symlink(out, `${out}-site`);
        return { out: `${out}-site`, report: join(out, 'report') };
      },
      /lies in --out/,
    ],
    [
      'a file',
      async (out) => {
        await writeFile(`${out}-file`, '');
        return { report: `${out}-file` };
      },
      /is a file/,
    ],
    [
      'where a folder is in the way',
      async (out) => {
        await mkdir(`${out}-full/sources.csv`, { recursive: true });
        return { report: `${out}-full` };
      },
      /sources\.csv in --report .* is a folder/,
    ],
    [
      'where pins are read from',
      async (out) => {
        await mkdir(`${out}-pins`);
        await writeFile(join(`${out}-pins`, 'placement.csv'), 'column,row,source\r\n0,0,001.jpg\r\n');
        return { report: `${out}-pins`, pins: await readPins([join(`${out}-pins`, 'placement.csv')]) };
      },
      /lies where --report .* writes placement\.csv/,
    ],
    [
      "where a picture of somebody else's would be lost",
      async (out) => {
        await mkdir(`${out}-pictures`);
        await writeFile(join(`${out}-pictures`, 'target.jpg'), 'mine');
        return { report: `${out}-pictures` };
      },
      /target\.jpg in --report .* is no report of ours/,
    ],
    [
      'among the images',
      async (out) => {
        await mkdir(`${out}-images/of/2019`, { recursive: true });
        await copyFile(join(root, 'target.png'), join(`${out}-images/of/2019`, 'one.png'));
        return { report: `${out}-images/of`, images: [`${out}-images`] };
      },
      /one\.png lies in --report/,
    ],
    ['nowhere', () => ({ report: '' }), /Expected a path for --report/],
  ])('are refused before the work %s', async (_, given, message) => {
    const folder = join(root, `refused-${_.replaceAll(/\W/g, '-')}`);
    await mkdir(folder);
    const out = join(folder, 'refused');
    const stages = new Set<string>();
    const onProgress = ({ stage }: Progress) => void stages.add(stage);
    const options = await given(out);
    const before = await readdir(folder, { recursive: true });
    await expect(make(folder, 'refused', { ...files(), onProgress, ...options })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/\.$/) as string,
    });
    expect([...stages].filter((stage) => stage !== 'scan')).toEqual([]);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  test.runIf(process.platform === 'linux')('are refused where nobody can write', async () => {
    for (const report of ['/proc/reports', join(root, 'target.png/reports'), join(root, 'x'.repeat(300))]) {
      await expect(make(root, 'unwritable', { report })).rejects.toMatchObject({
        code: 'not-writable',
        message: expect.stringMatching(/^Cannot write to --report /) as string,
      });
    }
    expect(await readdir(root)).not.toContain('unwritable');
  });

  test('that cannot be written after all are missed, and the site is there', async () => {
    const { out } = await make(root, 'missed', { variety: 0 });
    const report = `${out}-report`;
    await writeFile(join(report, 'notes.txt'), 'mine');
    const onProgress = ({ stage }: Progress) => void (stage === 'site' && (broken ??= obstruct()));
    let broken: Promise<void> | undefined;
    const obstruct = async () => {
      await rm(join(report, 'sources.csv'));
      await mkdir(join(report, 'sources.csv/in the way'), { recursive: true });
    };
    const before = await readFile(join(out, 'mosaic.json'), 'utf8');
    await expect(make(root, 'missed', { variety: 1, onProgress })).rejects.toMatchObject({
      code: 'report',
      message: expect.stringMatching(
        /^The site is in .*missed, but its reports are not in .*missed-report: /,
      ) as string,
    });
    await broken;
    expect(await readFile(join(out, 'mosaic.json'), 'utf8')).not.toBe(before);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
    expect((await readdir(report)).toSorted()).toEqual(['notes.txt', ...SORTED].toSorted());
  });

  test('are those of the site that is there, however many are built at once', async () => {
    const out = join(root, 'crowd');
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        [0, 0.5, 1].map((variety) => build({ ...files(), out, cellSize: 16, columns: 12, crops: 'none', variety })),
      );
      const { ids, pictures } = await readSite(out);
      const pairs = new Set(ids.map((id, cell) => `${id} ${pictures[cell]}`)).size;
      expect([pairs, new Set(ids).size]).toEqual([new Set(pictures).size, new Set(pictures).size]);
      expect((await readdir(`${out}-report`)).toSorted()).toEqual(SORTED);
    }
  });
});

/** Options that every build needs, for sites elsewhere than in `root`. */
function files() {
  return { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
}

describe('a folder of reports', () => {
  const open = async (name: string) =>
    await openReportFolder({ report: join(root, name), out: join(root, 'any'), names: REPORTS, inputs: [] });

  test('is tried out without a trace', async () => {
    await open('tried/out/well');
    expect(await readdir(root)).not.toContain('tried');
    await Promise.all(Array.from({ length: 30 }, () => open('tried/out/well')));
    expect(await readdir(root)).not.toContain('tried');
  });

  test('has all reports or none of a build, and takes away what killed ones left', async () => {
    const folder = await open('killed');
    const path = join(root, 'killed');
    let names: string[] = [];
    const failing = function* () {
      yield Buffer.from('half');
      throw new Error('/home/anna');
    };
    const reports = (second: () => Iterable<Uint8Array>) => () =>
      new Map<string, Iterable<Uint8Array>>([
        ['skipped.csv', [Buffer.from('whole')]],
        ['placement.csv', second()],
      ]);
    await expect(folder.write(reports(failing))).rejects.toMatchObject({
      code: 'report',
      message: expect.not.stringContaining('anna') as string,
    });
    expect(await readdir(path)).toEqual([]);
    const listing = function* () {
      names = readdirSync(path);
      yield Buffer.from('whole, too');
    };
    await folder.write(reports(listing));
    expect((await readdir(path)).toSorted()).toEqual(['placement.csv', 'skipped.csv']);
    // As if it had been killed while it wrote.
    expect(names.every((name) => name.endsWith('.tmp'))).toBe(true);
    expect(names).toHaveLength(2);
    for (const name of names) await writeFile(join(path, name), 'left over');
    await folder.write(reports(listing));
    expect((await readdir(path)).toSorted()).toEqual(['placement.csv', 'skipped.csv']);
    expect(await readFile(join(path, 'placement.csv'), 'utf8')).toBe('whole, too');
  });
});

describe('names of files', () => {
  const texts = async (out: string) => {
    const entries = await readdir(out, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const));
  };
  const iiif = { layout: ['dzi', 'compact', 'iiif'], baseUrl: 'https://example.org' } as const;

  test('are nowhere in a site where that is wished', async () => {
    const target = join(root, 'aunt_berta.png');
    await copyFile(join(root, 'target.png'), target);
    const { out, mosaic, result } = await make(root, 'names none', { ...iiif, target, names: 'none' });
    expect([mosaic.names, result.names]).toEqual(['none', 'none']);
    expect(await readdir(join(out, 'iiif'))).not.toContain('annotations.json');
    for (const [path, text] of await texts(out)) {
      expect(/\b0\d\d\.jpg|annotations\.json/.exec(text)?.[0], path).toBeUndefined();
      expect(/berta/i.exec(text)?.[0], path).toBeUndefined();
    }
    expect(mosaic.title).toBe('Mosaic');
    expect(mosaic.directory.named).toBe(false);
    expect(buildSummary(result)).toMatch(/\n {2}names {4}nothing in the site names your files/);
    const titled = await make(root, 'titled', { names: 'none', title: 'Us' });
    expect(titled.mosaic.title).toBe('Us');
  });

  test('are in the site by default', async () => {
    const { out, mosaic, result, shown } = await make(root, 'names all', { ...iiif });
    expect([mosaic.names, result.names]).toEqual(['all', 'all']);
    const page = JSON.parse(await readFile(join(out, 'iiif/annotations.json'), 'utf8')) as {
      items: { body: { value: string } }[];
    };
    expect(page.items.map(({ body }) => body.value)).toEqual(shown);
    expect(buildSummary(result)).toMatch(/\n {2}names {4}the site names your files/);
    // The next one without takes them away.
    await make(root, 'names all', { ...iiif, names: 'none' });
    expect(await readdir(join(out, 'iiif'))).not.toContain('annotations.json');
    const { names } = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
    expect(names).toBe('none');
  });

  test('are all or none', async () => {
    const some = make(root, 'some', { names: 'some' as 'all' });
    await expect(some).rejects.toThrow('Expected one of all, none for --names but received some');
    await expect(stat(join(root, 'some'))).rejects.toThrow('ENOENT');
  });
});
