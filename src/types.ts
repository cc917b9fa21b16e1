/**
 * All types that several stages share.
 *
 * Terms: see docs/architecture.md. A source's `id` is its index among the usable sources of a
 * catalog, 0-based. Cells and tiles are addressed (column, row), 0-based, row-major.
 */
import type { Reason } from './image/reasons.ts';

/** Image format of the tiles. Only `jpeg` can be spliced; the others are painted at every level. */
export type TileFormat = 'jpeg' | 'webp' | 'avif' | 'png';

/** Chroma subsampling of JPEG tiles; fixes the MCU (16 px at 4:2:0, 8 px at 4:4:4). */
export type Subsampling = '4:2:0' | '4:4:4';

/** Arrangement of a site's pyramid in files; see docs/formats.md. */
export type Layout = 'dzi' | 'compact' | 'iiif';

/** Form of the sources' own files in a site: none, hard links where no metadata has to be removed, or copies. */
export type Originals = 'none' | 'link' | 'copy';

/** Names of image files in a site: `all`, where there is a place for them, or `none`. */
export type Names = 'all' | 'none';

/** Part of a source that fills its cell. */
export type Crop = 'centre' | 'attention' | 'entropy';

/** Form of the full-resolution tiles in a site: hard links to one file per source, or copies of it. */
export type FullLevel = 'link' | 'copy';

/** Treatment of images that look alike: they share their uses and the distance, or each counts by itself. */
export type NearDuplicates = 'group' | 'keep';

/** Origin of a tile; see `mipsOf`. */
export type TileOrigin = 'reference' | 'splice' | 'paint';

/** Orientation of a source: quarter turns clockwise (0..3), plus 4 if it is first mirrored (left and right swapped). */
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

/** Width and height, px. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Number of cells across and down. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** Stages of a build, in order. */
export type BuildStage = 'scan' | 'catalog' | 'match' | 'measure' | 'pyramid' | 'originals' | 'site';

/** Stages of a preview, in order. */
export type PreviewStage = 'scan' | 'catalog' | 'match' | 'draw';

/** Stages of a build, a preview or a poster. */
export type Stage = BuildStage | PreviewStage | 'poster';

/** An image pinned to a cell. */
export interface Pin {
  readonly column: number;
  readonly row: number;
  /** Path, name in the report `sources.csv`, or the end of one of them. */
  readonly image: string;
  /** Path of the CSV with this pin, if it comes from one. */
  readonly file?: string;
}

/** Progress of a stage, for `onProgress`: `done` of `total` items (`total` 0 while unknown). */
export interface Progress {
  readonly stage: Stage;
  readonly done: number;
  readonly total: number;
  /** Unit of the items: `files`, `images`, `cells`, `tiles`, … */
  readonly unit: string;
}

/** A file found by `scan` that looks like an image. */
export interface ScannedFile {
  /** Absolute path. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Modification time, ms since 1970. */
  readonly mtimeMs: number;
  /** Time of the last change of its data or its inode, ms since 1970; programs cannot set it. */
  readonly ctimeMs: number;
  /** Reason why it cannot be used, if known already. */
  readonly unsupported?: Reason;
}

/** Kinds of files that are left out; each kind has one remedy. */
export type LeftOutKind =
  'heic' | 'raw' | 'format' | 'no-image' | 'damaged' | 'too-large' | 'unreadable' | 'undecodable';

/** Number of files of a kind that are left out, and the remedy. */
export interface LeftOut {
  readonly kind: LeftOutKind;
  readonly count: number;
  /** Advice to the user, as in `convert them to JPEG`. */
  readonly remedy: string;
}

/** A file that cannot be used, and the reason. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: Reason;
}

/** Parameters of indexing. A catalog holds one index per recipe. */
export interface Recipe {
  /** Size of a cell at the deepest level, px: two small whole numbers (both 1 for square cells) times a power of two. */
  readonly cell: Size;
  /** Side of a Deep Zoom tile, px: the width of the cell times or divided by a power of two. */
  readonly tileSize: number;
  readonly format: TileFormat;
  /** Encoder quality, 1..100. */
  readonly quality: number;
  readonly subsampling: Subsampling;
  readonly crop: Crop;
}

/** A usable source in the catalog. */
export interface Source {
  /** Absolute path of the first file with this content, in the order of the scan. */
  readonly path: string;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
  /** Size in px, upright (after EXIF orientation). */
  readonly width: number;
  readonly height: number;
  /** Decoder's name for the file format: `jpeg`, `png`, `heif`, … */
  readonly format: string;
  /** Part that fills the cell, upright px. */
  readonly crop: Rect;
  /** The source is transparent, and was laid over the background. */
  readonly alpha: boolean;
  /** The crop is smaller than the cell and was enlarged. */
  readonly enlarged: boolean;
  /** The full-resolution tile is the source's own compressed data. */
  readonly verbatim: boolean;
  /** Reason why only a part of it decodes. Such sources are used with `lenient` only. */
  readonly partial?: Reason;
}

