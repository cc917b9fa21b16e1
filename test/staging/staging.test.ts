import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions, fit, type Progress, rebase, serve, verify } from '../../src/index.ts';
import { readJournal, type SiteJournal } from '../../src/staging/journal.ts';
import { recover } from '../../src/staging/recover.ts';
import { stageFiles } from '../../src/staging/staging.ts';
import { completeSwap, swapIn } from '../../src/staging/swap.ts';
import { takeOver } from '../../src/staging/working-folder.ts';
import { dieAfter, removeOwn, revive } from '../helpers/dying.ts';
import { writeMany, writeWaves } from '../helpers/images.ts';
import { filesOf } from '../helpers/levels.ts';
import { seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
let images: string;
beforeAll(async () => {
  root = await temporaryFolder();
  images = join(root, 'images');
  await mkdir(images);
  await writeMany(images, 6);
  await writeWaves(join(root, 'target.png'), 60, 40, 99);
});

const NAMED = { option: '--out', path: 'site' } as const;

async function make(out: string, options: Partial<BuildOptions> = {}) {
  const files = { target: join(root, 'target.png'), images: [images], catalog: join(root, 'catalog') };
  return await build({ ...files, out, columns: 4, cellSize: 32, ...options });
}

async function put(folder: string, files: object): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text as string);
  }
}

