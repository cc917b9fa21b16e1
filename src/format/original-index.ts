import type { Rect, Size, Turn } from '../types.ts';
import { isWhole } from './fields.ts';
import { readScript, scriptText } from './script-text.ts';

/** Pictures in a block of the index, as builds write it. */
export const INDEX_BLOCK = 1024;
/** The same, as it is read: least and most. */
export const INDEX_BLOCKS = [16, 65_536] as const;
/** Most levels that originals add to a mosaic's. */
export const ORIGINAL_LEVELS_MAX = 20;

/** The function that blocks of the index call. */
export const ORIGINALS_GLOBAL = 'zoomosaicOriginals';

/** Endings of originals; empty for a pyramid of its own. */
export const ORIGINAL_ENDINGS: readonly string[] = ['', 'jpg', 'png', 'webp', 'gif'];

/** Longest side of an original, px. */
const ORIGINAL_SIDE_MAX = 2 ** 31 - 1;
/** What a crop may reach beyond its original, as a part of its size: it is scaled, and so rounded. */
const ROUNDING = 1e-6;

/**
 * What a site tells of a picture's original: its number, the ending of its file (empty for a pyramid of its own), its size,
 * the part that fills the cell (upright px), and how it stands there.
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

/** An original, as a viewer needs it. */
export interface OriginalFacts extends Size {
  readonly original: number;
  readonly ending: string;
  readonly crop: Rect;
  readonly turn: Turn;
}

/** An index of originals: how many pictures it is of, and how many stand in a block. */
export interface IndexShape {
  readonly pictures: number;
  readonly block: number;
}

/**
 * Reads a row that anybody can have written.
 *
 * @param picture that the row is of: an original has the number of its first picture.
 * @returns null if there is no original; undefined if it is no such row.
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

/** Whether a part of a side lies within it. */
function isPart(start: unknown, length: unknown, side: number): start is number {
  if (typeof start !== 'number' || typeof length !== 'number') return false;
  return start >= 0 && length > 0 && start + length <= side * (1 + ROUNDING);
}

/** Side of the tiles of an original that has a pyramid of its own, px. */
export const ORIGINAL_TILE = 512;

/** Where an original lies in a site, without its ending. */
export function originalPath(original: number): string {
  return `originals/${original >> 10}/${original}`;
}

/** Where a tile of an original's pyramid lies. */
export function originalTilePath(original: number, level: number, column: number, row: number): string {
  return `${originalPath(original)}_files/${level}/${column}_${row}.jpeg`;
}

/** Deepest level of an original's pyramid. */
export function originalDepth({ width, height }: Size): number {
  return Math.ceil(Math.log2(Math.max(width, height)));
}

/** A file of an original; its size in px, but of a descriptor. */
export interface OriginalPart {
  readonly path: string;
  readonly size?: Size;
}

/** The files of an original: one; or its descriptor, and its tiles level by level, row by row. */
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
        yield { path: originalTilePath(original, level, column, row), size };
      }
    }
  }
}

/** Number of the files of an original. */
export function originalPartCount({
  ending,
  width,
  height,
}: Pick<OriginalFacts, 'ending' | 'width' | 'height'>): number {
  if (ending !== '') return 1;
  const deepest = originalDepth({ width, height });
  let count = 1;
  for (let shrink = 1; shrink <= 2 ** deepest; shrink *= 2) {
    count += Math.ceil(width / shrink / ORIGINAL_TILE) * Math.ceil(height / shrink / ORIGINAL_TILE);
  }
  return count;
}

/** Where a block of the index lies. */
export function indexPath(block: number): string {
  return `originals/${block}/index.js`;
}

/** Longest block of the index, bytes: a row has nine numbers of at most 25 characters. */
export function indexBytesMax({ block }: IndexShape): number {
  return 64 + block * 256;
}

/** Reads what {@link indexScript} made; undefined if it is no such block. */
export function readIndex(text: string, number: number, shape: IndexShape): (OriginalFacts | null)[] | undefined {
  return readIndexRows(readScript(text, ORIGINALS_GLOBAL, String(number)), number, shape);
}

/** Reads what a block of the index tells; undefined if that is none of this number. */
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

/** A block of the index as a script. */
export function indexScript(number: number, rows: readonly (OriginalRow | null)[]): string {
  return scriptText(ORIGINALS_GLOBAL, String(number), rows);
}
