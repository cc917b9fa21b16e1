import type { Rect, Size, Turn } from '../types.ts';

/** Pictures in a block of the index. */
export const INDEX_BLOCK = 1024;

/**
 * What a site tells of a picture's original: its number, the ending of its file (empty for a pyramid of its own), its size,
 * the part that fills the cell (upright px), how it stands there, and the file's CRC-32 (0 for a pyramid).
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
  sum: number,
];

/** An original, as a viewer needs it. */
export interface OriginalFacts extends Size {
  readonly original: number;
  readonly ending: string;
  readonly crop: Rect;
  readonly turn: Turn;
  readonly sum: number;
}

/** Reads a row. */
export function originalFacts(row: OriginalRow): OriginalFacts {
  const [original, ending, width, height, left, top, cropWidth, cropHeight, turn, sum] = row;
  return { original, ending, width, height, crop: { left, top, width: cropWidth, height: cropHeight }, turn, sum };
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

/** Where a block of the index lies. */
export function indexPath(block: number): string {
  return `originals/${block}/index.js`;
}

/** Reads what {@link indexScript} made; undefined if it is no such block. A picture without an original has no row, but `null`. */
export function readIndex(text: string, block: number): (OriginalRow | null)[] | undefined {
  const [, name, json] = /^zoomosaicOriginals\("(\d+)",(\[.*\])\);\n$/.exec(text) ?? [];
  if (name !== String(block) || json === undefined) return undefined;
  return JSON.parse(json) as (OriginalRow | null)[];
}

/** A block of the index as a script, since pages opened from disk can load nothing else. */
export function indexScript(block: number, rows: readonly (OriginalRow | null)[]): string {
  return `zoomosaicOriginals("${block}",${JSON.stringify(rows)});\n`;
}
