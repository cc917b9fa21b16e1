/**
 * Every shape that flows between the stages, once.
 *
 * Words: see "How it flows" in the README. A source's `id` is its index among the usable sources of a
 * catalog, 0-based. Cells and tiles are addressed (column, row), 0-based, row-major.
 */

/** Image format of the tiles. Only `jpeg` can be spliced; the others are painted at every level. */
export type TileFormat = 'jpeg' | 'webp' | 'avif' | 'png';

/** Chroma subsampling of JPEG tiles; fixes the MCU (16 px at 4:2:0, 8 px at 4:4:4). */
export type Subsampling = '4:2:0' | '4:4:4';

/** Which part of a source fills its (square) cell. */
export type Crop = 'centre' | 'attention' | 'entropy';

/** How full-resolution tiles stand in the site: hard links to one file per source, or copies of it. */
export type FullLevel = 'link' | 'copy';

/** How a level's tiles come to be; see `tilePlan`. */
export type TileOrigin = 'reference' | 'splice' | 'paint';

/** Colour, sRGB, each channel 0..255. */
export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** A rectangle in px; `left` and `top` inclusive. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Cells of a mosaic. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** The stages of a build, in their order. */
export type Stage = 'scan' | 'catalog' | 'match' | 'pyramid' | 'site';

/** What `onProgress` receives: `done` of `total` items of a stage (`total` 0 while unknown). */
export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  /** What is counted: `files`, `images`, `cells`, `tiles`. */
  readonly unit: string;
}

/** A file that looks like an image, as `scan` found it. */
export interface ScannedFile {
  /** Absolute path. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Modification time, ms since 1970. */
  readonly mtimeMs: number;
  /** Why it cannot be used, where that is known already. */
  readonly unsupported?: string;
}

/** A file that could not be used, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** What decides how a source is indexed; a catalog holds one index per recipe. */
export interface Recipe {
  /** Side of a cell at the deepest level, px; a power of two, 16..4096. */
  readonly cellSize: number;
  /** Side of a tile, px: 256 or 512. */
  readonly tileSize: number;
  readonly format: TileFormat;
  /** Encoder quality, 1..100. */
  readonly quality: number;
  readonly subsampling: Subsampling;
  readonly crop: Crop;
}

/** One usable source, as the catalog knows it. */
export interface Source {
  /** Absolute path of the first file (in scan order) with this content. */
  readonly path: string;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
  /** Size in px, upright (after EXIF orientation). */
  readonly width: number;
  readonly height: number;
  /** Decoder's name for the file format: `jpeg`, `png`, `heif`, … */
  readonly format: string;
  /** The part that fills the cell, upright px. */
  readonly crop: Rect;
  /** Has transparency, so it was laid over the background. */
  readonly alpha: boolean;
  /** The crop is smaller than the cell and was enlarged. */
  readonly enlarged: boolean;
  /** The full-resolution tile is the source's own compressed data. */
  readonly verbatim: boolean;
}

/** Cell -> source id, row-major, `columns * rows` long; and the squared feature distance of each choice. */
export interface Placement {
  readonly grid: Grid;
  readonly cells: Uint32Array;
  readonly costs: Float32Array;
  /** Of the assignment that capacities allow: what its sum of costs exceeds the certified least by, as a part of it. */
  readonly gap: number;
  /** What keeping equal sources apart added to that sum, as a part of it. */
  readonly distanceCost: number;
}

/** One level of the pyramid. */
export interface Level {
  /** Deep Zoom level: 0 is 1 x 1 px, each level doubles. */
  readonly level: number;
  /** Px per cell at this level; below 1, a power of two fraction. */
  readonly cell: number;
  /** Size of the level, px. */
  readonly width: number;
  readonly height: number;
  /** Tiles of the level. */
  readonly columns: number;
  readonly rows: number;
  readonly from: TileOrigin;
}

/** Counts of what went in. `found = usable + duplicates + skipped`. */
export interface SourceCounts {
  /** Files that look like images. */
  readonly found: number;
  /** Distinct images that can be placed. */
  readonly usable: number;
  /** Distinct images that were placed. */
  readonly used: number;
  /** Files that cannot be used; listed in `report/skipped.csv`. */
  readonly skipped: number;
  /** Files byte-identical to another. */
  readonly duplicates: number;
}

/** How near the mosaic comes to the target. */
export interface Quality {
  /** Mean over cells of the root-mean-square OKLab difference between a cell and its source (0 = same, 1 = black on white). */
  readonly meanDifference: number;
  /**
   * How far the assignment may be from the best that `--max-uses` allows, before equal images were parted: (sum of costs -
   * certified least) / sum of costs; 0 where every cell has its nearest.
   */
  readonly gap: number;
  /** What parting equal images (`--min-distance`) added to the sum of costs, as a part of it. */
  readonly distanceCost: number;
  /** Largest share of the cells that one source fills, 0..1. */
  readonly mostUsedShare: number;
  /** Largest number of cells that one source fills. */
  readonly mostUses: number;
}

/** `mosaic.json`: what a site is; documented in docs/formats.md. */
export interface MosaicJson {
  readonly format: 'zoomosaic';
  readonly version: 1;
  readonly title: string;
  readonly layout: 'dzi';
  readonly grid: Grid;
  readonly cellSize: number;
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
  readonly fullLevel: FullLevel;
  readonly crop: Crop;
  /** What transparent sources were laid over, `#rrggbb`. */
  readonly background: string;
  /** Levels, coarsest (0) first. */
  readonly levels: readonly Level[];
  readonly sources: SourceCounts & {
    /** Used sources smaller than the cell. */
    readonly enlarged: number;
    /** Used sources whose full-resolution tile is their own compressed data. */
    readonly verbatim: number;
  };
  /** `placement.js` calls `zoomosaicPlacement` with the base64 of the row-major source ids, little endian. */
  readonly placement: { readonly file: string; readonly type: 'u16' | 'u32' };
  readonly quality: Quality;
}
