import { setImmediate } from 'node:timers/promises';
import { type Checksums, emptyChecksums } from './checksums.ts';
import { paintLevels } from './paint.ts';
import { referLevels } from './refer.ts';
import type { PyramidOptions, Rendering } from './rendering.ts';
import { spliceLevel } from './splice-level.ts';

/** Writes every tile of every level, deepest first, and returns their checksums. */
export async function renderPyramid(options: PyramidOptions): Promise<Checksums> {
  const { levels, onProgress, signal } = options;
  const checksums = emptyChecksums(levels);
  const total = levels.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  let done = 0;
  onProgress(0, total);
  const finished = async (tiles: number) => {
    onProgress((done += tiles), total);
    await setImmediate();
    signal.throwIfAborted();
  };
  const rendering: Rendering = { ...options, checksums, finished };
  const deepestFirst = levels.toReversed();
  await referLevels(
    rendering,
    deepestFirst.filter(({ from }) => from === 'reference'),
  );
  for (const level of deepestFirst.filter(({ from }) => from === 'splice')) await spliceLevel(rendering, level);
  await paintLevels(
    rendering,
    deepestFirst.filter(({ from }) => from === 'paint'),
  );
  return checksums;
}
