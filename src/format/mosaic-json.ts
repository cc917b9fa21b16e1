/** The shape of `mosaic.json`, which tells what a site is; documented in docs/formats.md, read by `mosaic-reader.ts`. */
import type {
  Crop,
  FullLevel,
  Grid,
  Level,
  Names,
  Quality,
  Size,
  SourceCounts,
  Subsampling,
  TileFormat,
  TileOrigin,
} from '../types.ts';

/** Version of `mosaic.json` that we write, read and show. */
export const MOSAIC_VERSION = 3;

/** Name of the file within a site. */
export const MOSAIC_FILE = 'mosaic.json';

/** Largest `mosaic.json` that is read, bytes: a histogram of 2^24 cells takes a quarter of it. */
export const MOSAIC_BYTES_MAX = 2 ** 20;

/** Most cells of a mosaic: 4,096 x 4,096. */
export const CELLS_MAX = 2 ** 24;

/** Longest side of a mosaic, px: many viewers read sides of Deep Zoom images as 32-bit integers. */
export const SIDE_MAX = 2 ** 31 - 1;

/** Longest title, UTF-16 units. */
export const TITLE_MAX = 1000;

/** How a layout has a level. */
export interface LayoutLevel {
  readonly level: number;
  /** Size of a tile, px; smaller at the right and lower edges. */
  readonly tile: Size;
  /** How its tiles come to be; `sheets`: there are none, viewers put cells together from sheets of all pictures. */
  readonly from: TileOrigin | 'sheets';
}

/** What a site's `mosaic.json` tells of the layouts in it. */
export interface Layouts {
  readonly dzi?: { readonly levels: readonly LayoutLevel[]; readonly fullLevel: FullLevel };
  readonly compact?: {
    readonly levels: readonly LayoutLevel[];
    /** Deepest level of `overview.dzi`; those below have tiles by picture, or sheets. */
    readonly overview: number;
    /** Pictures across and down in a sheet of each size. */
    readonly sheets: readonly { readonly level: number; readonly side: number }[];
  };
  readonly iiif?: { readonly levels: readonly LayoutLevel[]; readonly baseUrl: string };
}

/** `mosaic.json`. */
export interface MosaicJson {
  readonly format: 'zoomosaic';
  readonly version: typeof MOSAIC_VERSION;
  readonly title: string;
  readonly layouts: Layouts;
  readonly grid: Grid;
  /** A cell at the deepest level, px. */
  readonly cell: Size;
  /** Side of Deep Zoom tiles, px. */
  readonly tileSize: number;
  /** Size of the whole mosaic, px. */
  readonly width: number;
  readonly height: number;
  readonly tile: {
    readonly format: TileFormat;
    /** File name extension of the tiles: `jpg`, `webp`, `avif`, `png`. */
    readonly extension: string;
    readonly quality: number;
    readonly subsampling: Subsampling;
  };
  readonly crop: Crop;
  /** What transparent sources were laid over, `#rrggbb`. */
  readonly background: string;
  /** Levels, coarsest (0) first. */
  readonly levels: readonly Level[];
  /** Pictures in use: sources, each as often as it stands in different ways. */
  readonly pictures: number;
  readonly sources: SourceCounts & {
    /** Used sources smaller than the cell. */
    readonly enlarged: number;
    /** Used sources whose full-resolution tile is their own compressed data. */
    readonly verbatim: number;
  };
  /** Whether the site tells the names of image files. */
  readonly names: Names;
  /** Which picture stands in which cell: blocks of `block` x `block` cells, in `cells/`; see `cell-blocks.ts`. */
  readonly placement: { readonly block: number; readonly type: 'u16' | 'u32' };
  /**
   * The sources' own files, in `originals/`, and the index of them in blocks of `block` pictures; `levels` more levels than
   * the mosaic's own are needed to show all their detail.
   */
  readonly originals?: { readonly mode: 'link' | 'copy'; readonly block: number; readonly levels: number };
  readonly quality: Quality;
}
