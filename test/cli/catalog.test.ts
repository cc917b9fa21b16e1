import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CliProcess, run as runHere } from '../../src/cli/run.ts';
import { checkCatalog } from '../../src/index.ts';
import { copied, expectOthers, type Gone, RECIPES, traces, useCatalog, type Used } from '../helpers/forgotten.ts';
import { filesOf } from '../helpers/levels.ts';

const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));

let used: Used;
let gone: Gone;
let removed: string;
beforeAll(async () => {
  used = await useCatalog();
  gone = used.gone;
  removed = dirname([...gone.paths][0]!);
  await rm(removed, { recursive: true });
});

/** Runs the command line in this process. */
async function run(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const here = {
    argv: ['node', 'zoomosaic', 'catalog', ...args],
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
    exitCode: undefined as unknown,
    on: () => {},
    off: () => {},
  };
  await runHere(here as unknown as CliProcess);
  return { code: here.exitCode, stdout, stderr };
}

/** Starts it in a process of its own. */
function start(...args: string[]): { child: ChildProcess; ended: Promise<number | string | null> } {
  const child = spawn(process.execPath, [BIN, 'catalog', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  return { child, ended: new Promise((done) => child.on('close', (code, signal) => done(code ?? signal))) };
}

async function contentsOf(folder: string): Promise<string[]> {
  const paths = await filesOf(folder);
  return await Promise.all(paths.map(async (path) => `${path} ${await readFile(join(folder, path), 'latin1')}`));
}

describe('zoomosaic catalog', () => {
  test('stat tells what is in it', async () => {
    const { code, stdout, stderr } = await run('stat', used.pristine);
    expect(code).toBe(0);
    expect(stderr).toMatch(/read +\d+ shards.*\nask +11 files/);
    expect(stdout).toMatch(/pristine: [\d.]+ kB\n {2}files {5}11 known: 7 as indexed, 4 in missing folders\n/);
    expect(stdout).toContain(`  missing   ${removed}: its 4 known files are not there\n`);
    expect(stdout).toMatch(
      / {2}recipe {4}32 px, tiles of 256 px, jpeg, quality 85, 4:2:0, crop centre\n {12}8 sources, 16 pictures, 11 files known, 2 broken images, 5 shards, [\d.]+ kB\n/,
    );
    const { stdout: json, stderr: quiet } = await run('stat', used.pristine, '--json', '--quiet');
    expect(quiet).toBe('');
    expect(JSON.parse(json)).toMatchObject({ catalog: used.pristine, files: { known: 11 }, recipes: [{}, {}, {}] });
    expect(json.trimEnd()).not.toContain('\n');
  });

  test('check exits with 0 if it is sound, and 1 if not, and names what to do', async () => {
    const catalog = await copied(used.pristine, 'checked');
    expect(await run('check', catalog, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await run('check', catalog)).stdout).toMatch(
      /checked is sound: \d+ shards, \d+ rows, [\d.]+ kB checked\n$/,
    );
    const path = (await filesOf(catalog)).find((file) => file.endsWith('.bin'))!;
    await writeFile(join(catalog, path), 'short');
    const { code, stdout } = await run('check', catalog, '--quiet');
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${path}: is damaged.*\n.*checked is not sound: 1 problem;.*\n.*catalog prune`));
    const json = await run('check', catalog, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ problems: [{ path }] });
  });

  test('prune tells what it removes, and keeps what may come back', async () => {
    const catalog = await copied(used.pristine, 'pruned');
    const kept = await run('prune', catalog);
    expect(kept.code).toBe(1);
    expect(kept.stdout).toContain(`  missing   ${removed}: its 4 known files are not there\n`);
    expect(kept.stdout).toContain('--removed-folder');
    expect((await traces(catalog, gone)).length).toBeGreaterThan(0);
    const before = await contentsOf(catalog);
    const options = ['--removed-folder', removed, '--removed-folder', 'another'];
    const dry = await run('prune', catalog, '--dry-run', ...options);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/would free [\d.]+ kB: 4 files that are gone; all data of 3 images\n$/);
    expect(await contentsOf(catalog)).toEqual(before);
    const done = await run('prune', catalog, ...options);
    expect(done).toMatchObject({ code: 0, stdout: dry.stdout.replace('would free', 'freed') });
    expect(done.stderr).toMatch(/prune +\d+ shards/);
    expect(await traces(catalog, gone)).toEqual([]);
    expect((await run('prune', catalog)).stdout).toMatch(/freed 0 bytes: nothing to remove\n$/);
    expect(JSON.parse((await run('prune', catalog, '--json', '--quiet')).stdout)).toMatchObject({ images: 0 });
  });

  test.each([
    [[], 2, /Expected stat, check or prune after catalog\n.*catalog --help/],
    [['prnue'], 2, /did you mean prune\?/],
    [['prune', '--dri-run'], 2, /did you mean --dry-run\?/],
    [['stat', 'a', 'b'], 2, /Unknown argument: b/],
    [['stat', '--dry-run'], 2, /Unknown arguments?: dry-run/],
    [['stat', ''], 2, /Expected the folder of a catalog but received ''\n.*catalog --help/],
    [['prune', '--removed-folder', ''], 2, /Expected a folder for --removed-folder but received ''/],
    [['check', 'nowhere'], 1, /There is no catalog in nowhere\nName the folder/],
  ])('refuses what is wrong: %j', async (args, code, message) => {
    const ended = await run(...args);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(message);
  });
});

describe('a prune that ends early', () => {
  const prune = (catalog: string) => start('prune', catalog, '--removed-folder', removed);
  /** Waits until it holds the lock. */
  async function holdsLock(catalog: string, { child }: ReturnType<typeof start>): Promise<void> {
    while (!existsSync(join(catalog, '.zoomosaic-lock')) && child.exitCode === null) await setTimeout(1);
  }

  test('killed anywhere, has lost nothing else, and the next one finishes it', async () => {
    let killed = 0;
    for (let wait = 0; wait <= 150; wait += 30) {
      const catalog = await copied(used.pristine, 'killed');
      const pruning = prune(catalog);
      await holdsLock(catalog, pruning);
      await setTimeout(wait);
      pruning.child.kill('SIGKILL');
      if ((await pruning.ended) === 'SIGKILL') killed++;
      const message = `after ${wait} ms`;
      await expectOthers(await copied(catalog, 'killed, seen'), used, message, RECIPES.slice(0, 2));
      expect(await prune(catalog).ended, message).toBe(0);
      expect(await traces(catalog, gone), message).toEqual([]);
      expect(await checkCatalog({ catalog }), message).toMatchObject({ problems: [] });
      expect((await readdir(catalog)).filter((name) => name.startsWith('.'))).toEqual([]);
      await expectOthers(catalog, used, message, RECIPES.slice(2));
    }
    expect(killed).toBeGreaterThan(2);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('exits with 130 on %s', async (signal) => {
    const catalog = await copied(used.pristine, `stopped by ${signal}`);
    // It waits for somebody who seems to be writing a shard.
    const path = (await filesOf(catalog)).find((file) => file.endsWith('.json'))!;
    await writeFile(join(catalog, path.replace(/json$/, 'bin.tmp')), 'somebody is writing');
    const pruning = prune(catalog);
    let stderr = '';
    pruning.child.stderr!.on('data', (text: Buffer) => (stderr += text.toString()));
    await holdsLock(catalog, pruning);
    await setTimeout(400);
    pruning.child.kill(signal);
    expect(await pruning.ended).toBe(130);
    expect(stderr).toContain('Interrupted: the catalog is sound; run the same command again');
    await rm(join(catalog, path.replace(/json$/, 'bin.tmp')));
    expect(await prune(catalog).ended).toBe(0);
    expect(await traces(catalog, gone)).toEqual([]);
    await expectOthers(catalog, used);
  });
});

test.runIf(process.platform === 'linux')('the folder of builds is the default one', async () => {
  const { XDG_CACHE_HOME } = process.env;
  const home = await copied(used.pristine, 'cache');
  process.env['XDG_CACHE_HOME'] = home;
  try {
    const { stderr } = await run('stat');
    expect(stderr).toContain(`There is no catalog in ${join(home, 'zoomosaic')}`);
    await rename(home, `${home} 2`);
    await copied(`${home} 2`, 'cache/zoomosaic');
    expect((await run('stat')).stdout).toMatch(/zoomosaic: [\d.]+ kB/);
  } finally {
    if (XDG_CACHE_HOME === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = XDG_CACHE_HOME;
  }
});
