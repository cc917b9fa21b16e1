/** The shape of `mosaic.json`, which describes a site. docs/formats.md documents it; `mosaic-reader.ts` reads it. */
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

/** Version of `mosaic.json` that is written, read and shown. */
export const MOSAIC_VERSION = 4;

/** Largest `mosaic.json` that is read, bytes: a histogram of 2^24 cells takes a quarter of it. */
export const MOSAIC_BYTES_MAX = 2 ** 20;

/** Most cells of a mosaic: 4,096 x 4,096. */
export const CELLS_MAX = 2 ** 24;

/** Longest side of a mosaic, px: many viewers read sides of Deep Zoom images as 32-bit integers. */
export const SIDE_MAX = 2 ** 31 - 1;

/** Longest title, UTF-16 units. */
export const TITLE_MAX = 1000;

/** Languages of the page. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Most cells of a tour. */
export const TOUR_MAX = 1000;

/** Least and greatest longer side of close-ups, px. */
export const CLOSEUP_SIDES = [64, 4096] as const;

/** A level of a layout. */
export interface LayoutLevel {
  readonly level: number;
  /** Size of a tile, px; smaller at the right and lower edges. */
  readonly tile: Size;
  /** Origin of its tiles. `sheets`: it has no tiles; viewers compose its cells from sheets of all pictures. */
  readonly from: TileOrigin | 'sheets';
}

/** The layouts that a site contains. */
export interface Layouts {
  readonly dzi?: { readonly levels: readonly LayoutLevel[]; readonly fullLevel: FullLevel };
  readonly compact?: {
    readonly levels: readonly LayoutLevel[];
    /** Deepest level of `overview.dzi`. Deeper levels have tiles per picture, or sheets. */
    readonly overview: number;
    /** Pictures along a side of a sheet, for each level that comes from sheets. */
    readonly sheets: readonly { readonly level: number; readonly side: number }[];
  };
  readonly iiif?: { readonly levels: readonly LayoutLevel[] };
}

/** `mosaic.json`. */
export interface MosaicJson {
  readonly format: 'zoomosaic';
  readonly version: typeof MOSAIC_VERSION;
  readonly title: string;
  /** Address of the site, if it is known; sites with the layout iiif have one. The copy in the page leaves it out. */
  readonly baseUrl?: string;
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
  /** Colour behind transparent sources, `#rrggbb`. */
  readonly background: string;
  /** Levels, coarsest (0) first. */
  readonly levels: readonly Level[];
  /** Number of pictures in use; a source counts once per orientation. */
  readonly pictures: number;
  readonly sources: SourceCounts & {
    /** Used sources smaller than the cell. */
    readonly enlarged: number;
    /** Used sources whose full-resolution tile is made of their own compressed data. */
    readonly verbatim: number;
  };
  /** Whether the site contains the names of image files. */
  readonly names: Names;
  /** The placement: blocks of `block` x `block` cells, in `cells/`; see `cell-blocks.ts`. */
  readonly placement: { readonly block: number; readonly type: 'u16' | 'u32' };
  /** Language of the page. */
  readonly language: Language;
  /** The site has the target as `compare.jpg`, to compare the mosaic with. */
  readonly compare: boolean;
  /** The page keeps what was seen, for visits without a network. */
  readonly offline: boolean;
  /** Cells that the tour visits, in this order; missing for any cells. */
  readonly tour?: readonly number[];
  /**
   * The directory of sources: number of sources in a block; `named` if it has names or captions to search. See
   * `directory.ts`.
   */
  readonly directory: { readonly block: number; readonly named: boolean };
  /** Longer side of the close-ups, px; missing if there are none. */
  readonly closeup?: number;
  /**
   * The sources' own files, in `originals/`, and their index in blocks of `block` pictures. `levels` is the number of levels
   * beyond the mosaic's own that are needed to show all their detail.
   */
  readonly originals?: { readonly mode: 'link' | 'copy'; readonly block: number; readonly levels: number };
  readonly quality: Quality;
}
