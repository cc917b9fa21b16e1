import fsPromises, { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { renameSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { forget } from '../../src/catalog/forget.ts';
import { shardNames } from '../../src/catalog/shard-folder.ts';
import { build, type BuildOptions } from '../../src/index.ts';
import {
  age,
  copied,
  expectOthers,
  indexesOf,
  RECIPES,
  recordsOf,
  traces,
  useCatalog,
  type Used,
  withTwoRecipes,
} from '../helpers/forgotten.ts';
import { filesOf } from '../helpers/levels.ts';

const real = { open, rename, rm };

let used: Used;
let root: string;
let others: string;
let pristine: string;
let gone: Used['gone'];
beforeAll(async () => {
  used = await useCatalog();
  ({ root, others, pristine, gone } = used);
});

describe('forgetting that is cut short', () => {
  const CALLS = ['open', 'rename', 'rm'] as const;
  let handle: { writev: () => unknown; sync: () => unknown };
  let whole: { writev: () => unknown; sync: () => unknown };
  beforeAll(async () => {
    const file = await open(join(root, 'target.png'));
    handle = Object.getPrototypeOf(file) as typeof handle;
    whole = { writev: handle.writev, sync: handle.sync };
    await file.close();
  });
  afterEach(revive);

  function revive(): void {
    Object.assign(fsPromises, real);
    Object.assign(handle, whole);
    syncBuiltinESMExports();
  }

  /** Lets so many calls that change something pass; then none. */
  function dieAfter(calls: number): void {
    let left = calls;
    const counting = (name: string, call: (...all: never[]) => unknown) =>
      function (this: unknown, ...args: never[]) {
        if (name === 'open' && args[1] !== 'w') return call.apply(this, args);
        // eslint-disable-next-line typescript-eslint/prefer-promise-reject-errors
        return left-- > 0 ? call.apply(this, args) : Promise.reject(new Error('dead'));
      };
    for (const name of CALLS) Object.assign(fsPromises, { [name]: counting(name, real[name] as never) });
    Object.assign(handle, { writev: counting('writev', whole.writev), sync: counting('sync', whole.sync) });
    syncBuiltinESMExports();
  }

  test('leaves all other sources at every step; the next run finishes it', async () => {
    let calls = 0;
    const few = await withTwoRecipes(pristine, 'few');
    const known = recordsOf(await indexesOf(few)).filter(
      (record) => ![...gone.hashes].some((hash) => record.includes(hash)),
    );
    for (let died = true; died; calls++) {
      const catalog = await copied(few, 'dying');
      dieAfter(calls);
      died = await forget(catalog, gone).then(
        () => false,
        (error: Error) => {
          expect(error.message).toBe('dead');
          return true;
        },
      );
      revive();
      const message = `after ${calls} calls`;
      expect(recordsOf(await indexesOf(catalog)), message).toEqual(expect.arrayContaining(known));
      // What builds see in between.
      if (calls % 4 === 0) await expectOthers(await copied(catalog, 'seen'), used, message, RECIPES.slice(0, 2));
      await age(catalog);
      await forget(catalog, gone);
      expect(await traces(catalog, gone), message).toEqual([]);
      if (calls % 4 === 2) await expectOthers(catalog, used, message, RECIPES.slice(0, 2));
      // All of them, and nothing twice.
      expect(recordsOf(await indexesOf(catalog)), message).toEqual(known);
    }
    expect(calls).toBeGreaterThan(25);
  });
});

describe('while others use the catalog', () => {
  test('a build that has read it, but not all of it, begins anew', async () => {
    const [catalog, forgotten] = [await copied(pristine, 'used'), await copied(pristine, 'used, forgotten')];
    await forget(forgotten, gone);
    const out = join(root, 'underway');
    let swapped = false;
    const options: BuildOptions = {
      target: join(root, 'target.png'),
      images: [others],
      out,
      catalog,
      columns: 5,
      cellSize: 32,
      background: '#000000',
      onProgress: ({ stage, done, total }) => {
        if (swapped || stage !== 'catalog' || done !== total) return;
        swapped = true;
        rmSync(catalog, { recursive: true });
        renameSync(forgotten, catalog);
      },
    };
    const { warnings } = await build(options);
    expect(swapped).toBe(true);
    expect(warnings).toContain('the catalog changed while it was being used; it was read again');
    expect((await build({ ...options, out: join(root, 'after') })).warnings).not.toContain(warnings[0]);
    const [a, b] = await Promise.all([out, join(root, 'after')].map((site) => readFile(join(site, 'checksums.bin'))));
    expect(a).toEqual(b);
  });

  test('several forget at once, one after the other', async () => {
    const catalog = await withTwoRecipes(pristine, 'crowd');
    const each = [...gone.hashes].map((hash) => ({ hashes: new Set([hash]), paths: new Set<string>() }));
    const more: Promise<unknown>[] = [];
    const shards = async () => (await filesOf(catalog)).filter((path) => /^\d/.test(path));
    Object.assign(fsPromises, {
      rename: async (from: string, to: string) => {
        if (more.length === 0) {
          const before = await shards();
          more.push(...each.slice(1).map((one) => forget(catalog, one)));
          await setTimeout(300);
          expect(await shards()).toEqual(before);
        }
        await real.rename(from, to);
      },
    });
    syncBuiltinESMExports();
    await forget(catalog, each[0]!).finally(() => {
      Object.assign(fsPromises, real);
      syncBuiltinESMExports();
    });
    expect(more).toHaveLength(2);
    await Promise.all(more);
    expect(await traces(catalog, gone)).toEqual([]);
    await expectOthers(catalog, used, undefined, RECIPES.slice(0, 2));
    expect((await readdir(catalog)).filter((name) => name.startsWith('.'))).toEqual([]);
    const names = (await shards()).map((path) => path.split('/')[1]!);
    expect(shardNames(names).length * 2).toBe(names.length);
  });
});