/**
 * The picture of each cell. A picture is a source in one of its orientations. Its id is turn x number of usable sources +
 * source id, so upright sources keep their own ids. After placement, the pictures in use are numbered from 0 in the order
 * of their colours, and `cells` holds these numbers.
 */
export interface Placement {
  readonly grid: Grid;
  /** Pictures, row-major, `columns * rows` long. */
  readonly cells: Uint32Array;
  /** Squared distance of each cell's picture from the target, as matching measures it: of emphasised features, in OKLab. */
  readonly costs: Float32Array;
  /**
   * Amount by which (weighted) costs plus prices of repeats exceed the certified least, relative to the costs, before equal
   * sources were separated.
   */
  readonly gap: number;
  /** Increase of the sum of costs by separating equal sources, relative to that sum. */
  readonly distanceCost: number;
  /** Increase of the sum of costs and prices by improving the likeness from afar, relative to the costs before. */
  readonly afarCost: number;
  /** Distance that equal sources keep. */
  readonly minDistance: number;
}

/** One level of the pyramid, whatever its layout. */
export interface Level extends Size {
  /** Deep Zoom level: 0 is 1 x 1 px, each level doubles. */
  readonly level: number;
  /** Px per cell at this level: multiples of a power of two; below 1 a fraction. */
  readonly cell: Size;
}

/** Numbers of files and images of a build. `found = usable + duplicates + pairs + skipped`. */
export interface SourceCounts {
  /** Number of files that look like images. */
  readonly found: number;
  /** Number of distinct images that can be placed. */
  readonly usable: number;
  /** Number of distinct images that were placed. */
  readonly used: number;
  /** Number of files that cannot be used; the report `skipped.csv` lists them. */
  readonly skipped: number;
  /** Number of skipped files by kind; kinds without files are omitted. */
  readonly leftOut: Readonly<Partial<Record<LeftOutKind, number>>>;
  /** Number of files that are byte-identical to another. */
  readonly duplicates: number;
  /** Number of files that hold the same photograph as a file of the same name beside them: HEIC or raw, and JPEG. */
  readonly pairs: number;
  /** Number of usable images that look like another one, and share its uses and its distance. */
  readonly nearDuplicates: number;
}

/** Likeness of a mosaic to its target, seen from afar; see src/measure. */
export interface Likeness {
  /** Scale of the comparison, px per cell. */
  readonly cellPx: number;
  /** Mean CIEDE2000 over all px: 0 equal, 1 just noticeable, 100 black on white. */
  readonly ciede2000: number;
  /** Mean structural similarity of the luma, -1..1 (1: equal). */
  readonly ssim: number;
  /** Peak signal-to-noise ratio of the RGB samples, dB; null if all samples are equal. */
  readonly psnr: number | null;
}

/** Quality of a mosaic: likeness to the target, and repeats. */
export interface Quality {
  /** Likeness at 1, 2, 4 and 8 px per cell. */
  readonly likeness: readonly Likeness[];
  /**
   * Mean CIEDE2000 of mosaic and target after a blur with a standard deviation of one cell, in linear light: the difference
   * that an eye sees which no longer tells the cells apart. Missing in sites of builds that did not measure it.
   */
  readonly afar?: number;
  /** CIEDE2000 that the mean colours of 5 % of the cells exceed; missing like `afar`. */
  readonly worst?: number;
  /** Colours of the target that the images cannot show, even from afar, and their shares of the cells, 0..1; missing like `afar`. */
  readonly missing?: readonly { readonly colour: string; readonly share: number }[];
  /**
   * Upper bound of the distance from the best placement that capacities and variety allow, before equal images were
   * separated: the amount by which costs plus prices of uses exceed the certified least, relative to the costs.
   */
  readonly gap: number;
  /** Increase of the sum of costs by separating equal images (`--min-distance`), relative to that sum. */
  readonly distanceCost: number;
  /** Increase of the sum of costs and prices by improving the likeness from afar (`--afar`), relative to the costs before; missing like `afar`. */
  readonly afarCost?: number;
  /** Largest share of the cells that one source fills, 0..1. */
  readonly mostUsedShare: number;
  /** Largest number of cells that one source fills. */
  readonly mostUses: number;
  /** Number of sources by number of cells that they fill: pairs (cells, sources), ascending; unused sources as (0, …). */
  readonly usesHistogram: readonly (readonly [uses: number, sources: number])[];
  /** Cells within this Chebyshev distance of each other do not show the same source, or near-duplicates of it. */
  readonly minDistance: number;
  /** Number of pairs of cells that break this rule. */
  readonly distanceConflicts: number;
}
