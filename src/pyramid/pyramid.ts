import { setImmediate } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import type { FullLevel, Level, Placement } from '../types.ts';
import { type Checksums, emptyChecksums } from './checksums.ts';
import { paintLevels } from './paint.ts';
import { referLevels } from './refer.ts';
import { spliceLevel } from './splice-level.ts';

/** Where tiles go; paths are relative, with `/`. */
export interface TileStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file that `link` and `copy` will refer to. */
  writeOriginal(path: string, bytes: Uint8Array): void;
  link(original: string, to: string): void;
  copy(original: string, to: string): void;
}

/** All that a pyramid is made of. */
export interface PyramidOptions {
  readonly placement: Placement;
  readonly catalog: Catalog;
  readonly levels: readonly Level[];
  /** Of the recipe's spliced tiles; unused where nothing is spliced. */
  readonly header: TileHeader;
  readonly fullLevel: FullLevel;
  readonly store: TileStore;
  /** Path of a tile in the store. */
  readonly tilePath: (level: number, column: number, row: number) => string;
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** What the ways of making tiles share. */
export interface Rendering extends PyramidOptions {
  readonly checksums: Checksums;
  /** Counts finished tiles; every now and then lets the event loop run, where the build may be aborted. */
  readonly finished: (tiles: number) => Promise<void>;
}

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