/** Every file of a folder with its contents, hidden ones, too. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files = await filesOf(folder);
  const texts = files.map(async (path) => [path, await readFile(join(folder, path), 'latin1')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

describe('inputs are never written over', () => {
  test('photographs behind a link to the folder that the site would go to', async () => {
    const photos = join(root, 'linked');
    await mkdir(photos);
    await writeMany(photos, 4);
    await symlink('linked', join(root, 'pics'));
    const before = await contents(photos);
    const failing = make(photos, { images: [join(root, 'pics')], force: true });
    await expect(failing).rejects.toMatchObject({ code: 'out-exists' });
    expect(await contents(photos)).toEqual(before);
  });

  test('photographs whose names begin with two dots', async () => {
    const photos = join(root, 'dotted');
    await mkdir(join(photos, '..family'), { recursive: true });
    await writeMany(join(photos, '..family'), 4);
    const file = join(photos, '..family/001.jpg');
    await rename(file, join(photos, '..one.jpg'));
    for (const input of [join(photos, '..one.jpg'), join(photos, '..family/000.jpg')]) {
      await expect(make(photos, { images: [input, images], force: true })).rejects.toMatchObject({
        code: 'out-exists',
        message: expect.stringContaining(input) as string,
      });
    }
  });

  test('links in there, and what links from elsewhere lead to', async () => {
    const place = join(root, 'entangled');
    await mkdir(place);
    await writeWaves(join(place, 'real.jpg'), 60, 40, 1);
    await symlink(join(images, '001.jpg'), join(place, 'link.jpg'));
    await symlink(join(place, 'real.jpg'), join(root, 'outside.jpg'));
    for (const input of [join(place, 'link.jpg'), join(root, 'outside.jpg')]) {
      await expect(make(place, { images: [input], force: true })).rejects.toMatchObject({ code: 'out-exists' });
    }
  });

  test('target, catalog, weights, placements and pins', async () => {
    const place = join(root, 'inputs');
    await mkdir(place);
    await writeWaves(join(place, 'picture.png'), 60, 40, 1);
    await writeFile(join(place, 'list.csv'), 'column,row,source\n0,0,000.jpg\n');
    const picture = join(place, 'picture.png');
    const pin = { column: 0, row: 0, image: '000.jpg', file: join(place, 'list.csv') };
    for (const options of [
      { target: picture },
      { weights: picture },
      { placement: join(place, 'list.csv'), columns: undefined, grid: { columns: 1, rows: 1 } },
      { pins: [pin] },
      { catalog: join(place, 'catalog') },
      { catalog: place },
    ]) {
      const failing = make(place, { ...options, force: true } as Partial<BuildOptions>);
      await expect(failing, JSON.stringify(options)).rejects.toMatchObject({ code: 'out-exists' });
    }
    expect(Object.keys(await contents(place))).toEqual(['list.csv', 'picture.png']);
    const later = join(root, 'not-yet');
    await expect(make(later, { catalog: join(later, 'catalog') })).rejects.toMatchObject({ code: 'out-exists' });
    expect(await readdir(root)).not.toContain('not-yet');
  });
});

describe('what else lies in the folder of a site', () => {
  const STRANGERS = {
    '.git/HEAD': 'ref',
    '.nojekyll': '',
    CNAME: 'example.org',
    _headers: '/*',
    'notes/of/mine.txt': 'mine',
    'viewer/custom.css': 'body {}',
    'tiles/0/readme.txt': 'mine, too',
    'tiles/mine/0.jpg': 'mine',
    'report/notes.txt': 'good',
    'tiles/0/000.jpg.txt': 'mine',
  };

  test('is there after the site was built anew, in another layout, too', async () => {
    const out = join(root, 'published');
    await make(out, { layout: ['dzi', 'compact'] });
    for (const [path, text] of Object.entries(STRANGERS)) {
      await mkdir(join(out, path, '..'), { recursive: true });
      await writeFile(join(out, path), text);
    }
    await symlink('CNAME', join(out, 'viewer/link'));
    await make(out, { columns: 5, layout: 'compact' });
    const after = await contents(out);
    expect(after).toMatchObject(STRANGERS);
    expect(fs.readlinkSync(join(out, 'viewer/link'))).toBe('CNAME');
    const alone = join(root, 'unpublished');
    await make(alone, { columns: 5, layout: 'compact', title: 'Target' });
    const own = Object.keys(after).filter((path) => !(path in STRANGERS) && path !== 'viewer/link');
    expect(own).toEqual(Object.keys(await contents(alone)));
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test('is refused where the site needs a name for something else, before anything is done', async () => {
    const out = join(root, 'obstructed');
    await mkdir(join(out, 'index.html'), { recursive: true });
    await writeFile(join(out, 'tiles'), 'a file');
    const seen: Progress[] = [];
    const failing = make(out, { force: true, onProgress: (progress) => seen.push(progress) });
    await expect(failing).rejects.toMatchObject({
      code: 'out-exists',
      message: expect.stringMatching(/^index\.html in --out is a folder; a site needs a file|^tiles/) as string,
    });
    expect(seen.filter(({ stage }) => stage !== 'scan')).toEqual([]);
    expect(await contents(out)).toEqual({ tiles: 'a file' });
  });

  test('--force puts the site beside what is in a folder', async () => {
    const out = join(root, 'forced');
    await mkdir(join(out, 'tiles/mine'), { recursive: true });
    await writeFile(join(out, 'diary.txt'), 'dear diary');
    await writeFile(join(out, 'tiles/mine/holiday.jpg'), 'photo');
    await make(out, { force: true });
    expect(await contents(out)).toMatchObject({ 'diary.txt': 'dear diary', 'tiles/mine/holiday.jpg': 'photo' });
    expect((await verify({ site: out })).problems).toEqual([]);
  });

  test("is nobody else's to remove where there is no site, though sites have such names", async () => {
    const out = join(root, 'photographs');
    const files = { 'originals/2019/1.jpg': 'mine', 'originals/0/0001.jpg': 'mine', 'tiles/0/2048.jpg': 'mine' };
    await put(out, files);
    await make(out, { force: true });
    await make(out, { originals: 'copy', columns: 5 });
    expect(await contents(out)).toMatchObject(files);
    for (const path of ['index.html', 'originals/0/1.jpg', 'cells/0_0.js']) {
      const place = join(root, `photographs-${path.replaceAll('/', '-')}`);
      await put(place, { [path]: 'mine' });
      await expect(make(place, { force: true })).rejects.toMatchObject({
        code: 'out-exists',
        message: expect.stringContaining(path) as string,
      });
      expect(await contents(place)).toEqual({ [path]: 'mine' });
    }
  });

  test('is refused before anything is done where the site that is there has no such files, or other things', async () => {
    const out = join(root, 'without-originals');
    await make(out);
    const whole = await contents(out);
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    const refused = async (path: string) => {
      await expect(make(out, { columns: 5, onProgress })).rejects.toMatchObject({
        code: 'out-exists',
        message: expect.stringContaining(path) as string,
      });
      expect(seen.filter(({ stage }) => stage !== 'scan')).toEqual([]);
    };
    await put(out, { 'originals/0/1.jpg': 'mine' });
    await refused('originals/0/1.jpg');
    expect(await contents(out)).toEqual({ ...whole, 'originals/0/1.jpg': 'mine' });
    await rm(join(out, 'originals'), { recursive: true });
    await rename(join(out, 'mosaic_files/0'), join(root, 'level-0'));
    await symlink(join(root, 'level-0'), join(out, 'mosaic_files/0'));
    await refused('mosaic_files/0');
    expect(await readdir(join(root, 'level-0'))).toEqual(['0_0.jpg']);
  });

  test('a link as --out is followed, and stays', async () => {
    await mkdir(join(root, 'disk'));
    await symlink('disk/site', join(root, 'link'));
    for (const columns of [4, 5]) {
      await make(join(root, 'link'), { columns });
      expect((await fs.promises.lstat(join(root, 'link'))).isSymbolicLink()).toBe(true);
      expect((await verify({ site: join(root, 'disk/site') })).problems).toEqual([]);
    }
  });
});

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

/** Makes a folder as another build would, on another host or in this one's past. */
async function workingFolder(place: string, owner: object, ageMs: number): Promise<string> {
  const name = `.zoomosaic-${Math.floor(seeded(ageMs)() * 1e16)
    .toString(16)
    .padStart(16, '0')
    .slice(0, 16)}`;
  const path = join(place, name);
  await mkdir(join(path, 'new/tiles'), { recursive: true });
  await writeFile(join(path, 'owner.json'), JSON.stringify(owner));
  await writeFile(join(path, 'beat'), '.');
  const then = new Date(Date.now() - ageMs);
  await utimes(join(path, 'beat'), then, then);
  return name;
}

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

