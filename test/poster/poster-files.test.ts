import { utimesSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CliProcess, run } from '../../src/cli/run.ts';
import { poster, type PosterOptions, type PosterResult, verify } from '../../src/index.ts';
import { buildOf, contents, writeInputs } from '../helpers/built.ts';
import { writeWaves } from '../helpers/images.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let site: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeInputs(root);
  ({ out: site } = await buildOf(root, 'site', { columns: 9, layout: 'compact' }));
});

/** Makes a poster in an empty folder of its own. */
async function folder(name: string): Promise<string> {
  await mkdir(join(root, name));
  return join(root, name);
}

/** A copy of the site that is to be damaged. */
async function copied(name: string): Promise<string> {
  await cp(site, join(root, name), { recursive: true });
  return join(root, name);
}

describe('options', () => {
  test.each<[Partial<Record<keyof PosterOptions, unknown>>, RegExp]>([
    [{ out: 'poster.webp' }, /the name of a picture that ends in \.jpg, \.tif or \.png for --out/],
    [{ out: 'tif' }, /ends in \.jpg, \.tif or \.png for --out but received tif/],
    [{ out: '' }, /Expected a path for --out/],
    [{ out: undefined }, /Expected a path for --out/],
    [{ site: '' }, /Expected the folder of a site for <site>/],
    [{ width: 0 }, /a whole number from 1 for --width but received 0/],
    [{ width: 1.5 }, /a whole number from 1 for --width but received 1\.5/],
    [{ width: '640' }, /a whole number from 1 for --width/],
    [{ width: 577 }, /at most 576, the width of the mosaic, for --width but received 577/],
    [{ quality: 0 }, /a whole number from 1 to 100 for --quality/],
    [{ quality: 101 }, /a whole number from 1 to 100 for --quality/],
    [{ out: 'p.png', quality: 90 }, /nothing beside a name that ends in \.png/],
  ])('are checked: %j', async (options, message) => {
    await refuses(() => poster({ site, out: 'poster.jpg', ...options } as PosterOptions), message);
  });

  test('a folder that is no site is refused', async () => {
    await expect(poster({ site: root, out: join(root, 'p.jpg') })).rejects.toMatchObject({ code: 'not-a-site' });
  });

  test('sides of more than 65,535 px are refused for a JPEG, which names .tif', async () => {
    const wide = await copied('wide');
    const mosaic = JSON.parse(await readFile(join(wide, 'mosaic.json'), 'utf8')) as { grid: object };
    const large = { ...mosaic, ...(await largeMosaic(70_000)) };
    await writeFile(join(wide, 'mosaic.json'), JSON.stringify(large));
    const out = join(root, 'wide.jpg');
    await refuses(
      () => poster({ site: wide, out, width: 65_536 }),
      /JPEG, whose sides have at most 65,535 px; a name that ends in \.tif/,
    );
    // Its other side is too long.
    const tall = { ...mosaic, ...(await largeMosaic(3, 70_000)) };
    await writeFile(join(wide, 'mosaic.json'), JSON.stringify(tall));
    await refuses(() => poster({ site: wide, out, width: 192 }), /received 192 x 4,480,000 px/);
  });
});

/** The parts of a mosaic.json that follow from a grid. */
async function largeMosaic(columns: number, rows = 3) {
  const { soundMosaic } = await import('../helpers/mosaics.ts');
  const { grid, levels, layouts, width, height } = soundMosaic({
    grid: { columns, rows },
    cell: { width: 64, height: 64 },
  });
  return { grid, levels, layouts, width, height };
}

