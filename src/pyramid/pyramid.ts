/**
 * The pyramid stage: writes all tiles of a site. A site's tiles come in sets (see tile-set.ts), one per level and layout,
 * plus one per size at which pictures have files of their own. A set's `from` tells how its tiles are made:
 *
 * - `reference`: the tile is a picture, or a piece of one. The set of pictures writes the stored files; sets of the mosaic
 *   link to these or copy them (refer.ts).
 * - `splice`: the tile is a JPEG that is put together from entropy-coded segments of its cells, without decoding
 *   (splice-set.ts).
 * - `paint`: the tile is painted px by px and encoded (paint.ts).
 *
 * Painted sets are written beside all others, but each of these two queues in the order of `sets`, since later sets refer
 * to, or are halved from, earlier ones. Every tile's CRC-32 is recorded as it is written.
 */
import { setImmediate } from 'node:timers/promises';
import { tileCount, type TileSet } from '../tiles/tile-set.ts';
import { tileSums } from '../format/checksums.ts';
import { Painter } from './paint.ts';
import { referSet, writeFiles } from './refer.ts';
import type { PyramidOptions, Rendering } from './rendering.ts';
import { spliceSet } from './splice-set.ts';

/**
 * Writes every tile of every set. This thread splices and refers while sharp's threads encode painted tiles.
 *
 * @returns the checksums of all tiles, set by set.
 * @throws if one way of making tiles fails, or the signal aborts; then nothing more is written.
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
      // Stops the other queue, too: nothing is written after a failure.
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
