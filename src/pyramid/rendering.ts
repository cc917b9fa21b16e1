import type { SourceRasters } from '../tiles/cell-painter.ts';
import type { Coding } from '../image/encode.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import type { Shape } from '../tiles/tile-plan.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { FullLevel, Placement, Size } from '../types.ts';

/** Where tiles go; paths are relative, with `/`. */
export interface TileStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file that `link` and `copy` will refer to. */
  writeOriginal(path: string, bytes: Uint8Array): void;
  link(original: string, to: string): void;
  copy(original: string, to: string): void;
}

/** What pictures look like at every size, by number. */
export interface PictureMips extends SourceRasters {
  readonly recipe: Shape & Coding;
  /** Pictures in use. */
  readonly count: number;
  /** A piece of a size that is kept as image files; pieces count row by row. */
  file(picture: number, size: Size, piece: number): Uint8Array;
  /** A piece of a size that is kept for splicing. */
  strips(picture: number, size: Size, piece: number): Strips;
}

/** All that a pyramid is made of. */
export interface PyramidOptions {
  readonly placement: Placement;
  readonly pictures: PictureMips;
  /** In the order in which they are written: what others refer to comes first. */
  readonly sets: readonly TileSet[];
  /** Of the recipe's spliced tiles; unused where nothing is spliced. */
  readonly header: TileHeader;
  readonly fullLevel: FullLevel;
  readonly store: TileStore;
  /** Tiles that are to be made; all by default. `known` are the checksums of the others, set by set. */
  readonly only?: {
    readonly wants: (set: TileSet, column: number, row: number) => boolean;
    readonly known: Uint32Array;
  };
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** What the ways of making tiles share. */
export interface Rendering extends PyramidOptions {
  /** CRC-32 of every tile, row by row, by the names of sets. */
  readonly checksums: ReadonlyMap<string, Uint32Array>;
  /** Counts finished tiles; every now and then lets the event loop run, where the build may be aborted. */
  readonly finished: (tiles: number) => Promise<void>;
}

/** Whether a tile is to be made. */
export function isWanted({ only }: PyramidOptions, set: TileSet, column: number, row: number): boolean {
  return !only || only.wants(set, column, row);
}

/** What stands in the cells of a set. */
export function cellsOf({ placement, pictures }: Rendering, { shows, grid }: TileSet): Uint32Array {
  if (shows === 'mosaic') return placement.cells;
  const last = pictures.count - 1;
  return Uint32Array.from({ length: grid.columns * grid.rows }, (_, cell) => Math.min(cell, last));
}

/** Writes a tile to all its paths, and notes its checksum. */
export function put(
  { store, checksums, fullLevel }: Rendering,
  set: TileSet,
  [column, row]: readonly [number, number],
  tile: { readonly bytes: Uint8Array; readonly sum: number },
): void {
  checksums.get(set.name)![row * set.columns + column] = tile.sum;
  const [first, ...others] = set.pathsOf(column, row);
  if (first === undefined) return;
  if (set.shows === 'pictures' || others.length > 0) store.writeOriginal(first, tile.bytes);
  else store.write(first, tile.bytes);
  for (const path of others) refer(store, fullLevel, first, path);
}

/** Makes `to` the same as `original`. */
export function refer(store: TileStore, fullLevel: FullLevel, original: string, to: string): void {
  if (fullLevel === 'link') store.link(original, to);
  else store.copy(original, to);
}
