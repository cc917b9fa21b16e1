import { setImmediate } from 'node:timers/promises';
import { tileCount, type TileSet } from '../tiles/tile-set.ts';
import { tileSums } from '../format/checksums.ts';
import { Painter } from './paint.ts';
import { referSet, writeFiles } from './refer.ts';
import type { PyramidOptions, Rendering } from './rendering.ts';
import { spliceSet } from './splice-set.ts';

/**
 * Writes every tile of every set, and returns their checksums, set by set. While this thread splices and refers, sharp's threads
 * encode what is painted.
 */
export async function renderPyramid(options: PyramidOptions): Promise<Uint32Array> {
  const { sets, onProgress, signal } = options;
  const { tiles: sums, bySet } = tileSums(sets, options.only?.known.slice());
  const total = tileCount(sets);
  let done = 0;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  onProgress(0, total);
  const finished = async (tiles: number) => {
    onProgress((done += tiles), total);
    await setImmediate();
    either.throwIfAborted();
  };
  const rendering: Rendering = { ...options, checksums: bySet, finished };
  const painter = new Painter(rendering);
  const write = async (set: TileSet) => {
    if (set.from === 'paint') await painter.paint(set);
    else if (set.from === 'splice') await spliceSet(rendering, set);
    else if (set.shows === 'pictures') await writeFiles(rendering, set);
    else await referSet(rendering, set);
  };
  const writeAll = async (isOne: (set: TileSet) => boolean) => {
    try {
      for (const set of sets.filter(isOne)) await write(set);
    } catch (error) {
      // The others stop, too: nothing is written once this has failed.
      failed.abort(error);
      throw error;
    }
  };
  const ends = await Promise.allSettled([
    writeAll(({ from }) => from === 'paint'),
    writeAll(({ from }) => from !== 'paint'),
  ]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return sums;
}
