import type { Rect, Size, Turn } from '../types.ts';
import { isWhole } from './fields.ts';
import { readScript, scriptText } from './script-text.ts';
import { ORIGINALS_GLOBAL, type DziTile, dziTilePath, originalPath } from './site-paths.ts';

/** Pictures in a block of the index, as builds write it. */
export const INDEX_BLOCK = 1024;
/** Least and greatest number of pictures in a block that is read. */
export const INDEX_BLOCKS = [16, 65_536] as const;
/** Most levels that originals add to the mosaic's own. */
export const ORIGINAL_LEVELS_MAX = 20;

/** Endings of originals; empty for a Deep Zoom pyramid. */
export const ORIGINAL_ENDINGS: readonly string[] = ['', 'jpg', 'png', 'webp', 'gif'];

/** Longest side of an original, px. */
const ORIGINAL_SIDE_MAX = 2 ** 31 - 1;
/** Tolerance by which a crop may reach beyond its original, relative to its side: it is scaled, and so rounded. */
const ROUNDING = 1e-6;

/**
 * Row of the index for one picture: the original's number, the ending of its file (empty for a Deep Zoom pyramid), its size,
 * the crop that fills the cell (upright px), and its orientation there.
 */
export type OriginalRow = readonly [
  original: number,
  ending: string,
  width: number,
  height: number,
  left: number,
  top: number,
  cropWidth: number,
  cropHeight: number,
  turn: Turn,
];

/** An original as viewers use it: a decoded row. */
export interface OriginalFacts extends Size {
  readonly original: number;
  readonly ending: string;
  readonly crop: Rect;
  readonly turn: Turn;
}

/** Shape of an index: number of pictures in all, and in a block. */
export interface IndexShape {
  readonly pictures: number;
  readonly block: number;
}

/**
 * Decodes an untrusted row of the index.
 *
 * @param picture number of the row's picture. An original has the number of its first picture, so never a higher one.
 * @returns null if the picture has no original; undefined if the row is malformed.
 */
export function originalFacts(row: unknown, picture: number): OriginalFacts | null | undefined {
  if (row === null) return null;
  if (!Array.isArray(row) || row.length !== 9) return undefined;
  const [original, ending, width, height, left, top, cropWidth, cropHeight, turn] = row as unknown[];
  if (!isWhole(original, 0, picture) || typeof ending !== 'string' || !ORIGINAL_ENDINGS.includes(ending))
    return undefined;
  if (!isWhole(width, 1, ORIGINAL_SIDE_MAX) || !isWhole(height, 1, ORIGINAL_SIDE_MAX)) return undefined;
  if (!isPart(left, cropWidth, width) || !isPart(top, cropHeight, height)) return undefined;
  if (!isWhole(turn, 0, 7)) return undefined;
  const crop = { left, top, width: cropWidth, height: cropHeight } as Rect;
  return { original, ending, width, height, crop, turn: turn as Turn };
}

/** Tells whether a range lies within a side. */
function isPart(start: unknown, length: unknown, side: number): start is number {
  if (typeof start !== 'number' || typeof length !== 'number') return false;
  return start >= 0 && length > 0 && start + length <= side * (1 + ROUNDING);
}

/** Tile size of the originals' Deep Zoom pyramids, px. */
export const ORIGINAL_TILE = 512;

/** Returns the path of a tile in an original's pyramid. */
export function originalTilePath(original: number, tile: DziTile): string {
  return dziTilePath(originalPath(original), tile, 'jpeg');
}

/** Returns the deepest level of an original's pyramid. */
export function originalDepth({ width, height }: Size): number {
  return Math.ceil(Math.log2(Math.max(width, height)));
}

/** A file of an original, and its size in px unless it is a descriptor. */
export interface OriginalPart {
  readonly path: string;
  readonly size?: Size;
}

/** Yields the files of an original: one; or the descriptor, then the tiles level by level, row by row. */
export function* originalParts({
  original,
  ending,
  width,
  height,
}: Omit<OriginalFacts, 'crop' | 'turn'>): Generator<OriginalPart> {
  const path = originalPath(original);
  if (ending !== '') {
    yield { path: `${path}.${ending}`, size: { width, height } };
    return;
  }
  yield { path: `${path}.dzi` };
  const deepest = originalDepth({ width, height });
  for (let level = 0; level <= deepest; level++) {
    const shrink = 2 ** (deepest - level);
    const [across, down] = [Math.ceil(width / shrink), Math.ceil(height / shrink)];
    for (let row = 0; row * ORIGINAL_TILE < down; row++) {
      for (let column = 0; column * ORIGINAL_TILE < across; column++) {
        const size = {
          width: Math.min(ORIGINAL_TILE, across - column * ORIGINAL_TILE),
          height: Math.min(ORIGINAL_TILE, down - row * ORIGINAL_TILE),
        };
        yield { path: originalTilePath(original, { level, column, row }), size };
      }
    }
  }
}

/** Counts the files of an original. */
export function originalPartCount({
  ending,
  width,
  height,
}: Pick<OriginalFacts, 'ending' | 'width' | 'height'>): number {
  if (ending !== '') return 1;
  const deepest = originalDepth({ width, height });
  let parts = 1;
  for (let shrink = 1; shrink <= 2 ** deepest; shrink *= 2) {
    parts += Math.ceil(width / shrink / ORIGINAL_TILE) * Math.ceil(height / shrink / ORIGINAL_TILE);
  }
  return parts;
}

/** Returns an upper bound of a block's length, bytes: a row has nine fields of at most 25 characters. */
export function indexBytesMax({ block }: IndexShape): number {
  return 64 + block * 256;
}

/** Parses a block of the index; undefined if it is malformed. */
export function readIndex(text: string, number: number, shape: IndexShape): (OriginalFacts | null)[] | undefined {
  return readIndexRows(readScript(text, ORIGINALS_GLOBAL, String(number)), number, shape);
}

/** Decodes the rows of block `number`; undefined if one is malformed, or their number is wrong. */
export function readIndexRows(
  told: unknown,
  number: number,
  { pictures, block }: IndexShape,
): (OriginalFacts | null)[] | undefined {
  const first = number * block;
  if (!Array.isArray(told) || told.length !== Math.min(block, pictures - first)) return undefined;
  const rows = told.map((row, i) => originalFacts(row, first + i));
  return rows.includes(undefined) ? undefined : (rows as (OriginalFacts | null)[]);
}

/** Makes the script of a block of the index. */
export function indexScript(number: number, rows: readonly (OriginalRow | null)[]): string {
  return scriptText(ORIGINALS_GLOBAL, String(number), rows);
}
