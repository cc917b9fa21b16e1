import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { type FileCalls, FolderStore } from '../../src/store/folder-store.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

const OUT = { option: '--out', path: 'site' } as const;

const real: FileCalls = {
  link: linkSync,
  copy: (from, to) => copyFileSync(from, to),
  write: (path, bytes) => writeFileSync(path, bytes),
};

function failing(code: string): never {
  throw Object.assign(new Error(code), { code });
}

describe('a folder store', () => {
  test('links on when a file has as many links as it can: the 65,001st works', () => {
    const folder = join(root, 'many');
    const store = new FolderStore(folder, OUT);
    store.writeOriginal('tiles/0.jpg', Buffer.from('tile'));
    for (let i = 0; i < 65_001; i++) store.link('tiles/0.jpg', `level/${i}.jpg`);
    expect(readdirSync(join(folder, 'level'))).toHaveLength(65_001);
    expect(readFileSync(join(folder, 'level/65000.jpg'), 'utf8')).toBe('tile');
    expect(statSync(join(folder, 'level/65000.jpg')).nlink).toBeGreaterThan(1);
    expect([store.files, store.linkedFiles]).toEqual([65_002, 65_001]);
    // On ext4 one copy was needed, elsewhere perhaps none.
    expect([4, 8]).toContain(store.bytes);
  });

  test('continues with a copy each time the limit is reached', () => {
    const links = new Map<number, number>();
    const limited: FileCalls = {
      ...real,
      link: (from, to) => {
        const { ino } = statSync(from);
        if ((links.get(ino) ?? 1) >= 5) failing('EMLINK');
        links.set(ino, (links.get(ino) ?? 1) + 1);
        linkSync(from, to);
      },
    };
    const store = new FolderStore(join(root, 'limited'), OUT, limited);
    store.writeOriginal('one', Buffer.from('1'));
    store.writeOriginal('two', Buffer.from('22'));
    for (let i = 0; i < 23; i++) for (const name of ['one', 'two']) store.link(name, `${name}-${i}`);
    for (let i = 0; i < 23; i++) expect(readFileSync(join(root, 'limited', `two-${i}`), 'utf8')).toBe('22');
    expect(
      new Set(readdirSync(join(root, 'limited')).map((name) => statSync(join(root, 'limited', name)).ino)).size,
    ).toBe(10);
    expect(store.bytes).toBe(5 * 1 + 5 * 2);
    expect(store.linkRefusal).toBeUndefined();
  });

  test('copies where a file system knows no links, asking once', () => {
    let asked = 0;
    const calls: FileCalls = {
      ...real,
      link: () => {
        asked++;
        failing('EPERM');
      },
    };
    const store = new FolderStore(join(root, 'linkless'), OUT, calls);
    store.writeOriginal('one', Buffer.from('111'));
    for (let i = 0; i < 4; i++) store.link('one', `a/${i}`);
    expect(readFileSync(join(root, 'linkless/a/3'), 'utf8')).toBe('111');
    expect([asked, store.bytes, store.linkRefusal]).toEqual([1, 15, 'EPERM']);
  });

  test.each(['write', 'link', 'copy'] as const)('says that the disk is full: %s', (call) => {
    const store = new FolderStore(join(root, `full-${call}`), OUT, { ...real, [call]: () => failing('ENOSPC') });
    const act = () => {
      mkdirSync(join(root, `full-${call}`), { recursive: true });
      if (call === 'write') store.write('a', Buffer.from('1'));
      if (call === 'link') store.link('a', 'b');
      if (call === 'copy') store.copy('a', 'b');
    };
    expect(act).toThrow(UserError);
    expect(act).toThrow(/disk.*is full/);
  });

  test.runIf(existsSync('/dev/full'))('says so of a disk that really is full', () => {
    const folder = join(root, 'really-full');
    mkdirSync(folder);
    symlinkSync('/dev/full', join(folder, 'tile'));
    const store = new FolderStore(folder, OUT);
    expect(() => store.write('tile', Buffer.from('1'))).toThrow('The disk of --out site is full');
  });
});
