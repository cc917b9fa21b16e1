import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, fit, type Progress, rebase, verify } from '../../src/index.ts';
import { stageFiles } from '../../src/staging/staging.ts';
import { revive } from '../helpers/dying.ts';
import { writeWaves } from '../helpers/images.ts';
import { seeded } from '../helpers/random.ts';
import { buildInto, contents, put, workingFolder, writeInputs } from '../helpers/staged.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'images');
  await writeInputs(root);
});

const make = async (out: string, options?: Partial<BuildOptions>) => await buildInto(root, out, options);

describe('builds into one place', () => {
  test('at the same time in one process: each publishes a whole site, or says why not', async () => {
    const expected: string[] = [];
    for (const columns of [3, 4, 5]) {
      const alone = join(root, `alone-${columns}`);
      await make(alone, { columns, title: 'One' });
      expected.push(JSON.stringify(await contents(alone)));
    }
    const out = join(root, 'crowded');
    for (let round = 0; round < 4; round++) {
      const columns = [3, 4, 5].map((_, i) => [3, 4, 5][(i + round) % 3]!);
      await Promise.all(columns.map((own) => make(out, { columns: own, title: 'One' })));
      expect(expected).toContain(JSON.stringify(await contents(out)));
      expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
    }
  });

  test('fail plainly when somebody removes what they write into', async () => {
    const out = join(root, 'robbed');
    const onProgress = ({ stage }: Progress) => {
      if (stage !== 'measure' && stage !== 'pyramid') return;
      for (const name of fs.readdirSync(out)) fs.rmSync(join(out, name), { recursive: true, force: true });
    };
    await expect(make(out, { onProgress })).rejects.toMatchObject({
      code: 'out-exists',
      message: expect.stringContaining('was removed while it ran') as string,
    });
  });

  test('fail plainly when a file is missing of what they wrote', async () => {
    const out = join(root, 'short');
    const onProgress = ({ stage }: Progress) => {
      if (stage !== 'site') return;
      for (const name of fs.readdirSync(out))
        fs.rmSync(join(out, name, 'new/mosaic_files/0'), { recursive: true, force: true });
    };
    await expect(make(out, { onProgress })).rejects.toMatchObject({
      code: 'out-exists',
      message: expect.stringMatching(/\d+ files were written .* but \d+ are there/) as string,
    });
    expect(await readdir(root)).not.toContain('short');
  });
});

describe('a build that is stopped', () => {
  test.each(['scan', 'catalog', 'match', 'measure', 'pyramid', 'originals', 'site'] as const)(
    'in the stage %s leaves everything as it was',
    async (stage) => {
      const photos = join(root, 'stopped');
      if (stage === 'scan') {
        await mkdir(photos);
        await writeWaves(join(photos, 'large.jpg'), 2100, 2000, 7); // its pyramid takes a while
      }
      for (const i of [2, 3, 4]) await writeWaves(join(photos, `${i}.jpg`), 90, 60, i);
      const out = join(root, `site-${stage}`);
      await make(out);
      const before = await contents(out);
      const options = { images: [photos], originals: 'copy', layout: ['dzi', 'compact'], columns: 12 } as const;
      const stop = new AbortController();
      let told = false;
      const onProgress = (progress: Progress) => {
        told ||= progress.stage === stage;
        if (progress.stage === stage && progress.done > 0) stop.abort(new Error('enough'));
      };
      const started = await make(out, { ...options, onProgress, signal: stop.signal }).then(
        () => 'finished',
        (error: Error) => error.message,
      );
      expect(told).toBe(true);
      // Once the new site is in its place, it is too late.
      expect(started).toBe('enough');
      expect(await contents(out)).toEqual(before);
      await setTimeout(200);
      expect(await contents(out)).toEqual(before);
    },
  );
});

