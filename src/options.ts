import { availableParallelism } from 'node:os';
import envPaths from 'env-paths';
import { fromHex } from './colour/hex.ts';
import { check, expected, oneOf } from './expect.ts';
import type { Crop, FullLevel, NearDuplicates, Pin, Progress, Recipe, Rgb, Subsampling, TileFormat } from './types.ts';

/** What {@link build} is asked for. Only the first three have no default. */
export interface BuildOptions {
  /** The picture to be reproduced: path of an image file. */
  target: string;
  /** Files, folders (with all that is in them) and globs. */
  images: readonly string[];
  /** Folder of the site; it is replaced as a whole if it holds a site of ours, refused if it holds anything else. */
  out: string;
  /** Cells across; rows follow the target's aspect ratio. */
  columns?: number;
  /** Cells across and down, instead of `columns`; the target is cropped to that shape. */
  grid?: { columns: number; rows: number };
  /** Side of a cell at full resolution, px: a power of two, 16..4096. */
  cellSize?: number;
  /** Side of a tile, px: 256 or 512. */
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
  /** Globs of images that are left out. */
  ban?: readonly string[];
  /** Path of a CSV as `report/placement.csv`: that placement is rendered, and nothing matched. */
  placement?: string;
  /** The same image never stands twice within this many cells (Chebyshev); by default 1, 0 where images are few. */
  minDistance?: number;
  layout?: 'dzi';
  /** Full-resolution tiles as hard links to one file per image, or as copies of it. */
  fullLevel?: FullLevel;
  /** Folder of the index of images; by default in the user's cache directory. */
  catalog?: string;
  /** Shown by the viewer; by default made from the target's file name. */
  title?: string;
  /** Replaces whatever is in `out`. */
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
  readonly recipe: Recipe;
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
  readonly ban: readonly string[];
  readonly placement: string | undefined;
  readonly layout: 'dzi';
  readonly fullLevel: FullLevel;
  readonly catalog: string;
  readonly title: string | undefined;
  readonly force: boolean;
  readonly concurrency: number;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** The defaults, each with its reason. */
export const DEFAULTS = {
  columns: 128, // 128 x 85 cells of a 3:2 target: faces are recognised from afar, and a thousand images suffice
  cellSize: 256, // an image one can look at; 128 columns of it are 32,768 px
  tileSize: 256, // what every Deep Zoom viewer expects
  quality: 85, // no visible loss at 1:1
  subsampling: '4:2:0' as Subsampling, // a third smaller than 4:4:4
  format: 'jpeg' as TileFormat, // the only one that can be spliced
  crop: 'centre' as Crop, // predictable, and needs no second look at the image
  maxUses: Infinity,
  variety: 0.5,
  useAll: false,
  nearDuplicates: 'group' as NearDuplicates,
  adapt: 0,
  mirror: false, // faces and writing should stand as they were taken
  rotate: false,
  layout: 'dzi' as const,
  fullLevel: 'link' as FullLevel, // full resolution costs no disk
};

const SUBSAMPLINGS: readonly Subsampling[] = ['4:2:0', '4:4:4'];
const FORMATS: readonly TileFormat[] = ['jpeg', 'webp', 'avif', 'png'];
const CROPS: readonly Crop[] = ['centre', 'attention', 'entropy'];
const NEAR_DUPLICATES: readonly NearDuplicates[] = ['group', 'keep'];
const FULL_LEVELS: readonly FullLevel[] = ['link', 'copy'];

/**
 * Copies options, fills in defaults and checks every value.
 *
 * @throws {UserError} `usage`: "Expected X for --name but received Y".
 */
export function resolveOptions(options: BuildOptions): ResolvedOptions {
  const given = { ...DEFAULTS, ...withoutUndefined(options) };
  const { columns, cellSize, tileSize, quality, subsampling, format, crop, maxUses, layout, fullLevel } = given;
  const { variety, nearDuplicates, adapt } = given;
  for (const name of ['target', 'out'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') throw expected(name, 'a path', options[name]);
  }
  if (!Array.isArray(options.images) || options.images.length === 0) {
    throw expected('images', 'at least one file, folder or glob', options.images);
  }
  if (options.grid && options.columns !== undefined) throw expected('grid', 'either --columns or --grid', 'both');
  const whole = (name: string, value: number, low: number, high = 2 ** 32) =>
    check(
      name,
      `a whole number from ${low}${high < 2 ** 32 ? ` to ${high}` : ''}`,
      value,
      Number.isInteger(value) && value >= low && value <= high,
    );
  whole('columns', columns, 1);
  if (options.grid) for (const side of [options.grid.columns, options.grid.rows]) whole('grid', side, 1);
  check(
    'cell-size',
    'a power of two from 16 to 4096',
    cellSize,
    cellSize >= 16 && cellSize <= 4096 && isPowerOfTwo(cellSize),
  );
  check('tile-size', '256 or 512', tileSize, tileSize === 256 || tileSize === 512);
  whole('quality', quality, 1, 100);
  oneOf('subsampling', SUBSAMPLINGS, subsampling);
  oneOf('format', FORMATS, format);
  oneOf('crop', CROPS, crop);
  oneOf('layout', ['dzi'], layout);
  oneOf('full-level', FULL_LEVELS, fullLevel);
  if (maxUses !== Infinity) whole('max-uses', maxUses, 1);
  const { minDistance } = options;
  if (minDistance !== undefined) whole('min-distance', minDistance, 0, 1000);
  oneOf('near-duplicates', NEAR_DUPLICATES, nearDuplicates);
  for (const [name, value] of Object.entries({ variety, adapt })) {
    check(name, 'a number from 0 to 1', value, typeof value === 'number' && value >= 0 && value <= 1);
  }
  const { pins = [], ban = [] } = options;
  if (options.placement !== undefined) refuseBeside(options);
  for (const { column, row } of pins) for (const place of [column, row]) whole('pin', place, 0);
  const concurrency = options.concurrency ?? availableParallelism();
  whole('concurrency', concurrency, 1, 256);
  return {
    target: options.target,
    images: [...options.images],
    out: options.out,
    columns,
    grid: options.grid && { ...options.grid },
    recipe: { cellSize, tileSize, format, quality, subsampling, crop },
    background: options.background === undefined ? undefined : parseBackground(options.background),
    maxUses,
    minDistance,
    variety,
    useAll: given.useAll,
    nearDuplicates,
    adapt,
    weights: options.weights,
    mirror: given.mirror,
    rotate: given.rotate,
    pins: pins.map((pin) => ({ ...pin })),
    ban: [...ban],
    placement: options.placement,
    layout,
    fullLevel,
    catalog: options.catalog ?? envPaths('zoomosaic', { suffix: '' }).cache,
    title: options.title,
    force: options.force ?? false,
    concurrency,
    onProgress: options.onProgress ?? (() => {}),
    signal: options.signal ?? new AbortController().signal,
  };
}

const DECIDING = [
  'maxUses',
  'variety',
  'useAll',
  'minDistance',
  'adapt',
  'weights',
  'mirror',
  'rotate',
  'columns',
] as const;

/** What decides a placement makes no sense beside one that is given. */
function refuseBeside(options: BuildOptions): void {
  const said = options.pins?.length ? 'pin' : DECIDING.find((name) => (options[name] ?? false) !== false);
  if (!said) return;
  const name = said.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
  throw expected('placement', `either --placement or --${name}`, 'both');
}

function parseBackground(text: string): Rgb {
  const colour = fromHex(text);
  if (!colour) throw expected('background', 'a colour such as #ffffff', text);
  return colour;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && (value & (value - 1)) === 0;
}

function withoutUndefined<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
