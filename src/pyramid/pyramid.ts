import { setImmediate } from 'node:timers/promises';
import { tileCount } from '../tile-set.ts';
import { type Checksums, emptyChecksums } from './checksums.ts';
import { Painter } from './paint.ts';
import { referSet, writeFiles } from './refer.ts';
import type { PyramidOptions, Rendering } from './rendering.ts';
import { spliceSet } from './splice-set.ts';

/** Writes every tile of every set, and returns their checksums. */
export async function renderPyramid(options: PyramidOptions): Promise<Checksums> {
  const { sets, onProgress, signal } = options;
  const checksums = emptyChecksums(sets);
  const total = tileCount(sets);
  let done = 0;
  onProgress(0, total);
  const finished = async (tiles: number) => {
    onProgress((done += tiles), total);
    await setImmediate();
    signal.throwIfAborted();
  };
  const rendering: Rendering = { ...options, checksums, finished };
  const painter = new Painter(rendering);
  for (const set of sets) {
    if (set.from === 'paint') await painter.paint(set);
    else if (set.from === 'splice') await spliceSet(rendering, set);
    else if (set.shows === 'pictures') await writeFiles(rendering, set);
    else await referSet(rendering, set);
  }
  return checksums;
}
