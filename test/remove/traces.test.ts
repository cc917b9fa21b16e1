import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findTraces } from '../../src/remove/prove.ts';
import { Searcher, type Trace } from '../../src/remove/searcher.ts';
import { integer, seeded } from '../helpers/random.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const random = seeded(7);
const whole = (most: number) => integer(random, 0, most - 1);

test('traces are found wherever they stand, and nowhere else', () => {
  for (let round = 0; round < 300; round++) {
    // Few letters, so that much of it stands there by chance, or nearly.
    const bytes = Uint8Array.from({ length: 20 + whole(300) }, () => 97 + whole(round % 2 ? 2 : 4));
    const traces: Trace[] = Array.from({ length: 1 + whole(20) }, (_, i) => {
      const length = Math.min([4, 5, 7, 15, 16, 17, 32, 40][whole(8)]!, bytes.length);
      const at = whole(bytes.length - length + 1);
      const own = Uint8Array.from(bytes.subarray(at, at + length));
      if (i % 3 === 0) own[whole(length)] = 97 + whole(4);
      return { kind: `${i}`, bytes: own };
    });
    const expected = traces.filter((trace) => Buffer.from(bytes).includes(Buffer.from(trace.bytes)));
    expect([...new Searcher(traces).in(bytes)].map(({ kind }) => kind).toSorted()).toEqual(
      expected.map(({ kind }) => kind).toSorted(),
    );
  }
});

const LONG = 'snippet of more than sixteen';
const TRACES: Trace[] = [
  { kind: 'word', bytes: Buffer.from('a.jpg'), isWord: true },
  { kind: 'data', bytes: Buffer.from(LONG) },
];

test('words are found as words, in names and in files', async () => {
  const folder = join(await temporaryFolder(), 'searched');
  await mkdir(join(folder, 'my a.jpg'), { recursive: true });
  await writeFile(join(folder, 'a.jpg'), '');
  await writeFile(join(folder, 'my a.jpg', 'x'), 'anna.jpg, a.jpg.bak');
  await writeFile(join(folder, 'list'), 'b.jpg\na.jpg');
  const { found } = await findTraces([folder], TRACES);
  const told = found.map(({ path, trace }) => `${path.slice(folder.length + 1)}: ${trace.kind}`);
  expect(told.toSorted()).toEqual(['a.jpg: word', 'list: word']);
});

test('traces are found where what is read at once ends', async () => {
  const path = join(await temporaryFolder(), 'file');
  const texts = [
    ['"a.jpg"', 'word'],
    ['"aa.jpg"', undefined],
    ['"a.jpgx"', undefined],
    [LONG, 'data'],
  ] as const;
  for (const [text, kind] of texts) {
    for (let before = 0; before < 130; before++) {
      const bytes = `${'-'.repeat(before)}${text}${'-'.repeat(before % 40)}`;
      await writeFile(path, bytes);
      const found = [...new Searcher(TRACES, 40).inFile(path, bytes.length)].map((trace) => trace.kind);
      expect(found, `${text} at ${before}`).toEqual(kind ? [kind] : []);
    }
  }
});
