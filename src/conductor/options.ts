import type { Language } from '../format/mosaic-json.ts';
import type { Aspect } from '../tiles/cell-shape.ts';
import type { CropSet } from '../tiles/crops.ts';
import type {
  Crop,
  FullLevel,
  Layout,
  Names,
  NearDuplicates,
  Originals,
  Pin,
  Progress,
  Recipe,
  Rgb,
  Subsampling,
  TileFormat,
} from '../types.ts';

/** Options of {@link build}. The first three are required. */
export interface BuildOptions {
  /** Path of the image file that the mosaic reproduces. */
  target: string;
  /** Files, folders (with their subfolders) and globs. */
  images: readonly string[];
  /** Folder of the site. An older site there is replaced; other files stay. Refused if it holds other files and no site. */
  out: string;
  /** Number of cells across; the number of rows follows the target's aspect ratio. */
  columns?: number;
  /** Number of cells across and down, instead of `columns`; the target is cropped to that shape. */
  grid?: { columns: number; rows: number };
  /**
   * Side of a cell at full resolution, px: a power of two, 16..4096; `native`, the least at which no image loses detail; or, by
   * default, `auto`: the largest from 32 to 512 that three quarters of the images fill without being enlarged, with every crop in
   * use; that of the images if more than half of them are equally large; smaller where `host` demands it. Cells that are not square
   * have about the same area.
   */
  cellSize?: number | 'native' | 'auto';
  /** Shape of a cell, as in `4:3`; or `auto`, the most frequent shape of the images. */
  cellAspect?: string;
  /** Side of a tile, px: 256 or 512; for cells that are not square, the least side from there on that fits them. */
  tileSize?: number;
  /** Quality of the tile encoder, 1..100. */
  quality?: number;
  /** Chroma subsampling of JPEG and AVIF tiles. */
  subsampling?: Subsampling;
  /** Format of the tiles. */
  format?: TileFormat;
  /** Colour behind transparent images, `#rrggbb`; by default the target's mean colour. */
  background?: string;
  /** Part of an image that fills its cell. */
  crop?: Crop;
  /** Parts that an image may be shown in, whichever is most like the target. */
  crops?: CropSet;
  /** Greatest number of cells that one image may fill. */
  maxUses?: number;
  /** Price of each further use of an image, 0..1: 0 is free (the closest image everywhere), 1 gives even use. */
  variety?: number;
  /** Importance of the likeness from afar, where neighbouring cells blend, 0..1; 0 matches every cell by itself. */
  afar?: number;
  /** Uses every usable image at least once, if there are enough cells. */
  useAll?: boolean;
  /** Treatment of images that look alike: they share their uses and the distance, or each counts by itself. */
  nearDuplicates?: NearDuplicates;
  /** Share by which the target's colours move towards the images' colours, 0..1; for matching only. */
  adapt?: number;
  /** Importance of the cells: path of an image that is light at important cells, or `auto`. */
  weights?: string;
  /** Also places images mirrored. */
  mirror?: boolean;
  /** Also places images turned by quarters; by halves in cells that are not square. */
  rotate?: boolean;
  /** Images pinned to cells. */
  pins?: readonly Pin[];
  /** Uses the part that decodes of images that are damaged or end early. */
  lenient?: boolean;
  /** Globs of images to leave out. */
  ban?: readonly string[];
  /** Path of a CSV like the report `placement.csv`: its placement is rendered, without matching. */
  placement?: string;
  /** Chebyshev distance within which no image appears twice, cells; by default 1, or 0 if images are few. */
  minDistance?: number;
  /** Arrangement of the pyramid in files, one or several; or `auto`: the one that `host` accepts. */
  layout?: Layout | 'auto' | readonly Layout[];
  /** Host that the site will be published on, one of `HOSTS`. With a host, the default of `layout` is `auto`. */
  host?: string;
  /** Form of the tiles that show one image: hard links to one file per image, or copies of it. */
  fullLevel?: FullLevel;
  /** Form of the images' own files in the site, which the viewer shows beyond the resolution of the cells. */
  originals?: Originals;
  /** Longer side of one more JPEG per image, whole, for the page's panel, px; none by default. */
  closeup?: number;
  /** Address that the site will have, an http(s) URL, for links to its page; required by layout `iiif`. */
  baseUrl?: string;
  /**
   * Names of image files in the published site: `all`, so that its search finds them; or `none`, which also keeps the target's
   * name out of the title.
   */
  names?: Names;
  /** What the page tells of images: path of a CSV with the columns path, title, credit and link; or `exif`. */
  captions?: string;
  /** Leaves the target out of the site, with which people could compare the mosaic. */
  noCompare?: boolean;
  /** Adds a service worker that keeps what was seen, for visits without a network. */
  offline?: boolean;
  /** Language of the page. */
  language?: Language;
  /** Path of a CSV with the cells that the page's tour visits: columns column and row, or source. */
  tour?: string;
  /** Folder of the reports, which name files; outside of `out`; by default `out` with `-report` appended. */
  report?: string;
  /** Owner of the pictures, for layout `iiif`. */
  credit?: string;
  /** URL of the licence or rights statement, for layout `iiif`. */
  rights?: string;
  /** Folder of the index of images; by default in the user's cache directory. */
  catalog?: string;
  /** Title of the page; by default made from the target's file name. */
  title?: string;
  /** Writes into `out` even if it holds other files and no site; the files stay. */
  force?: boolean;
  /** Number of images decoded at the same time; by default the number of processors. */
  concurrency?: number;
  /** Receives the progress of each stage. */
  onProgress?: (progress: Progress) => void;
  /** Stops the build. */
  signal?: AbortSignal;
}

/** Checked options, with all defaults. */
export interface ResolvedOptions {
  readonly target: string;
  readonly images: readonly string[];
  readonly out: string;
  readonly columns: number;
  readonly grid: { readonly columns: number; readonly rows: number } | undefined;
  /** The recipe, without the fields that depend on the images. */
  readonly recipe: Omit<Recipe, 'cell' | 'tileSize'>;
  readonly cellSize: number | 'native' | 'auto';
  readonly cellAspect: Aspect | 'auto';
  readonly tileSize: number | undefined;
  readonly crops: CropSet;
  readonly background: Rgb | undefined;
  readonly maxUses: number;
  readonly minDistance: number | undefined;
  readonly variety: number;
  readonly afar: number;
  readonly useAll: boolean;
  readonly nearDuplicates: NearDuplicates;
  readonly adapt: number;
  readonly weights: string | undefined;
  readonly mirror: boolean;
  readonly rotate: boolean;
  readonly pins: readonly Pin[];
  readonly lenient: boolean;
  readonly ban: readonly string[];
  readonly placement: string | undefined;
  readonly layout: readonly Layout[] | 'auto';
  readonly host: string | undefined;
  readonly fullLevel: FullLevel;
  readonly originals: Originals;
  readonly closeup: number | undefined;
  readonly baseUrl: string | undefined;
  readonly credit: string | undefined;
  readonly rights: string | undefined;
  readonly catalog: string;
  readonly title: string;
  readonly names: Names;
  readonly report: string;
  readonly captions: string | undefined;
  readonly noCompare: boolean;
  readonly offline: boolean;
  readonly language: Language;
  readonly tour: string | undefined;
  readonly force: boolean;
  readonly concurrency: number;
  /** Notes on options that have no effect beside others. */
  readonly notes: readonly string[];
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}
