import type { LayoutLevel, MosaicJson } from '../src/format/mosaic-json.ts';
import type { Layout, Size } from '../src/types.ts';

/** A level as a viewer sees it. */
export interface ViewLevel extends Size {
  /** Deep Zoom level. */
  readonly level: number;
  /** Px per cell; below 1 a fraction. */
  readonly cell: Size;
  readonly tile: Size;
  /** Tiles. */
  readonly columns: number;
  readonly rows: number;
  /** What a tile is: a file of the mosaic; a file, or a piece, of one picture; cells of sheets; parts of originals. */
  readonly from: 'file' | 'picture' | 'sheets' | 'original';
  /** Pictures across and down in a sheet. */
  readonly sheet: number;
}

/** Originals are shown in tiles of at most this side, px. */
const ORIGINAL_VIEW = 512;

/** Layouts that we can show, the best first. */
const KNOWN = ['dzi', 'compact', 'iiif'] as const;

/** The layout of a mosaic that is shown: the one that is wanted, if it is there. */
export function layoutOf({ layouts }: MosaicJson, wanted?: string | null): Layout {
  return KNOWN.find((name) => name === wanted && layouts[name]) ?? KNOWN.find((name) => layouts[name])!;
}

/** The levels of a layout, coarsest first. */
export function viewLevels(mosaic: MosaicJson, layout: Layout): ViewLevel[] {
  const has = new Map(mosaic.layouts[layout]!.levels.map((level) => [level.level, level]));
  const own = ownLevels(mosaic, has);
  const deepest = own[own.length - 1]!;
  const beyond = Array.from({ length: mosaic.originals?.levels ?? 0 }, (_, i) => enlarged(deepest, i + 1));
  return [...own, ...beyond];
}

/** The levels that a mosaic has itself. */
function ownLevels(mosaic: MosaicJson, has: ReadonlyMap<number, LayoutLevel>): ViewLevel[] {
  const sides = new Map((mosaic.layouts.compact?.sheets ?? []).map(({ level, side }) => [level, side]));
  return mosaic.levels
    .filter(({ level }) => has.has(level))
    .map(({ level, cell, width, height }) => {
      const { tile, from } = has.get(level)!;
      const [columns, rows] = [Math.ceil(width / tile.width), Math.ceil(height / tile.height)];
      return { level, width, height, cell, tile, columns, rows, from: viewed(from), sheet: sides.get(level) ?? 0 };
    });
}

/** A level beyond the deepest, which originals are shown at: its tiles are the same part of a cell, or smaller. */
function enlarged({ level, width, height, cell }: ViewLevel, by: number): ViewLevel {
  const scale = 2 ** by;
  const size = { width: cell.width * scale, height: cell.height * scale };
  let tile: Size = size;
  while (Math.max(tile.width, tile.height) > ORIGINAL_VIEW) tile = { width: tile.width / 2, height: tile.height / 2 };
  const [across, down] = [size.width / tile.width, size.height / tile.height];
  const [columns, rows] = [(width / cell.width) * across, (height / cell.height) * down];
  return {
    level: level + by,
    width: width * scale,
    height: height * scale,
    cell: size,
    tile,
    columns,
    rows,
    from: 'original',
    sheet: 0,
  };
}

function viewed(from: LayoutLevel['from']): ViewLevel['from'] {
  if (from === 'reference') return 'picture';
  return from === 'sheets' ? 'sheets' : 'file';
}
