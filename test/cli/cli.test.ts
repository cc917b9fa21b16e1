import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CliProcess, run as runHere } from '../../src/cli/run.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  /** Settles when the process has ended. */
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function start(args: string[], onError: (text: string) => void = () => {}): Run {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
    onError(stderr);
  });
  return { child, ended: new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr }))) };
}

const run = (...args: string[]) => start(args).ended;

let root: string;
const BUILD = ['build', 'target.png', 'images', '--cell-size', '32', '--columns', '6', '--catalog', 'catalog'];
beforeAll(async () => {
  root = await temporaryFolder();
  await writeWaves(join(root, 'target.png'), 60, 40, 50);
  await mkdir(join(root, 'images'));
  await writeMany(join(root, 'images'), 20);
});

describe('zoomosaic build', () => {
  test('prints progress on stderr, a summary and the next command on stdout', async () => {
    const { code, stdout, stderr } = await run(...BUILD, '-o', 'my site');
    expect(code).toBe(0);
    for (const stage of ['scan', 'catalog', 'match', 'measure', 'pyramid', 'site']) expect(stderr).toContain(stage);
    expect(stderr).toMatch(/catalog +20 images, [\d.]+ s/);
    expect(stdout).toMatch(/my site: 192 x 128 px/);
    expect(stdout).toMatch(/cells +24 \(6 x 4\) of 32 px/);
    expect(stdout).toMatch(/of 20 images used/);
    expect(stdout).toMatch(/memory +[\d.]+ MB at most/);
    expect(stdout).toMatch(/names +the site names your files/);
    expect(stdout).toMatch(/reports +my site-report: /);
    expect(stdout).toMatch(/Look at it: {2}zoomosaic serve 'my site'\n$/);
  });

  test('tells how near the best a placement with --max-uses is', async () => {
    const { code, stdout } = await run(...BUILD, '-o', 'twice', '--max-uses', '2', '--min-distance', '0');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /likeness SSIM [\d.]+, CIEDE2000 [\d.]+ at 2 px per cell; CIEDE2000 [\d.]+ from afar, where cells blend; the worst twentieth of the cells differ by \d+ or more\n {11}placement at most [\d.]+ % worse than the best possible/,
    );
  });

  test('prints exactly one JSON object with --json, nothing with --quiet', async () => {
    const { code, stdout, stderr } = await run(
      ...BUILD,
      '-o',
      'site',
      '--json',
      '--quiet',
      '--grid',
      '5x4',
      '--columns',
      '6',
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('either --columns or --grid');
    const good = await run(
      'build',
      'target.png',
      'images',
      '-o',
      'site',
      '--catalog',
      'catalog',
      '--cell-size',
      '32',
      '--grid',
      '5x4',
      '--json',
      '--quiet',
    );
    expect([good.code, good.stderr]).toEqual([0, '']);
    const result = JSON.parse(good.stdout) as Record<string, unknown>;
    expect(good.stdout.trimEnd()).not.toContain('\n');
    expect(Object.keys(result).toSorted()).toEqual([
      'aspects',
      'background',
      'bytes',
      'cell',
      'cellSize',
      'files',
      'fit',
      'grid',
      'height',
      'layouts',
      'leftOut',
      'levels',
      'linkedFiles',
      'names',
      'originalsGain',
      'out',
      'peakRssBytes',
      'quality',
      'report',
      'sources',
      'stages',
      'tileSize',
      'warnings',
      'width',
    ]);
    expect(result).toMatchObject({
      out: 'site',
      grid: { columns: 5, rows: 4 },
      layouts: ['dzi'],
      cell: { width: 32, height: 32 },
      cellSize: 32,
      aspects: [],
      width: 160,
      height: 128,
      sources: { found: 20, usable: 20, skipped: 0, duplicates: 0 },
    });
  });

  test('takes folders, files and globs, the last of an option said twice', async () => {
    await cp(join(root, 'images/001.jpg'), join(root, 'single.jpg'));
    await mkdir(join(root, 'deep/er'), { recursive: true });
    for (let i = 0; i < 3; i++) await writeWaves(join(root, `deep/er/${i}.png`), 50, 50, 200 + i);
    const { stdout } = await run(...BUILD, 'deep/**/*.png', 'single.jpg', '-o', 'mixed', '--json', '--columns', '4');
    expect(JSON.parse(stdout)).toMatchObject({
      grid: { columns: 4 },
      sources: { found: 24, usable: 23, duplicates: 1 },
    });
  });

  test('takes names that begin with a dash after --, and such as are values of options', async () => {
    for (const name of ['-name.png', 'true']) await cp(join(root, 'target.png'), join(root, name));
    await cp(join(root, 'images'), join(root, '--images'), { recursive: true });
    const options = ['--cell-size', '32', '--columns', '4', '--catalog', 'catalog', '--quiet', '--json', '--force'];
    const dashed = await run('build', '-o', 'dashed', ...options, '--', '-name.png', '--images');
    expect([dashed.stderr, dashed.code]).toEqual(['', 0]);
    expect(JSON.parse(dashed.stdout)).toMatchObject({ sources: { found: 20 } });
    expect((await run('build', '-o', 'yes', ...options, '--', 'true', '--images')).code).toBe(0);
    await cp(join(root, 'dashed'), join(root, '-site'), { recursive: true });
    expect(await run('verify', '--quiet', '--', '-site')).toMatchObject({ code: 0 });
    const missing = await run('build', '-o', 'x', '--', '-nowhere.png', 'images');
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('Cannot read the target ./-nowhere.png'),
    ]);
  });

  test.each([
    [['build'], /Not enough non-option arguments/],
    [['build', 'target.png', 'images'], /Missing required argument: out/],
    [[...BUILD, '-o', 'x', '--colums', '3'], /Unknown argument: colums/],
    [[...BUILD, '-o', 'x', '--quality', 'high'], /Expected a whole number for --quality but received high/],
    [
      ['build', 'target.png', 'images', '-o', 'x', '--grid', '3by4'],
      /Expected columns x rows, as in 96x64, for --grid but received 3by4/,
    ],
    [[...BUILD, '-o', 'x', '--cell-size', '100'], /Expected a power of two/],
    [['buidl'], /Unknown (argument|command): buidl/],
    [[], /Expected a command/],
  ])('exits with 2 on wrong usage: %j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/--help/);
  });

  test.each([
    [[...BUILD, '-o', 'x', '--no-layout'], /Unknown arguments?: .*no-?[lL]ayout/],
    [[...BUILD, '-o', 'x', '--layout.dzi', '1'], /Unknown arguments?: layout\.dzi/],
    [[...BUILD, '-o', 'x', '--no-out'], /Unknown arguments?: .*no-?[oO]ut/],
    [[...BUILD, '-o', 'x', '--catalog', ''], /Expected a path for --catalog but received ''/],
    [[...BUILD, '-o', ''], /Expected a path for --out but received ''/],
    [[...BUILD, '-o', 'x', '--weights', ''], /Expected a path, or auto for --weights but received ''/],
    [[...BUILD, '-o', 'x', '--placement', ''], /Expected a path for --placement but received ''/],
    [[...BUILD, '-o', 'x', '--pin', ''], /Expected column,row=image.* for --pin but received ''/],
    [[...BUILD, '-o', 'x', '--ban', ''], /Expected globs for --ban/],
    [['build', '', 'images', '-o', 'x'], /Expected a path for <target> but received ''/],
    [['build', 'target.png', '', '-o', 'x'], /Expected at least one file, folder or glob for <images>/],
    [['verify', ''], /Expected the folder of a site for <site> but received ''/],
    [['serve', 'x', '--port', '99999'], /Expected a whole number from 0 to 65535 for --port but received 99999/],
    [[...BUILD, '-o', 'x', '--columns', '9'.repeat(400)], /Expected a whole number from 1 for --columns but received/],
  ])('exits with 2 on values that are none: %j', async (args, message) => {
    let [stdout, stderr] = ['', ''];
    const here = {
      argv: ['node', 'zoomosaic', ...args],
      stdout: { write: (text: string) => void (stdout += text) },
      stderr: { write: (text: string) => void (stderr += text) },
      exitCode: undefined,
      on: () => {},
      off: () => {},
    };
    await runHere(here as unknown as CliProcess);
    expect([here.exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.length).toBeLessThan(500);
  });

  test('exits with 1 when it fails, and says what to do', async () => {
    const { code, stdout, stderr } = await run('build', 'nowhere.jpg', 'images', '-o', 'x', '--json');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/zoomosaic: Cannot read the target nowhere\.jpg.*\nExpected an image file/);
    await mkdir(join(root, 'foreign'));
    await writeFile(join(root, 'foreign/file'), '');
    const refused = await run(...BUILD, '-o', 'foreign');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--force');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'exits with 130 when interrupted by %s, leaving nothing behind',
    async (signal) => {
      const many = join(root, `many-${signal}`);
      await mkdir(many);
      await writeMany(many, 200);
      const args = [
        'build',
        'target.png',
        many,
        '-o',
        `stopped-${signal}`,
        '--catalog',
        `catalog-${signal}`,
        '--concurrency',
        '1',
      ];
      const { child, ended } = start(args, (stderr) => {
        if (!child.killed && stderr.includes('scan')) child.kill(signal);
      });
      const { code, stdout, stderr } = await ended;
      expect([code, stdout]).toEqual([130, '']);
      expect(stderr).toContain('Interrupted');
      expect((await readdir(root)).filter((name) => name.includes(`stopped-${signal}`))).toEqual([]);
    },
  );

  test('tells after an interruption which images the catalog keeps', async () => {
    let stderr = '';
    let stop = () => {};
    const here = {
      argv: ['node', 'zoomosaic', 'build', join(root, 'target.png'), join(root, 'images')].concat(
        ['--cell-size', '32', '--columns', '6', '-o', join(root, 'ended')],
        ['--catalog', join(root, 'catalog-ended')],
      ),
      stdout: { write: () => {} },
      // The line of a stage is printed when the next one begins.
      stderr: {
        write: (text: string) => {
          stderr += text;
          if (text.startsWith('catalog')) stop();
        },
      },
      exitCode: undefined,
      on: (_: string, listener: () => void) => void (stop = listener),
      off: () => {},
    };
    await runHere(here as unknown as CliProcess);
    expect(here.exitCode).toBe(130);
    expect(stderr).toMatch(
      /\nInterrupted: 20 images are kept in the catalog; run the same command again to go on\. The site is unchanged\.\n$/,
    );
    expect((await readdir(root)).filter((name) => name.startsWith('ended'))).toEqual([]);
  });

  test('helps with examples', async () => {
    const { code, stdout } = await run('build', '--help');
    expect(code).toBe(0);
    for (const text of ['--cell-size', '--max-uses', '[85]', 'Exit codes', 'zoomosaic build portrait.jpg photos/'])
      expect(stdout).toContain(text);
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await run('--version')).stdout.trim()).toBe(version);
  });
});