describe('the file', () => {
  test('replaces an older poster, and nothing else', async () => {
    const home = await folder('replaced');
    for (const name of ['p.jpg', 'p.tif', 'p.png']) {
      const out = join(home, name);
      await poster({ site, out, width: 72 });
      expect((await poster({ site, out, width: 144 })).width).toBe(144);
      expect((await sharp(out).metadata()).width).toBe(144);
    }
    await writeWaves(join(home, 'photo.jpg'), 50, 40, 1);
    await mkdir(join(home, 'folder.jpg'));
    await symlink(join(home, 'p.jpg'), join(home, 'link.jpg'));
    const before = await contents(home);
    for (const [name, message] of [
      ['photo.jpg', /photo\.jpg exists, and is no poster/],
      ['folder.jpg', /is a folder/],
      ['link.jpg', /is a link/],
    ] as const) {
      const refused = poster({ site, out: join(home, name) });
      await expect(refused).rejects.toMatchObject({
        code: 'out-exists',
        remedy: expect.stringMatching(/\.$/) as string,
      });
      await expect(refused).rejects.toThrow(message);
    }
    expect(await contents(home)).toEqual(before);
    await expect(poster({ site, out: join(home, 'photo.jpg/p.jpg') })).rejects.toMatchObject({ code: 'not-writable' });
  });

  test('may lie in the site, as other foreign files, but under no name that sites have', async () => {
    const own = await copied('within');
    const before = await contents(own);
    for (const name of [
      'tiles/0/0.jpg',
      'tiles/4/5000.jpg',
      'TILES/0/3.JPG',
      'overview_files/0/7_7.png',
      'viewer/../tiles/0/1.jpg',
    ]) {
      await expect(poster({ site: own, out: join(own, name) })).rejects.toMatchObject({ code: 'out-exists' });
    }
    await symlink(own, join(root, 'to-within'));
    await expect(poster({ site: own, out: join(root, 'to-within/tiles/0/999.jpg') })).rejects.toThrow("site's own");
    await expect(poster({ site, out: join(root, 'site-report/target.jpg') })).rejects.toThrow('reports');
    expect(await contents(own)).toEqual(before);
    await poster({ site: own, out: join(own, 'poster.jpg') });
    expect((await verify({ site: own })).problems).toEqual([]);
  });

  test('is made with its folders', async () => {
    const out = join(root, 'a/b/c/poster.png');
    await poster({ site, out, width: 50 });
    expect(await readdir(join(root, 'a/b/c'))).toEqual(['poster.png']);
  });
});

describe('an interruption', () => {
  test.each(['p.jpg', 'p.tif', 'p.png'])('leaves an older poster, and nothing else: %s', async (name) => {
    const home = await folder(`stopped-${name}`);
    const out = join(home, name);
    await poster({ site, out, width: 72 });
    const older = await contents(home);
    for (const width of [576, 500]) {
      const stop = new AbortController();
      const onProgress = () => stop.abort(new Error('enough'));
      await expect(poster({ site, out, width, onProgress, signal: stop.signal })).rejects.toThrow('enough');
      expect(await contents(home)).toEqual(older);
    }
    const signal = AbortSignal.abort(new Error('before'));
    await expect(poster({ site, out, signal })).rejects.toThrow('before');
  });

  test('progress reaches its end, and never goes back', async () => {
    for (const [name, width] of [
      ['p1.jpg', 576],
      ['p2.tif', 400],
      ['p3.png', 576],
    ] as const) {
      const told: number[] = [];
      await poster({
        site,
        out: join(root, name),
        width,
        onProgress: ({ stage, done, total }) => {
          expect([stage, total]).toEqual(['poster', 1000]);
          told.push(done);
        },
      });
      expect(told.at(-1)).toBe(1000);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
    }
  });
});

