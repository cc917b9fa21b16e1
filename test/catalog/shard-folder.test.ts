import { spawnSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { partsAmong, removeAbandoned, temporaryEnding } from '../../src/catalog/shard-folder.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('what a killed build was writing goes with the next; what others may be writing stays', async () => {
  const folder = await temporaryFolder();
  const own = temporaryEnding();
  // Only systems with /proc tell a process from a later one of the same id.
  if (process.platform !== 'linux') return expect(own).toBe('.tmp');
  const [, pid, started, space] = /^\.(\d+)-(\d+)-([0-9a-f]{8})\.tmp$/.exec(own)!;
  expect(Number(pid)).toBe(process.pid);
  const dead = spawnSync('true').pid;
  const files = {
    dead: `00000001-aaaaaaaa.bin.${dead}-${started}-${space}.tmp`,
    reused: `00000002-aaaaaaaa.json.${pid}-1-${space}.tmp`,
    own: `00000003-aaaaaaaa.bin${own}`,
    elsewhere: `00000004-aaaaaaaa.bin.${dead}-${started}-00000000.tmp`,
    unknown: '00000005-aaaaaaaa.bin.tmp',
  };
  for (const file of Object.values(files)) await writeFile(join(folder, file), '');
  expect(partsAmong(Object.values(files))).toEqual(Object.values(files));
  await removeAbandoned(folder);
  expect((await readdir(folder)).toSorted()).toEqual([files.own, files.elsewhere, files.unknown]);
  await removeAbandoned(folder, Date.now() + 25 * 60 * 60 * 1000);
  expect(await readdir(folder)).toEqual([]);
});
