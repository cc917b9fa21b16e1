import { iiifImageOf, iiifTilePath } from '../format/iiif-image.ts';
import type { LayoutLevel, MosaicJson } from '../format/mosaic-json.ts';
import { dziTilePath, IIIF_IMAGE, pictureFile, PYRAMIDS, sheetFile } from '../format/site-paths.ts';
import type { Layout, Level, Rect, Size } from '../types.ts';

/** A part of a level: a rectangle of it that a file of the site shows. */
export interface LevelPart {
  /** Path of the file in the site, with `/`, and the size of its image, px. */
  readonly file: string;
  readonly fileSize: Size;
  /** Place of the part in the file, px. */
  readonly left: number;
  readonly top: number;
  /** The part of the level. */
  readonly rect: Rect;
}

/** A level that a poster is made of, as a layout of the site has it: a grid of parts. */
export interface PosterLevel extends Level {
  readonly layout: Layout;
  /** Size of a part, px; smaller at the right and lower edges. */
  readonly part: Size;
  /** Parts are found by the pictures of the cells: {@link partAt} needs the placement. */
  readonly isPlaced: boolean;
  /** Returns the part in a column and a row of the grid. `cells`: picture number of each cell, row by row. */
  readonly partAt: (column: number, row: number, cells: Uint32Array) => LevelPart;
}

/** Layouts that a poster is made of, the one with the fewest files first. */
const LAYOUTS = ['compact', 'dzi', 'iiif'] as const;

/** Finds the smallest level of a site that has at least so many px, in the layout that needs the fewest files. */
export function smallestLevel(mosaic: MosaicJson, { width, height }: Size): PosterLevel {
  for (const level of mosaic.levels) {
    if (level.width < width || level.height < height) continue;
    for (const layout of LAYOUTS) {
      const own = mosaic.layouts[layout]?.levels.find((one) => one.level === level.level);
      if (own) return levelOf(mosaic, layout, own);
    }
  }
  throw new RangeError(`no level of ${width} x ${height} px`);
}

function levelOf(mosaic: MosaicJson, layout: Layout, own: LayoutLevel): PosterLevel {
  const level = mosaic.levels[own.level]!;
  const parts =
    own.from === 'sheets'
      ? inSheets(mosaic, level)
      : own.from === 'reference'
        ? inPictures(mosaic, level, own.tile)
        : inTiles(mosaic, layout, own);
  return { ...level, layout, ...parts };
}

type Parts = Pick<PosterLevel, 'part' | 'isPlaced' | 'partAt'>;

/** Parts that are tiles of the mosaic. */
function inTiles(mosaic: MosaicJson, layout: Layout, { level, tile }: LayoutLevel): Parts {
  const { width, height } = mosaic.levels[level]!;
  const fileOf = layout === 'iiif' ? iiifFiles(mosaic, level, tile) : dziFiles(mosaic, PYRAMIDS[layout], level);
  return {
    part: tile,
    isPlaced: false,
    partAt: (column, row) => {
      const rect = clipped({ left: column * tile.width, top: row * tile.height, ...tile }, { width, height });
      return { file: fileOf(column, row), fileSize: { width: rect.width, height: rect.height }, left: 0, top: 0, rect };
    },
  };
}

type FileOf = (column: number, row: number) => string;

function dziFiles({ tile: { extension } }: MosaicJson, pyramid: string, level: number): FileOf {
  return (column, row) => dziTilePath(pyramid, { level, column, row }, extension);
}

/** The whole image as one tile has the region `full`. */
function iiifFiles({ width, height, levels }: MosaicJson, level: number, tile: Size): FileOf {
  const own = levels[level]!;
  if (own.width <= tile.width && own.height <= tile.height)
    return () => `${IIIF_IMAGE}/full/${own.width},${own.height}/0/default.jpg`;
  const image = iiifImageOf({ width, height, tileWidth: tile.width, tileHeight: tile.height });
  const scaleFactor = 2 ** (levels.length - 1 - level);
  return (column, row) => `${IIIF_IMAGE}/${iiifTilePath(image, { scaleFactor, column, row })}`;
}

/** Parts that are files of the cells' pictures, or pieces of them. */
function inPictures({ grid, cell: full, tile: { extension } }: MosaicJson, { cell }: Level, tile: Size): Parts {
  const [across, down] = [cell.width / tile.width, cell.height / tile.height];
  const files = { ...cell, across, down, cell: full, extension };
  return {
    part: tile,
    isPlaced: true,
    partAt: (column, row, cells) => {
      const picture = cells[Math.floor(row / down) * grid.columns + Math.floor(column / across)]!;
      const rect = { left: column * tile.width, top: row * tile.height, ...tile };
      return {
        file: pictureFile(picture, [column % across, row % down], files),
        fileSize: tile,
        left: 0,
        top: 0,
        rect,
      };
    },
  };
}

/** Parts that are cells, each of a place in a sheet. */
function inSheets({ grid, pictures, layouts, tile }: MosaicJson, { level, cell }: Level): Parts {
  const { side } = layouts.compact!.sheets.find((one) => one.level === level)!;
  return {
    part: cell,
    isPlaced: true,
    partAt: (column, row, cells) => {
      const picture = cells[row * grid.columns + column]!;
      const sheet = Math.floor(picture / side ** 2);
      const place = picture % side ** 2;
      const rows = Math.min(side, Math.ceil((pictures - sheet * side ** 2) / side));
      return {
        file: sheetFile(sheet, cell, tile.extension),
        fileSize: { width: side * cell.width, height: rows * cell.height },
        left: (place % side) * cell.width,
        top: Math.floor(place / side) * cell.height,
        rect: { left: column * cell.width, top: row * cell.height, ...cell },
      };
    },
  };
}

/** The part of a rectangle within an image of a size. */
function clipped({ left, top, width, height }: Rect, size: Size): Rect {
  return { left, top, width: Math.min(width, size.width - left), height: Math.min(height, size.height - top) };
}
