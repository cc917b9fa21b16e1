import { expect, test } from 'vitest';
import { bytesText } from '../../src/cli/bytes-text.ts';
import { ProgressView, type StageProgress } from '../../src/cli/progress-view.ts';
import { plural } from '../../src/messages.ts';

/** The lines that a view prints of stages, without their times. */
function linesOf(stages: readonly StageProgress[]): string[] {
  let text = '';
  const stream = { write: (part: string) => void (text += part) } as unknown as NodeJS.WritableStream;
  const view = new ProgressView(stream, false);
  for (const stage of stages) view.show(stage);
  view.end();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/, [\d.]+ s$/, ''));
}

test('progress is told in words that mean something, one line per stage', () => {
  expect(
    linesOf([
      { stage: 'scan', done: 1, total: 0, unit: 'files' },
      { stage: 'catalog', done: 1234, total: 1234, unit: 'images' },
      { stage: 'measure', done: 7, total: 7, unit: 'parts' },
      { stage: 'site', done: 3, total: 3, unit: 'steps' },
    ]),
  ).toEqual([
    'scan     1 file',
    'catalog  1,234 images',
    'measure  comparing with the target',
    'site     writing the site',
  ]);
});

test('a stage that does not end is told by its part', () => {
  expect(linesOf([{ stage: 'measure', done: 3, total: 7, unit: 'parts' }])).toEqual([
    'measure  42 % comparing with the target',
  ]);
});

test('numbers have the right nouns', () => {
  expect([0, 1, 2, 43_776].map((value) => plural(value, 'file'))).toEqual([
    '0 files',
    '1 file',
    '2 files',
    '43,776 files',
  ]);
  expect(plural(2, 'entry', 'entries')).toBe('2 entries');
  expect(bytesText(1)).toBe('1 byte');
});