describe('a site that cannot be trusted', () => {
  /** Expects that no poster is made of a site, and nothing is left. */
  async function expectRefused(damaged: string, expected: object, options: Partial<PosterOptions> = {}) {
    const home = join(root, 'of-damaged');
    await mkdir(home, { recursive: true });
    for (const name of ['p.jpg', 'p.tif', 'p.png']) {
      for (const width of [576, 570]) {
        const made = poster({ site: damaged, out: join(home, name), width, ...options });
        await expect(made, `${name}, ${width}`).rejects.toMatchObject(expected);
        await expect(made).rejects.toThrow(/^(?!.*undefined)/);
      }
    }
    expect(await readdir(home)).toEqual([]);
  }
  const failed = (message: RegExp) => ({ code: 'site', message: expect.stringMatching(message) as string });

  test('has its files', async () => {
    const damaged = await copied('missing');
    await rm(join(damaged, 'sheets'), { recursive: true });
    await expectRefused(damaged, failed(/^sheets\/.* of the site is missing$/));
    await rm(join(damaged, 'cells/0_0.js'));
    await expectRefused(damaged, failed(/^cells\/0_0\.js of the site is missing$/));
  });

  test('has no files that are others', async () => {
    const damaged = await copied('others');
    const large = await sharp({ create: { width: 3000, height: 3000, channels: 3, background: '#123' } })
      .jpeg()
      .toBuffer();
    for (const [path] of await contents(damaged)) {
      if (path.startsWith('sheets/')) await writeFile(join(damaged, path), large);
    }
    await expectRefused(damaged, failed(/of the site does not decode|expected/));
    for (const [path] of await contents(damaged)) {
      if (path.startsWith('sheets/')) await writeFile(join(damaged, path), 'no picture');
    }
    await expectRefused(damaged, failed(/does not decode/));
  });

  test('has no links out of it', async () => {
    const damaged = await copied('links');
    await rename(join(damaged, 'sheets'), join(root, 'moved'));
    await symlink(join(root, 'moved'), join(damaged, 'sheets'));
    await expectRefused(damaged, failed(/leads out of the site/));
  });

  test('is not built anew meanwhile', async () => {
    const changing = await copied('changing');
    let time = 1;
    const onProgress = () => utimesSync(join(changing, 'mosaic.json'), time, time++);
    await expectRefused(changing, { code: 'changed' }, { onProgress });
  });
});

describe('zoomosaic poster', () => {
  async function cli(...args: string[]) {
    let [stdout, stderr] = ['', ''];
    const here = {
      argv: ['node', 'zoomosaic', 'poster', ...args],
      stdout: { write: (text: string) => void (stdout += text) },
      stderr: { write: (text: string) => void (stderr += text) },
      exitCode: undefined,
      on: () => {},
      off: () => {},
    };
    await run(here as unknown as CliProcess);
    return { code: here.exitCode as number | undefined, stdout, stderr };
  }

  test('prints progress and a summary; --json prints one object alone', async () => {
    const out = join(root, 'cli.jpg');
    const said = await cli(site, '-o', out);
    expect(said.code).toBe(0);
    expect(said.stderr).toMatch(/^poster {3}writing the poster, [\d.]+ s\n$/);
    expect(said.stdout).toMatch(/cli\.jpg: 576 x 384 px, [\d.]+ kB\n/);
    expect(said.stdout).toContain("photos   64 x 64 px each; the site's own JPEG data, as it is\n");
    expect(said.stdout).toContain('print    9.8 x 6.5 cm at 150 dpi, 10.8 mm per photo\n');
    expect(said.stdout).toContain('         4.9 x 3.3 cm at 300 dpi, 5.4 mm per photo\n');
    const other = await cli(site, '-o', join(root, 'cli.tif'), '--width', '500', '--quality', '70');
    expect(other.stdout).toContain('px each; px shrunk from 576 x 384\n');
    const json = await cli(site, '-o', out, '--json', '--quiet', '--width', '100', '--width', '144');
    expect([json.code, json.stderr]).toEqual([0, '']);
    const result = JSON.parse(json.stdout) as PosterResult;
    expect(Object.keys(result).toSorted()).toEqual(
      // prettier-ignore
      ['site', 'out', 'format', 'width', 'height', 'bytes', 'cell', 'from', 'copied', 'prints', 'seconds', 'peakRssBytes'].toSorted(),
    );
    expect(result).toMatchObject({ site, out, format: 'jpeg', width: 144, height: 96 });
  });

  test('exits with 2 on wrong usage, and names its own help', async () => {
    const wrong = await cli(site, '-o', 'x.jpg', '--width', 'wide');
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain('for --width but received wide\nSee `zoomosaic poster --help`.');
    expect((await cli(site, '-o', 'x.jpg', '--widht', '5')).stderr).toContain('did you mean --width?');
    expect((await cli(site)).code).toBe(2);
  });
});
