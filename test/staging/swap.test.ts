import fs from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BuildOptions, type Progress, serve, verify } from '../../src/index.ts';
import { readJournal, type SiteJournal } from '../../src/staging/journal.ts';
import { recover } from '../../src/staging/recover.ts';
import { completeSwap, swapIn } from '../../src/staging/swap.ts';
import { takeOver } from '../../src/staging/working-folder.ts';
import { dieAfter, removeOwn, revive } from '../helpers/dying.ts';
import { buildInto, contents, put, writeInputs } from '../helpers/staged.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
  await writeInputs(root);
});

const make = async (out: string, options?: Partial<BuildOptions>) => await buildInto(root, out, options);

const NAMED = { option: '--out', path: 'site' } as const;

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
