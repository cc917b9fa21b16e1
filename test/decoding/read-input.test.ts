import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInput } from '../../src/decoding/read-input.ts';

describe('reading image files', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'zoomosaic-read-'))));
  afterAll(async () => await rm(folder, { recursive: true }));

  const MIB = 2 ** 20;
  const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
  const cases: [string, Buffer, number, 'whole' | 'again'][] = [
    ['small', JPEG, MIB, 'whole'],
    ['large JPEG', JPEG, MIB + 1, 'again'],
    ['large JPEG of whole chunks', JPEG, 2 * MIB, 'again'],
    ['large, of another format', Buffer.from('<svg'), 3 * MIB, 'whole'],
    ['huge, of another format', Buffer.from('II*\0'), 16 * MIB + 1, 'again'],
  ];

  test.each(cases)('%s: hashed alike, at once or piece by piece', async (name, head, size, how) => {
    const path = join(folder, name);
    const bytes = Buffer.concat([head, randomBytes(size - head.length)]);
    await writeFile(path, bytes);
    // Several at once, which must not share a chunk.
    for (const { hash, input, before } of await Promise.all([1, 2, 3].map(() => readInput(path, size)))) {
      expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(typeof input).toBe(how === 'whole' ? 'object' : 'string');
      expect(before?.size).toBe(how === 'whole' ? undefined : size);
      if (typeof input !== 'string') expect(Buffer.compare(input, bytes)).toBe(0);
    }
  });

  test('a file that is not there keeps its error', async () => {
    for (const size of [1, 2 * MIB]) {
      await expect(readInput(join(folder, 'none'), size)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });
});
