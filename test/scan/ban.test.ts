import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ban } from '../../src/scan/ban.ts';

describe('bans', () => {
  const near = ['photos/a.jpg', 'photos/a b.jpg', 'photos/deep/er/a.jpg', 'photos/.hidden/b.png', 'top.jpg'];
  // Beside the working directory, and far from it.
  const far = [resolve('../beside/a.jpg'), '/elsewhere/photos/receipt 7.jpg', '/elsewhere/c.jpg'];
  const paths = [...near.map((path) => resolve(path)), ...far];
  const files = paths.map((path) => ({ path, size: 1, mtimeMs: 1, ctimeMs: 1 }));

  test.each<[string, number[]]>([
    ['a.jpg', [0, 2, 5]],
    ['*.png', [3]],
    ['*receipt*', [6]],
    ['photos', [0, 1, 2, 3, 6]],
    ['photos/', [0, 1, 2, 3, 6]],
    ['photos/*', [0, 1, 2, 3]],
    ['photos/*.jpg', [0, 1]],
    ['./photos/*.jpg', [0, 1]],
    ['photos/deep', [2]],
    ['**/a.jpg', [0, 2, 5]],
    ['top.jpg', [4]],
    ['{top,c}.jpg', [4, 7]],
    ['../beside', [5]],
    ['../beside/*.jpg', [5]],
    ['/elsewhere/**', [6, 7]],
    ['/elsewhere/photos', [6]],
    [resolve('photos/a.jpg'), [0]],
    ['photos/a', []],
    ['A.jpg', []],
    ['beside/a.jpg', []],
  ])('mean images by path, name or folder: %s', (glob, banned) => {
    const { kept, idle } = ban(files, [glob]);
    expect(kept.map(({ path }) => path)).toEqual(paths.filter((_, i) => !banned.includes(i)));
    expect(idle).toEqual(banned.length > 0 ? [] : [glob]);
  });

  test('add up, and tell which of them mean nothing', () => {
    const { kept, idle } = ban(files, ['nothing', 'a.jpg', 'photos/a.jpg', '*.gif']);
    expect(kept.map(({ path }) => path)).toEqual([1, 3, 4, 6, 7].map((i) => paths[i]));
    expect(idle).toEqual(['nothing', '*.gif']);
    expect(ban(files, [])).toEqual({ kept: files, idle: [] });
  });
});
