import type { LayoutLevel, MosaicJson } from '../src/format/mosaic-json.ts';
import type { Layout, Size } from '../src/types.ts';

/** A level as the viewer shows it. */
export interface ViewLevel extends Size {
  /** Deep Zoom level. */
  readonly level: number;
  /** Size of a cell, px; may be a fraction. */
  readonly cell: Size;
  readonly tile: Size;
  /** Number of tiles across and down. */
  readonly columns: number;
  readonly rows: number;
  /** Origin of its tiles: a file of the mosaic; a file or a piece of one picture; cells from sheets; parts of originals. */
  readonly from: 'file' | 'picture' | 'sheets' | 'original';
  /** Pictures along a side of a sheet; 0 if there are no sheets. */
  readonly sheet: number;
}

/** Largest side of tiles that show originals, px. */
const ORIGINAL_VIEW = 512;

/** Layouts that can be shown, the best first. */
const KNOWN = ['dzi', 'compact', 'iiif'] as const;

/** Chooses the layout to show: the wanted one if the site has it, otherwise the best. */
export function chosenLayout({ layouts }: MosaicJson, wanted?: string | null): Layout {
  return KNOWN.find((name) => name === wanted && layouts[name]) ?? KNOWN.find((name) => layouts[name])!;
}

/** Computes the levels of a layout, coarsest first; levels of originals come last. */
export function viewLevels(mosaic: MosaicJson, layout: Layout): ViewLevel[] {
  const has = new Map(mosaic.layouts[layout]!.levels.map((level) => [level.level, level]));
  const own = ownLevels(mosaic, has);
  const deepest = own[own.length - 1]!;
  const beyond = Array.from({ length: mosaic.originals?.levels ?? 0 }, (_, i) => enlarged(deepest, i + 1));
  return [...own, ...beyond];
}

/** Computes the mosaic's own levels. */
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

/**
 * Computes a level beyond the deepest, at which originals are shown. Its tiles are cells, halved in both directions until no
 * side is longer than {@link ORIGINAL_VIEW}.
 */
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

/** Tells whether a level's tiles are composed in the browser. */
export function isComposed({ from }: ViewLevel): boolean {
  return from === 'sheets' || from === 'original';
}

/** Returns the cell that a tile begins in. */
export function cellUnder({ cell, tile }: ViewLevel, x: number, y: number): [column: number, row: number] {
  return [Math.floor((x * tile.width) / cell.width), Math.floor((y * tile.height) / cell.height)];
}
