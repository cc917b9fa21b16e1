import { existsSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { writeShard } from '../../src/catalog/shard.ts';
import { temporaryEnding } from '../../src/catalog/shard-folder.ts';
import { explainDisk, makeFolder, syncFolder } from '../../src/store/disk.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

// Shards have random names; here we have to know them beforehand.
vi.mock(import('node:crypto'), async (original) => ({
  ...(await original()),
  randomUUID: () => '00000000-0-0-0-0' as const,
}));

vi.mock(import('../../src/store/disk.ts'), async (original) => {
  const real = await original();
  return { ...real, syncFolder: vi.fn<typeof real.syncFolder>((path) => real.syncFolder(path)) };
});

const CATALOG = { option: '--catalog', path: 'photos' } as const;

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

describe('making a folder', () => {
  test('makes those above it, too, and minds none that is there', async () => {
    await makeFolder(join(root, 'a/b/c'), CATALOG);
    await makeFolder(join(root, 'a/b/c'), CATALOG);
    expect(await readdir(join(root, 'a/b'))).toEqual(['c']);
  });

  test('minds nobody who makes the same folders', async () => {
    for (let round = 0; round < 20; round++) {
      const path = join(root, `crowd-${round}`, 'b/c/d');
      await Promise.all(Array.from({ length: 8 }, () => makeFolder(path, CATALOG)));
      expect(await readdir(path)).toEqual([]);
    }
  });

  test('names the option where a file is in the way', async () => {
    await expect(makeFolder(new URL(import.meta.url).pathname, CATALOG)).rejects.toMatchObject({
      code: 'not-writable',
      message: expect.stringContaining('--catalog photos') as string,
      remedy: expect.stringContaining('--catalog') as string,
    });
  });

  test.runIf(process.platform === 'linux')('returns where the system denies the folder above', async () => {
    await expect(makeFolder('/proc/zoomosaic/a', CATALOG)).rejects.toMatchObject({ code: 'not-writable' });
  });
});

test.each([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EACCES', 'not-writable'],
  ['EROFS', 'not-writable'],
  ['EIO', 'EIO'],
])('%s is explained as %s', (system, code) => {
  expect(explainDisk(Object.assign(new Error(system), { code: system }), CATALOG)).toMatchObject({ code });
});

test.runIf(existsSync('/dev/full')).each(['bin', 'json'])(
  'a shard whose .%s finds no room leaves nothing',
  async (part) => {
    const folder = join(root, `catalog-${part}/key`);
    await mkdir(folder, { recursive: true });
    await symlink('/dev/full', join(folder, `00000001-00000000.${part}${temporaryEnding()}`));
    const index = { decoder: '1', files: [], sources: [], broken: [] };
    await expect(writeShard(folder, index, [])).rejects.toMatchObject({
      code: 'disk-full',
      message: `The disk of --catalog ${join(root, `catalog-${part}`)} is full`,
    });
    expect(await readdir(folder)).toEqual([]);
  },
);

test('the folder of a shard is synced once its files have their names', async () => {
  const folder = join(root, 'synced/key');
  await mkdir(folder, { recursive: true });
  await writeShard(folder, { decoder: '1', files: [], sources: [], broken: [] }, []);
  expect(syncFolder).toHaveBeenLastCalledWith(folder);
  expect(await readdir(folder)).toEqual(['00000001-00000000.bin', '00000001-00000000.json']);
  await expect(syncFolder(join(root, 'nothing'))).rejects.toThrow('ENOENT');
});
