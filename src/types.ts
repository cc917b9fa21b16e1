/**
 * Every shape that flows between the stages, once.
 *
 * Words: see "How it flows" in the README. A source's `id` is its index among the usable sources of a
 * catalog, 0-based. Cells and tiles are addressed (column, row), 0-based, row-major.
 */
import type { Reason } from './image/reasons.ts';

/** Image format of the tiles. Only `jpeg` can be spliced; the others are painted at every level. */
export type TileFormat = 'jpeg' | 'webp' | 'avif' | 'png';

/** Chroma subsampling of JPEG tiles; fixes the MCU (16 px at 4:2:0, 8 px at 4:4:4). */
export type Subsampling = '4:2:0' | '4:4:4';

/** How a site's pyramid lies on disk; see docs/formats.md. */
export type Layout = 'dzi' | 'compact' | 'iiif';

/** Whether sites carry the sources' own files, as hard links where nothing has to be taken out of them, or as copies. */
export type Originals = 'none' | 'link' | 'copy';

/** Whether a site tells the names of image files. */
export type Names = 'all' | 'none';

/** Which part of a source fills its cell. */
export type Crop = 'centre' | 'attention' | 'entropy';

/** How full-resolution tiles stand in the site: hard links to one file per source, or copies of it. */
export type FullLevel = 'link' | 'copy';

/** Whether images that look alike share their uses and the distance, or count each by itself. */
export type NearDuplicates = 'group' | 'keep';

/** How tiles come to be; see `mipsOf`. */
export type TileOrigin = 'reference' | 'splice' | 'paint';

/** How a source stands: quarter turns clockwise (0..3), and 4 more if it is mirrored (left and right swapped) before. */
export type Turn = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

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

/** Px across and down. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Cells of a mosaic. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** The stages of a build, in their order. */
export type Stage = 'scan' | 'catalog' | 'match' | 'measure' | 'pyramid' | 'originals' | 'site';

/** An image that has to stand in a cell. */
export interface Pin {
  readonly column: number;
  readonly row: number;
  /** Its path, its name as in the report `sources.csv`, or the end of one of them. */
  readonly image: string;
  /** Path of the CSV that it was read from, if it was. */
  readonly file?: string;
}

/** What `onProgress` receives: `done` of `total` items of a stage (`total` 0 while unknown). */
export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  /** What is counted: `files`, `images`, `cells`, `tiles`, … */
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
  /** When its data or its place last changed, as only the system can say; ms since 1970. */
  readonly ctimeMs: number;
  /** Why it cannot be used, where that is known already. */
  readonly unsupported?: Reason;
}

/** Kinds of files that are left out: what one remedy mends is one kind. */
export type LeftOutKind =
  'heic' | 'raw' | 'format' | 'no-image' | 'damaged' | 'too-large' | 'unreadable' | 'undecodable';

/** How many files of a kind are left out, and what would bring them in. */
export interface LeftOut {
  readonly kind: LeftOutKind;
  readonly count: number;
  /** What to do with them, as in `convert them to JPEG`. */
  readonly remedy: string;
}

/** A file that could not be used, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: Reason;
}

/** What decides how a source is indexed; a catalog holds one index per recipe. */
export interface Recipe {
  /** A cell at the deepest level, px: two small whole numbers (both 1 where cells are square) times a power of two. */
  readonly cell: Size;
  /** Side of a Deep Zoom tile, px: the cell's width times or divided by a power of two. */
  readonly tileSize: number;
  readonly format: TileFormat;
  /** Encoder quality, 1..100. */
  readonly quality: number;
  readonly subsampling: Subsampling;
  readonly crop: Crop;
  /** How the source stands in its cell; upright by default. */
  readonly turn?: Turn;
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
  /** Why only a part of it decodes; such images are taken with `lenient` alone. */
  readonly partial?: Reason;
}

/**
 * Which picture stands in each cell. A picture is a source that stands in one of its ways: its id is
 * turn x number of usable sources + source id, so that upright sources have their own ids. Once placed, the pictures in
 * use are numbered in the order of their colours, from 0, and `cells` holds these numbers.
 */
export interface Placement {
  readonly grid: Grid;
  /** Pictures, row-major, `columns * rows` long. */
  readonly cells: Uint32Array;
  /** Squared distance of each choice from what the target shows, as matching sees it: emphasised features, in OKLab. */
  readonly costs: Float32Array;
  /**
   * What the sum of (weighted) costs and of the prices of repeats exceeds the certified least by, as a part of it, before
   * equal sources were parted.
   */
  readonly gap: number;
  /** What keeping equal sources apart added to the sum of costs, as a part of it. */
  readonly distanceCost: number;
  /** The distance that was kept. */
  readonly minDistance: number;
}

/** One level of the pyramid, whatever its layout. */
export interface Level extends Size {
  /** Deep Zoom level: 0 is 1 x 1 px, each level doubles. */
  readonly level: number;
  /** Px per cell at this level; multiples of a power of two, below 1 a fraction. */
  readonly cell: Size;
}

/** Counts of what went in. `found = usable + duplicates + pairs + skipped`. */
export interface SourceCounts {
  /** Files that look like images. */
  readonly found: number;
  /** Distinct images that can be placed. */
  readonly usable: number;
  /** Distinct images that were placed. */
  readonly used: number;
  /** Files that cannot be used; listed in the report `skipped.csv`. */
  readonly skipped: number;
  /** Of them, how many of each kind; kinds without any are not there. */
  readonly leftOut: Readonly<Partial<Record<LeftOutKind, number>>>;
  /** Files byte-identical to another. */
  readonly duplicates: number;
  /** Files of the same photograph as another, under one name side by side: HEIC or raw, and JPEG. */
  readonly pairs: number;
  /** Usable images that look like another one, and share its uses and its distance. */
  readonly nearDuplicates: number;
}

/** What a mosaic looks like from afar, compared with its target; see src/measure. */
export interface Likeness {
  /** Px per cell that it was compared at. */
  readonly cellPx: number;
  /** Mean CIEDE2000 over all px: 0 same, 1 just noticeable, 100 black on white. */
  readonly ciede2000: number;
  /** Mean structural similarity of the luma, -1..1 (1: same). */
  readonly ssim: number;
  /** Peak signal-to-noise ratio of the RGB samples, dB; null where they are all the same. */
  readonly psnr: number | null;
}

/** How near the mosaic comes to the target. */
export interface Quality {
  /** At 1, 2, 4 and 8 px per cell. */
  readonly likeness: readonly Likeness[];
  /**
   * How far the assignment may be from the best that capacities and variety allow, before equal images were parted: what the
   * sum of costs and of the prices of uses exceeds the certified least by, as a part of the sum of costs.
   */
  readonly gap: number;
  /** What parting equal images (`--min-distance`) added to the sum of costs, as a part of it. */
  readonly distanceCost: number;
  /** Largest share of the cells that one source fills, 0..1. */
  readonly mostUsedShare: number;
  /** Largest number of cells that one source fills. */
  readonly mostUses: number;
  /** How many sources fill how many cells: pairs (cells, sources), rising; unused sources as (0, …). */
  readonly usesHistogram: readonly (readonly [uses: number, sources: number])[];
  /** Cells within this Chebyshev distance of each other do not show the same source, or near-duplicates of it. */
  readonly minDistance: number;
  /** Pairs of cells for which that does not hold. */
  readonly distanceConflicts: number;
}