describe('a swap that is cut short', () => {
  afterEach(revive);

  async function sites(): Promise<{ place: string; working: string; before: object; after: object }> {
    const place = join(root, 'swapping');
    await rm(place, { recursive: true, force: true });
    const old = {
      'index.html': 'old',
      'mosaic.json': '{"format":"zoomosaic"}',
      'tiles/0/0.jpg': 'old',
      'mosaic.dzi': 'old',
    };
    const fresh = { 'index.html': 'new', 'mosaic.json': '{}', 'tiles/0/0.jpg': 'new', 'cells/0_0.js': 'new' };
    const strangers = { CNAME: 'mine', 'tiles/mine.txt': 'mine', 'report/mine.txt': 'mine' };
    const working = '.zoomosaic-0000000000000001';
    await put(place, { ...old, ...strangers });
    await put(join(place, working, 'new'), fresh);
    await put(join(place, working), { 'owner.json': '{"host":"gone","pid":1}', beat: '.' });
    const then = new Date(0);
    await utimes(join(place, working, 'beat'), then, then);
    return { place, working, before: { ...old, ...strangers }, after: { ...fresh, ...strangers } };
  }

  test('anywhere: the next command completes it, or it never began', async () => {
    const ends = new Set<string>();
    for (let calls = 0; ; calls++) {
      const { place, working, before, after } = await sites();
      dieAfter(calls);
      const died = await swapIn(place, join(place, working)).then(
        () => false,
        () => true,
      );
      revive();
      await recover(place, NAMED);
      const found = await contents(place);
      expect([before, after], `after ${calls} calls`).toContainEqual(found);
      ends.add(found['index.html']!);
      if (!died) break;
    }
    expect(ends.size).toBe(2);
  });

  test('is completed in the midst of completing it', async () => {
    for (let first = 4; first < 16; first += 3) {
      for (let second = 0; second < 12; second += 2) {
        const { place, working, before, after } = await sites();
        for (const calls of [first, second]) {
          dieAfter(calls);
          const act = calls === first ? swapIn(place, join(place, working)) : recover(place, NAMED);
          await act.catch(() => {});
          revive();
        }
        // What recovery itself left behind belongs to this process, which lives.
        await removeOwn(place);
        await recover(place, NAMED);
        const found = await contents(place);
        expect([before, after], `${first}, ${second}`).toContainEqual(found);
      }
    }
  });

  test('fails, and all is as it was', async () => {
    const { place, working, before } = await sites();
    let renames = 0;
    const renameReally = fs.renameSync;
    fs.renameSync = (from, to) => {
      if (++renames === 6) throw Object.assign(new Error('EBUSY: busy'), { code: 'EBUSY' });
      renameReally(from, to);
    };
    syncBuiltinESMExports();
    await expect(swapIn(place, join(place, working))).rejects.toThrow('EBUSY');
    revive();
    await rm(join(place, working), { recursive: true });
    expect(await contents(place)).toEqual(before);
  });

  test('is over for a process that slept in it, once another has completed it', async () => {
    for (let renames = 0; ; renames++) {
      const { place, working, after } = await sites();
      let left = renames;
      const renameReally = fs.renameSync;
      fs.renameSync = (from, to) => {
        if (left-- === 0) {
          fs.renameSync = renameReally;
          syncBuiltinESMExports();
          const taken = takeOver(join(place, working))!;
          const journal = readJournal(taken);
          if (journal) completeSwap(place, taken, journal as SiteJournal);
        }
        renameReally(from, to);
      };
      syncBuiltinESMExports();
      const end = await swapIn(place, join(place, working)).then(
        () => 'done',
        () => 'failed',
      );
      revive();
      if (left >= 0) break;
      // The first is that of the journal: nothing was begun.
      expect(end, `after ${renames} renames`).toBe('failed');
      await recover(place, NAMED);
      if (renames > 0) expect(await contents(place), `after ${renames} renames`).toEqual(after);
    }
  });

  test('moves files one by one where folders cannot be moved, as in layers of containers', async () => {
    const ends = new Set<string>();
    for (let calls = 0; ; calls++) {
      const { place, working, before, after } = await sites();
      dieAfter(calls);
      const dying = fs.renameSync;
      fs.renameSync = (from, to) => {
        if (fs.statSync(from).isDirectory() && !String(from).includes('.zoomosaic-'))
          throw Object.assign(new Error('EXDEV'), { code: 'EXDEV' });
        dying(from, to);
      };
      syncBuiltinESMExports();
      const died = await swapIn(place, join(place, working)).then(
        () => false,
        () => true,
      );
      revive();
      await recover(place, NAMED);
      const found = await contents(place);
      expect([before, after], `after ${calls} calls`).toContainEqual(found);
      ends.add(found['index.html']!);
      if (!died) break;
    }
    expect(ends.size).toBe(2);
  });

  test("of a build that was killed as another one worked is completed before the other one's site is put there", async () => {
    const { place, working } = await sites();
    await put(join(place, working, 'new'), { 'mosaic.json': '{"format":"zoomosaic"}' });
    const beat = join(place, working, 'beat');
    const now = new Date();
    await utimes(beat, now, now);
    let killed = false;
    const onProgress = ({ stage }: Progress) => {
      if (stage !== 'pyramid' || killed) return;
      killed = true;
      fs.utimesSync(beat, 0, 0);
      fs.writeFileSync(
        join(place, working, 'swap.json'),
        JSON.stringify({
          format: 'zoomosaic-swap',
          version: 1,
          kind: 'site',
          entries: ['index.html', 'mosaic.json', 'tiles', 'cells'],
        }),
      );
      fs.mkdirSync(join(place, working, 'old'));
      for (const name of ['index.html', 'mosaic.json'])
        fs.renameSync(join(place, name), join(place, working, 'old', name));
    };
    await make(place, { onProgress });
    expect(killed).toBe(true);
    await recover(place, NAMED);
    expect((await verify({ site: place })).problems).toEqual([]);
    expect((await readdir(place)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('moves and removes nothing through links that came with a site', async () => {
    const { place, working, before } = await sites();
    await put(join(root, 'home'), { 'index.html': 'mine', 'notes.txt': 'mine', 'tiles/0/0.jpg': 'mine' });
    const home = await contents(join(root, 'home'));
    for (const name of ['old', 'new']) {
      await rm(join(place, working, name), { recursive: true, force: true });
      await symlink(join(root, 'home'), join(place, working, name));
    }
    await recover(place, NAMED);
    expect(await contents(join(root, 'home'))).toEqual(home);
    expect(await contents(place)).toEqual(before);
  });

  test.each(['{', '{"kind":"site","entries":7}', '{"kind":"files","files":[]}'])(
    'is refused with what to do where nobody can tell what it was: %s',
    async (journal) => {
      const { place, working } = await sites();
      await writeFile(join(place, working, 'swap.json'), journal);
      await expect(recover(place, NAMED)).rejects.toMatchObject({
        code: 'site',
        remedy: expect.stringMatching(/^Remove .*\.zoomosaic-[0-9a-f]{16}, and build/) as string,
      });
    },
  );

  test('is completed by whoever looks at the site', async () => {
    const out = join(root, 'looked-at');
    await make(out);
    const whole = await contents(out);
    const working = join(out, '.zoomosaic-0000000000000002');
    await mkdir(join(working, 'new'), { recursive: true });
    for (const name of ['index.html', 'mosaic.json', 'cells'])
      await rename(join(out, name), join(working, 'new', name));
    await writeFile(
      join(working, 'swap.json'),
      JSON.stringify({
        format: 'zoomosaic-swap',
        version: 1,
        kind: 'site',
        entries: (await readdir(out))
          .filter((name) => !name.startsWith('.'))
          .concat('index.html', 'mosaic.json', 'cells'),
      }),
    );
    await writeFile(join(working, 'owner.json'), '{"host":"gone","pid":1}');
    await writeFile(join(working, 'beat'), '.');
    const then = new Date(0);
    await utimes(join(working, 'beat'), then, then);
    const serving = await serve({ site: out, port: 0 });
    await serving.close();
    expect(await contents(out)).toEqual(whole);
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
