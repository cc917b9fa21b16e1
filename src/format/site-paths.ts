/**
 * Every path and global name of a site, once: for writers, readers, `verify`, `fit` and the viewer. Paths are relative to the
 * site's folder, with `/`. A test refuses these names elsewhere in the source.
 */
import type { Size } from '../types.ts';

/** The page; the mosaic's description; the picture for links to the page; the checksums of all files. */
export const PAGE_FILE = 'index.html';
export const MOSAIC_FILE = 'mosaic.json';
export const PREVIEW_FILE = 'preview.jpg';
/** The target, small, to compare the mosaic with. */
export const TARGET_FILE = 'compare.jpg';
export const CHECKSUMS_FILE = 'checksums.bin';
/** Checksums that a rebase is about to put in their place. */
export const NEXT_CHECKSUMS_FILE: string = `${CHECKSUMS_FILE}.rebase`;

/** Top folders of a site. */
export const FOLDERS = {
  tiles: 'tiles',
  sheets: 'sheets',
  cells: 'cells',
  sources: 'sources',
  viewer: 'viewer',
  originals: 'originals',
  iiif: 'iiif',
} as const;

/** Names of the Deep Zoom pyramids: of the layout dzi, and of the coarse levels of the layout compact. */
export const PYRAMIDS = { dzi: 'mosaic', compact: 'overview' } as const;

/** Global functions that scripts of a site call: with a block of cells, with a block of the index of originals. */
export const CELLS_GLOBAL = 'zoomosaicCells';
export const ORIGINALS_GLOBAL = 'zoomosaicOriginals';

/** Service worker of a site for visits without a network; it serves its own folder, so it lies in the site's. */
export const OFFLINE_FILE = 'offline.js';

/** Script of the page that is loaded when one of its parts is first used, and the global variable that it makes. */
export const EXTRAS_FILE: string = `${FOLDERS.viewer}/extras.js`;
export const EXTRAS_GLOBAL = 'zoomosaicExtras';

/** Kinds of files of the directory: the folder of each, and the global function that its scripts call. */
export const DIRECTORY = {
  sources: { folder: FOLDERS.sources, global: 'zoomosaicSources' },
  pictures: { folder: `${FOLDERS.sources}/pictures`, global: 'zoomosaicPictures' },
  names: { folder: `${FOLDERS.sources}/names`, global: 'zoomosaicNames' },
  looks: { folder: `${FOLDERS.sources}/looks`, global: 'zoomosaicLooks' },
} as const;
export type DirectoryPart = keyof typeof DIRECTORY;

/** Folder of the close-ups. */
export const CLOSEUPS: string = `${FOLDERS.sources}/closeups`;

/** A file of the directory. */
export const directoryPath = (part: DirectoryPart, number: number): string => `${DIRECTORY[part].folder}/${number}.js`;

/** Folder of the IIIF image. */
export const IIIF_IMAGE = 'iiif/image';

/** Paths of the IIIF documents; `canvas`, `page`, `annotation` and `painting` are names of parts. */
export const IIIF_PATHS = {
  imageFolder: IIIF_IMAGE,
  info: 'iiif/image/info.json',
  manifest: 'iiif/manifest.json',
  annotations: 'iiif/annotations.json',
  canvas: 'iiif/canvas/1',
  page: 'iiif/page/1',
  annotation: 'iiif/annotation',
  painting: 'iiif/annotation/painting',
} as const;

/** Number of low bits of a picture's or original's number that share a folder. */
export const FOLDER_BITS = 10;

/** Descriptor of a Deep Zoom pyramid, and the folder of its levels, by the path of the pyramid without an ending. */
export const dziFile = (pyramid: string): string => `${pyramid}.dzi`;
export const dziFolder = (pyramid: string): string => `${pyramid}_files`;

/** Place of a tile: its level, and its column and row among the tiles of that level. */
export interface DziTile {
  readonly level: number;
  readonly column: number;
  readonly row: number;
}

/** Tile of a Deep Zoom pyramid. */
export function dziTilePath(pyramid: string, { level, column, row }: DziTile, extension: string): string {
  return `${dziFolder(pyramid)}/${level}/${column}_${row}.${extension}`;
}

/** Files of pictures at one size: `across` x `down` pieces each. */
export interface PictureFiles extends Size {
  readonly across: number;
  readonly down: number;
  /** Size of a cell at the deepest level. */
  readonly cell: Size;
  readonly extension: string;
}

/** A picture's file: its piece (x, y) at one size. */
export function pictureFile(
  picture: number,
  [x, y]: readonly [number, number],
  { width, across, down, cell, extension }: PictureFiles,
): string {
  const folder = `${FOLDERS.tiles}/${picture >> FOLDER_BITS}/${picture}`;
  const whole = width === cell.width && across * down === 1;
  return whole ? `${folder}.${extension}` : `${folder}/${width}_${x}_${y}.${extension}`;
}

/** Name of the checksums of all pictures' files of one width. */
export const picturesName = (width: number): string => `${FOLDERS.tiles}/${width}`;

/** A sheet of pictures; `cell` is their size. */
export function sheetFile(sheet: number, cell: Size, extension: string): string {
  return `${sheetsName(cell)}/${sheet >> FOLDER_BITS}/${sheet}.${extension}`;
}

/** Folder of all sheets of one cell size, and name of their checksums. */
export const sheetsName = ({ width }: Size): string => `${FOLDERS.sheets}/${width}`;

/** The close-up of a source. */
export const closeupPath = (number: number): string => `${CLOSEUPS}/${number >> FOLDER_BITS}/${number}.jpg`;

/** Returns the number of the close-up at a path; undefined for other files. */
export function closeupNumber(path: string): number | undefined {
  const number = path.startsWith(`${CLOSEUPS}/`) ? Number.parseInt(path.slice(path.lastIndexOf('/') + 1)) : NaN;
  return Number.isNaN(number) ? undefined : number;
}

/** An original, without its ending. */
export const originalPath = (original: number): string => `${FOLDERS.originals}/${original >> FOLDER_BITS}/${original}`;

/** A block of the index of originals. */
export const indexPath = (block: number): string => `${FOLDERS.originals}/${block}/index.js`;