describe('what builds left behind', () => {
  const elsewhere = { host: 'elsewhere', pid: 1, space: 'other boot pid:[1]', started: '12' };

  test.each([
    ['a build on another host that lives', elsewhere, 1_000, true],
    ['a build on another host that is long silent', elsewhere, 3_600_000, false],
    [
      'a build in another container with our own id',
      { host: hostname(), pid: process.pid, space: 'x', started: '1' },
      2_000,
      true,
    ],
    ['a build of nobody known that lives', {}, 3_000, true],
  ])('is told from what lives: %s', async (name, owner, age, lives) => {
    const out = join(root, name.replaceAll(' ', '-'));
    await mkdir(out);
    const folder = await workingFolder(out, owner, age);
    await make(out);
    expect((await readdir(out)).includes(folder)).toBe(lives);
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('a process of this machine that was killed is dead at once, whatever its beat', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const out = join(root, 'killed');
    await mkdir(out);
    const stat = await readFile(`/proc/${child.pid}/stat`, 'latin1');
    const space = `${(await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()} ${fs.readlinkSync('/proc/self/ns/pid')}`;
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const folder = await workingFolder(out, { host: hostname(), pid: child.pid, space, started }, 4_000_000);
    await make(out);
    expect(await readdir(out)).toContain(folder);
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
    const now = new Date();
    await utimes(join(out, folder, 'beat'), now, now);
    await make(out);
    expect(await readdir(out)).not.toContain(folder);
  });

  test('goes with the next look at the site, whole as that is', async () => {
    const out = join(root, 'left');
    await make(out);
    await workingFolder(out, elsewhere, 3_600_000);
    await fit({ site: out });
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a lock that is none is taken away', async () => {
    const out = join(root, 'linked-lock');
    await mkdir(out);
    await symlink('nowhere', join(out, '.zoomosaic-lock'));
    await fs.promises.lutimes(join(out, '.zoomosaic-lock'), 0, 0);
    await make(out);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('is nothing where the disk has room for no lock', async () => {
    const out = join(root, 'crammed');
    await make(out);
    const whole = await contents(out);
    const writeReally = fs.writeFileSync;
    fs.writeFileSync = (file, ...rest) => {
      const [data] = rest;
      if (typeof data !== 'string' || !/^\.zoomosaic-[0-9a-f]{16}$/.test(data)) return writeReally(file, ...rest);
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    syncBuiltinESMExports();
    try {
      await expect(make(out, { columns: 5 })).rejects.toMatchObject({ code: 'disk-full' });
    } finally {
      revive();
    }
    expect(await contents(out)).toEqual(whole);
  });

  test('a lock of the dead is taken away', async () => {
    const out = join(root, 'locked');
    await mkdir(out);
    await writeFile(join(out, '.zoomosaic-lock'), '.zoomosaic-00000000000000ff');
    await make(out);
    expect((await readdir(out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('commands that change a site at once', () => {
  test('files are for the site that they were made for, and for no other', async () => {
    const out = join(root, 'replaced');
    await make(out);
    const staged = await stageFiles(out, new AbortController().signal);
    await put(staged.folder, { 'mosaic.json': '{}' });
    await make(out, { columns: 5 });
    const whole = await contents(out);
    await expect(staged.commit({ files: ['mosaic.json'], gone: ['mosaic.dzi'] })).rejects.toMatchObject({
      code: 'site',
      message: expect.stringContaining('was changed by another command meanwhile') as string,
    });
    await staged.discard();
    const own = (path: string) => path.startsWith('.zoomosaic-');
    expect(Object.keys(whole).filter((path) => !own(path))).toEqual(Object.keys(await contents(out)));
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('a new address waits for the site that is just being put there', async () => {
    const out = join(root, 'moved');
    await make(out, { layout: 'iiif', baseUrl: 'https://a.example' });
    const folder = await workingFolder(out, { host: 'elsewhere', pid: 1 }, 0);
    await writeFile(join(out, '.zoomosaic-lock'), folder);
    const manifest = join(out, 'iiif/manifest.json');
    const before = await readFile(manifest, 'utf8');
    const rebasing = rebase({ site: out, baseUrl: 'https://b.example' });
    await setTimeout(300);
    expect(await readFile(manifest, 'utf8')).toBe(before);
    await rm(join(out, '.zoomosaic-lock'));
    await rebasing;
    expect(await readFile(manifest, 'utf8')).toContain('https://b.example');
  });
});

describe('builds that are killed', () => {
  test('leave the old site or the new one; the next build leaves nothing but its site', async () => {
    const cli = join(import.meta.dirname, '../../dist/cli/bin.cjs');
    const args = [
      'build',
      join(root, 'target.png'),
      images,
      '--catalog',
      join(root, 'catalog'),
      '--cell-size',
      '32',
      '--title',
      'One',
    ];
    const expected = join(root, 'expected');
    execFileSync(process.execPath, [cli, ...args, '--columns', '40', '-o', expected, '--quiet']);
    const whole = await contents(expected);
    const out = join(root, 'kills');
    const random = seeded(13);
    for (let kill = 0; kill < 6; kill++) {
      const child = spawn(process.execPath, [cli, ...args, '--columns', '40', '-o', out, '--quiet']);
      const ended = new Promise((done) => child.once('exit', done));
      await setTimeout(150 + random() * 900);
      child.kill('SIGKILL');
      await ended;
    }
    execFileSync(process.execPath, [cli, ...args, '--columns', '40', '-o', out, '--quiet']);
    expect(await contents(out)).toEqual(whole);
  });
});
