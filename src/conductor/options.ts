import type { Aspect } from '../tiles/cell-shape.ts';
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

/** What {@link build} is asked for. Only the first three have no default. */
export interface BuildOptions {
  /** The picture to be reproduced: path of an image file. */
  target: string;
  /** Files, folders (with all that is in them) and globs. */
  images: readonly string[];
  /** Folder of the site. An older site there is replaced, other files stay; refused if it holds no site but other files. */
  out: string;
  /** Cells across; rows follow the target's aspect ratio. */
  columns?: number;
  /** Cells across and down, instead of `columns`; the target is cropped to that shape. */
  grid?: { columns: number; rows: number };
  /**
   * Side of a cell at full resolution, px: a power of two, 16..4096; or `native`, the least in which no image loses detail.
   * Cells that are not square have about the same area.
   */
  cellSize?: number | 'native';
  /** Shape of a cell, as in `4:3`, or `auto`: the commonest among the images. */
  cellAspect?: string;
  /** Side of a tile, px: 256 or 512; of cells that are not square, the next that fits them. */
  tileSize?: number;
  /** Of the tile encoder, 1..100. */
  quality?: number;
  /** Of JPEG (and AVIF) tiles. */
  subsampling?: Subsampling;
  format?: TileFormat;
  /** What transparent images are laid over, `#rrggbb`; by default the target's mean colour. */
  background?: string;
  /** Which part of an image fills its square cell. */
  crop?: Crop;
  /** Cells that one image may fill at most. */
  maxUses?: number;
  /** How much each further use of an image costs: 0 nothing (the likest image everywhere), 1 even use. */
  variety?: number;
  /** Every usable image at least once, as far as there are cells. */
  useAll?: boolean;
  /** Whether images that look alike share their uses and the distance, or count each by itself. */
  nearDuplicates?: NearDuplicates;
  /** 0..1: how far the target's colours are moved towards those of the images, for matching only. */
  adapt?: number;
  /** How much cells matter: path of a picture whose light parts matter most, or `auto`. */
  weights?: string;
  /** Images may also stand mirrored; turned by quarters. */
  mirror?: boolean;
  rotate?: boolean;
  /** Images that have to stand in some cells. */
  pins?: readonly Pin[];
  /** Takes what decodes of damaged images, and of ones that end early. */
  lenient?: boolean;
  /** Globs of images that are left out. */
  ban?: readonly string[];
  /** Path of a CSV as the report `placement.csv`: that placement is rendered, and nothing matched. */
  placement?: string;
  /** The same image never stands twice within this many cells (Chebyshev); by default 1, 0 where images are few. */
  minDistance?: number;
  /** How the pyramid lies on disk, one or several; or `auto`: as `host` takes it. */
  layout?: Layout | 'auto' | readonly Layout[];
  /** Where the site will be published, one of `HOSTS`; layout `auto` takes what it takes, and is the default with a host. */
  host?: string;
  /** Tiles that belong to one image as hard links to one file per image, or as copies of it. */
  fullLevel?: FullLevel;
  /** Whether the site carries the images' own files, shown where one zooms in further than the cells. */
  originals?: Originals;
  /** With layout `iiif`: where the site will be published, an http(s) URL. */
  baseUrl?: string;
  /**
   * Whether anything published tells the names of image files: `all`, where there is a place for them; by default what the page
   * needs, which is `none`. Said outright, `none` also keeps the target's name out of the title.
   */
  names?: Names;
  /** Folder of the reports, which name files: outside of `out`; by default `out` with `-report` behind it. */
  report?: string;
  /** Whose pictures these are, and their licence or rights statement (a URL); told by `iiif`. */
  credit?: string;
  rights?: string;
  /** Folder of the index of images; by default in the user's cache directory. */
  catalog?: string;
  /** Shown by the viewer; by default made from the target's file name. */
  title?: string;
  /** Writes into `out` even if it holds no site but other files, which stay. */
  force?: boolean;
  /** Images decoded at the same time; by default the number of processors. */
  concurrency?: number;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** Options with every default in place, checked. */
export interface ResolvedOptions {
  readonly target: string;
  readonly images: readonly string[];
  readonly out: string;
  readonly columns: number;
  readonly grid: { readonly columns: number; readonly rows: number } | undefined;
  /** All of the recipe but for what follows from the images. */
  readonly recipe: Omit<Recipe, 'cell' | 'tileSize'>;
  readonly cellSize: number | 'native';
  readonly cellAspect: Aspect | 'auto';
  readonly tileSize: number | undefined;
  readonly background: Rgb | undefined;
  readonly maxUses: number;
  readonly minDistance: number | undefined;
  readonly variety: number;
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
  readonly baseUrl: string | undefined;
  readonly credit: string | undefined;
  readonly rights: string | undefined;
  readonly catalog: string;
  readonly title: string;
  readonly names: Names;
  readonly report: string;
  readonly force: boolean;
  readonly concurrency: number;
  /** Options that have no effect beside others. */
  readonly notes: readonly string[];
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}