describe('zoomosaic verify', () => {
  test('exits with 0 for a whole site, with 1 and the file’s name for another', async () => {
    await run(...BUILD, '-o', 'checked');
    const whole = await run('verify', 'checked');
    expect([whole.code, whole.stdout]).toEqual([0, 'checked is whole: 9 tiles checked\n']);
    await rm(join(root, 'checked/mosaic_files/3/0_0.jpg'));
    const broken = await run('verify', 'checked', '--quiet');
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^mosaic_files\/3\/0_0\.jpg: missing\n/);
    expect((await run('verify', 'images')).stderr).toContain('images is no mosaic: there is no mosaic.json in it');
    const json = JSON.parse((await run('verify', 'checked', '--json')).stdout) as object;
    expect(json).toMatchObject({ tiles: 9, problems: [{ path: 'mosaic_files/3/0_0.jpg', problem: 'missing' }] });
  });
});

test('zoomosaic serve prints the address, serves, and ends cleanly', async () => {
  await run(...BUILD, '-o', 'served');
  const { child, ended } = start(['serve', 'served', '--port', '8765']);
  const url = await new Promise<string>((found) => {
    child.stdout!.on('data', (text: Buffer) => {
      const match = /http:\/\/\S+/.exec(text.toString());
      if (match) found(match[0]);
    });
  });
  const page = await fetch(url);
  expect(await page.text()).toContain('<title>Target</title>');
  child.kill('SIGINT');
  expect((await ended).code).toBe(0);
});

test('a closed pipe does no harm', async () => {
  const { child, ended } = start([...BUILD, '-o', 'piped', '--json', '--quiet']);
  child.stdout!.destroy();
  expect((await ended).stderr).toBe('');
});
