import fs from 'node:fs';
import { lutimes, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FilesJournal, readJournal } from '../../src/staging/journal.ts';
import { completePatch, patchIn } from '../../src/staging/patch.ts';
import { recover } from '../../src/staging/recover.ts';
import { takeOver } from '../../src/staging/working-folder.ts';
import { dieAfter, removeOwn, revive } from '../helpers/dying.ts';
import { filesOf } from '../helpers/levels.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const OLD = {
  'index.html': 'old',
  'mosaic.json': 'old',
  'tiles/0/0.jpg': 'old',
  'tiles/0/1.jpg': 'same',
  CNAME: 'mine',
};
const FRESH = { 'index.html': 'new', 'tiles/0/0.jpg': 'new', 'cells/0_0.js': 'new' };
const PATCH = { files: ['tiles/0/0.jpg', 'cells/0_0.js', 'index.html'], gone: ['originals/0/7.jpg'] };
const AFTER = { ...OLD, ...FRESH };
const BEFORE = { ...OLD, 'originals/0/7.jpg': 'old' };
const NAMED = { option: '--out', path: 'site' } as const;
const WORKING = '.zoomosaic-0000000000000001';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});
afterEach(revive);

async function put(folder: string, files: object): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text as string);
  }
}

async function contents(folder: string): Promise<Record<string, string>> {
  const paths = await filesOf(folder);
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  );
}

/** A site, and files for it in the working folder of a process that is dead. */
async function site(): Promise<{ place: string; working: string }> {
  const place = join(root, 'site');
  await rm(place, { recursive: true, force: true });
  const working = join(place, WORKING);
  await put(place, BEFORE);
  await put(join(working, 'new'), FRESH);
  await put(working, { 'owner.json': '{"host":"gone","pid":1}', beat: '.' });
  await utimes(join(working, 'beat'), new Date(0), new Date(0));
  return { place, working };
}

