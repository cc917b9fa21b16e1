import type { SourceRasters } from '../tiles/cell-painter.ts';
import type { Coding } from '../image/encode.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { TileHeader } from '../jpeg/splice.ts';
import type { Shape } from '../tiles/tile-plan.ts';
import type { TilePlace, TileSet } from '../tiles/tile-set.ts';
import type { FullLevel, Placement, Size } from '../types.ts';

/** Destination of tiles; paths are relative, with `/`. */
export interface TileStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file that `link` and `copy` will refer to. */
  writeOriginal(path: string, bytes: Uint8Array): void;
  link(original: string, to: string): void;
  copy(original: string, to: string): void;
}

/** Pictures at every size, by number. */
export interface PictureMips extends SourceRasters {
  readonly recipe: Shape & Coding;
  /** Number of pictures in use. */
  readonly count: number;
  /** A piece of a mip that is stored as image files; pieces count row by row. */
  file(picture: number, size: Size, piece: number): Uint8Array;
  /** A piece of a mip that is stored for splicing. */
  strips(picture: number, size: Size, piece: number): Strips;
}

/** Input of the pyramid stage. */
export interface PyramidOptions {
  readonly placement: Placement;
  readonly pictures: PictureMips;
  /** In the order in which they are written; sets that others refer to come first. */
  readonly sets: readonly TileSet[];
  /** Header of the recipe's spliced tiles; unused if no tile is spliced. */
  readonly header: TileHeader;
  readonly fullLevel: FullLevel;
  readonly store: TileStore;
  /** Tiles that are to be made; all by default. `known` has the checksums of the others, set by set. */
  readonly only?: {
    readonly wants: (set: TileSet, column: number, row: number) => boolean;
    readonly known: Uint32Array;
  };
  readonly concurrency: number;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Data that the ways of making tiles share. */
export interface Rendering extends PyramidOptions {
  /** CRC-32 of every tile, row by row, by name of the set. */
  readonly checksums: ReadonlyMap<string, Uint32Array>;
  /** Counts finished tiles and lets the event loop run; rejects if the build was aborted. */
  readonly finished: (tiles: number) => Promise<void>;
}

/** Tells whether a tile is to be made. */
export function isWanted({ only }: PyramidOptions, set: TileSet, [column, row]: TilePlace): boolean {
  return !only || only.wants(set, column, row);
}

/** Lists the pictures in the cells of a set. */
export function cellsOf({ placement, pictures }: Rendering, { shows, grid }: TileSet): Uint32Array {
  if (shows === 'mosaic') return placement.cells;
  const last = pictures.count - 1;
  return Uint32Array.from({ length: grid.columns * grid.rows }, (_, cell) => Math.min(cell, last));
}

/** Writes a tile to all its paths, and records its checksum. */
export function put(
  rendering: Rendering,
  set: TileSet,
  tile: { readonly place: TilePlace; readonly bytes: Uint8Array; readonly sum: number },
): void {
  const { store, checksums } = rendering;
  const [column, row] = tile.place;
  checksums.get(set.name)![row * set.columns + column] = tile.sum;
  const [first, ...others] = set.pathsOf(column, row);
  if (first === undefined) return;
  if (set.shows === 'pictures' || others.length > 0) store.writeOriginal(first, tile.bytes);
  else store.write(first, tile.bytes);
  for (const path of others) refer(rendering, first, path);
}

/** Makes `to` a link to `original`, or a copy of it. */
export function refer({ store, fullLevel }: PyramidOptions, original: string, to: string): void {
  if (fullLevel === 'link') store.link(original, to);
  else store.copy(original, to);
}
