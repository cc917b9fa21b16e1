import type { SourceRasters } from '../cell-painter.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import type { Mip } from '../tile-plan.ts';
import type { FullLevel, Level, Placement, Recipe } from '../types.ts';
import type { Checksums } from './checksums.ts';

/** Where tiles go; paths are relative, with `/`. */
export interface TileStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file that `link` and `copy` will refer to. */
  writeOriginal(path: string, bytes: Uint8Array): void;
  link(original: string, to: string): void;
  copy(original: string, to: string): void;
}

/** What sources look like at every size, by id; a catalog is one. */
export interface SourceMips extends SourceRasters {
  readonly recipe: Recipe;
  /** A tile of a reference mip, a whole image file; `x`, `y` count the mip's tiles. */
  tile(id: number, mip: Mip, x: number, y: number): Uint8Array;
  /** A spliced mip of `size` px. */
  strip(id: number, size: number): Strips;
}

/** All that a pyramid is made of. */
export interface PyramidOptions {
  readonly placement: Placement;
  readonly catalog: SourceMips;
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