describe('files take the place of others', () => {
  test('and others are removed, with folders that nothing is left in', async () => {
    const { place, working } = await site();
    patchIn(place, working, PATCH);
    await rm(working, { recursive: true });
    expect(await contents(place)).toEqual(AFTER);
    expect(await readdir(place)).not.toContain('originals');
  });

  test('all or none, wherever that is cut short and however often', async () => {
    const ends = new Set<string>();
    for (let calls = 0; ; calls++) {
      const { place, working } = await site();
      dieAfter(calls);
      let died = false;
      try {
        patchIn(place, working, PATCH);
      } catch {
        died = true;
      }
      if (calls % 3 === 2) {
        dieAfter(calls % 7);
        await recover(place, NAMED).catch(() => {});
      }
      revive();
      await removeOwn(place);
      await recover(place, NAMED);
      const found = await contents(place);
      expect([BEFORE, AFTER], `after ${calls} calls`).toContainEqual(found);
      ends.add(found['index.html']!);
      if (!died) break;
    }
    expect(ends.size).toBe(2);
  });

  test('none if one cannot be, though a folder has gone already', async () => {
    const { place, working } = await site();
    const renameReally = fs.renameSync;
    let first = true;
    fs.renameSync = (from, to) => {
      if (first && String(to) === join(place, 'index.html')) {
        first = false;
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      }
      renameReally(from, to);
    };
    syncBuiltinESMExports();
    expect(() => patchIn(place, working, PATCH)).toThrow('EIO');
    revive();
    await rm(working, { recursive: true });
    expect(await contents(place)).toEqual(BEFORE);
  });

  test('are over for a process that slept in it, once another has completed it', async () => {
    for (let renames = 1; ; renames++) {
      const { place, working } = await site();
      let left = renames;
      const renameReally = fs.renameSync;
      fs.renameSync = (from, to) => {
        if (left-- === 0) {
          fs.renameSync = renameReally;
          syncBuiltinESMExports();
          const taken = takeOver(working)!;
          completePatch(place, taken, readJournal(taken) as FilesJournal);
        }
        renameReally(from, to);
      };
      syncBuiltinESMExports();
      let failed = false;
      try {
        patchIn(place, working, PATCH);
      } catch {
        failed = true;
      }
      revive();
      if (left >= 0) break;
      expect(failed, `after ${renames} renames`).toBe(true);
      await recover(place, NAMED);
      expect(await contents(place), `after ${renames} renames`).toEqual(AFTER);
    }
  });

  test('never outside of the site, whatever a journal that came with it says', async () => {
    for (const path of ['../victim.jpg', 'tiles/0/../../../victim.jpg', '/etc/passwd', 'CNAME', 'linked/0/0.jpg']) {
      const { place, working } = await site();
      await put(root, { 'victim.jpg': 'mine', 'elsewhere/0/0.jpg': 'mine' });
      const journal = { format: 'zoomosaic-swap', version: 1, kind: 'files', files: [], gone: [path] };
      await writeFile(join(working, 'swap.json'), JSON.stringify(journal));
      await expect(recover(place, NAMED), path).rejects.toMatchObject({ code: 'site' });
      expect(await readFile(join(root, 'victim.jpg'), 'utf8')).toBe('mine');
      expect(await readFile(join(place, 'CNAME'), 'utf8')).toBe('mine');
    }
    const { place, working } = await site();
    await rm(join(place, 'tiles'), { recursive: true });
    await symlink(join(root, 'elsewhere'), join(place, 'tiles'));
    const journal = { format: 'zoomosaic-swap', version: 1, kind: 'files', files: [], gone: ['tiles/0/0.jpg'] };
    await writeFile(join(working, 'swap.json'), JSON.stringify(journal));
    await expect(recover(place, NAMED)).rejects.toMatchObject({ code: 'site' });
    expect(await readFile(join(root, 'elsewhere/0/0.jpg'), 'utf8')).toBe('mine');
  });

  test.each(['owner.json', 'beat', 'swap.json', 'lock'])(
    'nor is anything written through a link that is its %s',
    async (at) => {
      const { place, working } = await site();
      const victim = join(root, 'victim.jpg');
      await writeFile(victim, 'mine');
      await utimes(victim, 1e9, 1e9);
      await rm(join(working, at), { recursive: true, force: true });
      await symlink(victim, join(working, at));
      await lutimes(join(working, at), 0, 0);
      await recover(place, NAMED).catch((error: unknown) => expect(error).toMatchObject({ code: 'site' }));
      expect(await readFile(victim, 'utf8')).toBe('mine');
      expect((await stat(victim)).mtimeMs).toBe(1e12);
    },
  );

  test.each(['old', 'new', 'old/tiles', 'new/tiles/0'])(
    'nor through a link at %s of its working folder',
    async (at) => {
      for (const kind of ['files', 'site'] as const) {
        const { place, working } = await site();
        await put(join(root, 'other'), {
          'index.html': 'mine',
          'tiles/0/0.jpg': 'mine',
          '0/0.jpg': 'mine',
          '0.jpg': 'mine',
        });
        await rm(join(working, at), { recursive: true, force: true });
        await mkdir(join(working, at, '..'), { recursive: true });
        await symlink(join(root, 'other'), join(working, at));
        const other = await contents(join(root, 'other'));
        const journal = {
          format: 'zoomosaic-swap',
          version: 1,
          kind,
          files: ['tiles/0/0.jpg'],
          gone: ['index.html'],
          entries: ['tiles'],
        };
        await writeFile(join(working, 'swap.json'), JSON.stringify(journal));
        await recover(place, NAMED).catch((error: unknown) => expect(error).toMatchObject({ code: 'site' }));
        expect(await contents(join(root, 'other'))).toEqual(other);
      }
    },
  );

  test('nor is anything done that no build has written', async () => {
    const head = { format: 'zoomosaic-swap', version: 1 };
    const journals = [
      null,
      [],
      { ...head, kind: 'site' },
      { ...head, kind: 'site', entries: 'index.html' },
      { ...head, kind: 'site', entries: [] },
      { ...head, kind: 'files', files: [], gone: null },
      { ...head, kind: 'files', files: [{ toString: null }], gone: [] },
      { ...head, kind: 'files', files: [], gone: ['tiles/0/0.jpg\0'] },
      { ...head, version: 2, kind: 'files', files: [], gone: ['tiles/0/0.jpg'] },
    ];
    for (const journal of journals) {
      const { place, working } = await site();
      const before = await contents(place);
      await writeFile(join(working, 'swap.json'), JSON.stringify(journal));
      await expect(recover(place, NAMED)).rejects.toMatchObject({ name: 'UserError', code: 'site' });
      const after = await contents(place);
      for (const path of Object.keys(BEFORE)) expect(after[path], JSON.stringify(journal)).toBe(before[path]);
    }
  });

  test.each(['folder', 'link', 'x'.repeat(5000), '../other', '\0'])(
    'a lock that none of us has made is no lock: %.9s',
    async (lock) => {
      const { place, working } = await site();
      const path = join(place, '.zoomosaic-lock');
      if (lock === 'folder') await put(path, { mine: 'mine' });
      else if (lock === 'link') await symlink(join(root, 'victim.jpg'), path);
      else await writeFile(path, lock);
      await recover(place, NAMED);
      expect(await readdir(place)).not.toContain('.zoomosaic-lock');
      expect(await readdir(place)).not.toContain(working.slice(place.length + 1));
    },
  );

  test('nobody waits for an owner of days to come', async () => {
    const { place, working } = await site();
    const then = new Date('2170-01-01');
    await utimes(join(working, 'beat'), then, then);
    await recover(place, NAMED);
    expect(await readdir(place)).not.toContain(working.slice(place.length + 1));
  });
});
