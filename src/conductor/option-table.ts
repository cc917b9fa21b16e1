/**
 * The table of all options of `build`, one row each. It is the source of the checks and defaults, of the command line with its
 * help and completion, and of docs/options.md. A new option needs one row, and one field of `BuildOptions` and of
 * `ResolvedOptions`.
 */
import type { CropSet } from '../tiles/crops.ts';
import { CLOSEUP_SIDES, LANGUAGES, type Language } from '../format/mosaic-json.ts';
import { HOST_IDS, HOSTS } from '../fit/hosts.ts';
import { type Expectation, isPath, PATH } from '../messages.ts';
import { ASPECT_MAX } from '../tiles/cell-shape.ts';
import type { Crop, FullLevel, Layout, Names, NearDuplicates, Originals, Subsampling, TileFormat } from '../types.ts';
import type { BuildOptions } from './options.ts';

/** Sections of the help and of docs/options.md, in order. */
export const GROUPS = ['Grid', 'Matching', 'Images', 'Tiles', 'Hosting', 'Page', 'Output'] as const;

/** Options in the table: all but the operands of the command line, and the options for programs only. */
export type OptionName = Exclude<keyof BuildOptions, 'target' | 'images' | 'onProgress' | 'signal'>;

/** A row of the table. */
export interface OptionRow<Value = unknown> {
  readonly group: (typeof GROUPS)[number];
  /** Placeholder of the value in the help, as in `<px>`; undefined for flags. */
  readonly metavar?: string;
  /** One line of help. */
  readonly help: string;
  readonly type: Expectation;
  /** Accepted values of the type; all, if undefined. */
  readonly range?: Expectation;
  /** Values that completion offers. */
  readonly choices?: readonly string[];
  readonly fallback?: Value;
  /** Text of the default in the help, if it differs from the value. */
  readonly fallbackText?: string;
  /** Converts the text of the command line; by default the text is the value. */
  readonly read?: (text: string) => unknown;
  /** The option may be given several times, each time with one value. */
  readonly isRepeatable?: true;
}

export const TEXT: Expectation = { what: 'text', is: (value) => typeof value === 'string' };
const FLAG: Expectation = { what: 'true or false', is: (value) => typeof value === 'boolean' };
const NUMBER: Expectation = { what: 'a whole number', is: (value) => typeof value === 'number' };
const SHARE: Expectation = { what: 'a number from 0 to 1', is: NUMBER.is };

/** Reads a whole number. Other text stays text, which the check of the type refuses. */
const readWhole = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);
const readShare = (text: string) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text);

/** The largest whole number of options without another limit. */
const WHOLE_MAX = 2 ** 32;

/** The type and range of a whole number from `low` to `high`, both inclusive. */
export function whole(low: number, high = WHOLE_MAX) {
  const what = `a whole number from ${low}${high < WHOLE_MAX ? ` to ${high}` : ''}`;
  const is = (value: unknown) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
  return { type: NUMBER, range: { what, is }, read: readWhole };
}

function share(fallback: number) {
  const is = (value: unknown) => (value as number) >= 0 && (value as number) <= 1;
  return { metavar: '0..1', type: SHARE, range: { what: SHARE.what, is }, read: readShare, fallback };
}

function choice<Value extends string>(choices: readonly Value[], fallback: Value) {
  const range = { what: `one of ${choices.join(', ')}`, is: (value: unknown) => choices.includes(value as Value) };
  return { metavar: choices.join('|'), type: TEXT, range, choices, fallback };
}

/** Gives a default a wider type than its own. */
const by = <Value>(fallback: Value) => ({ fallback });
const flag = { type: FLAG, fallback: false };

export const OPTIONS = {
  columns: {
    ...whole(1),
    group: 'Grid',
    metavar: 'number',
    help: "Number of cells across; the number of rows follows the target's shape",
    fallback: 128, // 128 x 85 cells of a 3:2 target: faces are recognised from afar, and a thousand images suffice
  },
  grid: {
    group: 'Grid',
    metavar: 'CxR',
    help: 'Number of cells across and down, as in 96x64; crops the target to that shape',
    type: { what: 'columns x rows, as in 96x64,', is: (value) => hasNumbers(value, ['columns', 'rows']) },
    read: readGrid,
  },
  cellSize: {
    group: 'Grid',
    metavar: 'px',
    help: 'Side of a cell at full zoom: a power of two from 16 to 4096; auto: up to 512, as most images fill it; native: the least that loses no image detail',
    type: { what: 'a whole number, auto or native', is: (value) => NUMBER.is(value) || TEXT.is(value) },
    range: {
      what: 'a power of two from 16 to 4096, auto or native',
      is: (value) => value === 'auto' || value === 'native' || (typeof value === 'number' && isCellSize(value)),
    },
    choices: ['auto', 'native'],
    read: (text: string) => (/^(auto|native)$/i.test(text) ? text.toLowerCase() : readWhole(text)),
    ...by<number | 'native' | 'auto'>('auto'), // photographs are pictures to look at, and small images are not enlarged
  },
  cellAspect: {
    group: 'Grid',
    metavar: 'W:H',
    help: `Shape of a cell, as in 4:3 (whole numbers up to ${ASPECT_MAX}); auto: the shape of most images`,
    type: TEXT,
    choices: ['auto'],
    fallback: '1:1', // crops landscapes and portraits alike
  },
  variety: {
    ...share(0.5),
    group: 'Matching',
    help: '0: the closest image for every cell; 1: all images equally often',
  },
  afar: {
    ...share(0.4), // better colours at 2 px per cell, too; large values show dots of foreign colours
    group: 'Matching',
    help: 'Importance of the likeness from afar, where neighbouring cells blend; 0: every cell by itself',
  },
  maxUses: {
    ...whole(1),
    range: { what: 'a whole number from 1', is: (value) => value === Infinity || whole(1).range.is(value) },
    group: 'Matching',
    metavar: 'number',
    help: 'Greatest number of cells that one image may fill',
    fallback: Infinity,
    fallbackText: 'any number',
  },
  useAll: { ...flag, group: 'Matching', help: 'Uses every image at least once, or as many images as there are cells' },
  minDistance: {
    ...whole(0, 1000),
    group: 'Matching',
    metavar: 'cells',
    help: 'Distance within which no image appears twice',
    fallbackText: '1; 0 if images are few',
  },
  nearDuplicates: {
    ...choice<NearDuplicates>(['group', 'keep'], 'group'),
    group: 'Matching',
    help: 'group: images that look alike count as one for uses and distance; keep: each counts by itself',
  },
  adapt: {
    ...share(0),
    group: 'Matching',
    help: "Moves those of the target's colours that the images lack into what they show, for matching only",
  },
  weights: {
    group: 'Matching',
    metavar: 'file|auto',
    help: 'Importance of the cells: a picture that is light at important cells; auto: detail and skin',
    type: { what: 'a path, or auto', is: isPath },
    choices: ['auto'],
  },
  mirror: { ...flag, group: 'Matching', help: 'Also places images mirrored' }, // off: faces and writing stand as taken
  rotate: {
    ...flag,
    group: 'Matching',
    help: 'Also places images turned by quarters (by halves in cells that are not square)',
  },
  pins: {
    group: 'Matching',
    metavar: 'c,r=image',
    help: 'Puts an image into a cell, as in 12,34=anna.jpg (column and row from 0), or a CSV of pins; repeatable',
    type: {
      what: 'a list of column, row, image',
      is: (value) =>
        Array.isArray(value) && value.every((pin) => hasNumbers(pin, ['column', 'row']) && isPath(pin['image'])),
    },
    isRepeatable: true,
  },
  placement: {
    group: 'Matching',
    metavar: 'file',
    help: 'Renders the placement of a CSV like the report placement.csv, without matching',
    type: PATH,
  },
  ban: {
    group: 'Images',
    metavar: 'glob',
    help: 'Leaves images out, by path, folder or name; repeatable',
    type: { what: 'globs', is: (value) => Array.isArray(value) && value.every(isPath) },
    isRepeatable: true,
  },
  crop: {
    ...choice<Crop>(['centre', 'attention', 'entropy'], 'centre'), // predictable, and needs no second look at the image
    group: 'Images',
    help: 'Part of an image that fills its cell: the centre, the most striking part, or the busiest part',
  },
  crops: {
    ...choice<CropSet>(['none', 'shift', 'close', 'all'], 'close'),
    group: 'Images',
    help: 'Parts that an image may be shown in: one; shifted ones; also 3/4 of it; also half of it; colours stay as they are',
  },
  background: {
    group: 'Images',
    metavar: 'colour',
    help: 'Colour behind transparent images, as in #ffffff',
    type: TEXT,
    fallbackText: "the target's mean colour",
  },
  lenient: {
    ...flag, // half a photograph is seldom wanted
    group: 'Images',
    help: 'Uses the part that decodes of images that are damaged or end early',
  },
  catalog: {
    group: 'Images',
    metavar: 'folder',
    help: 'Folder of the index of images, which later builds reuse',
    type: PATH,
    fallbackText: "in the user's cache folder",
  },
  tileSize: {
    group: 'Tiles',
    metavar: 'px',
    help: 'Side of a tile: 256 or 512',
    type: NUMBER,
    range: { what: '256 or 512', is: (value) => value === 256 || value === 512 },
    choices: ['256', '512'],
    read: readWhole,
    fallbackText: '256; 512 if cells are not square',
  },
  format: {
    ...choice<TileFormat>(['jpeg', 'webp', 'avif', 'png'], 'jpeg'), // the only one that can be spliced
    group: 'Tiles',
    help: 'Format of the tiles; all but jpeg take much longer',
  },
  quality: {
    ...whole(1, 100),
    group: 'Tiles',
    metavar: '1..100',
    help: 'Quality of the encoder',
    fallback: 85, // no visible loss at 1:1
  },
  subsampling: {
    ...choice<Subsampling>(['4:2:0', '4:4:4'], '4:2:0'), // a third smaller than 4:4:4
    group: 'Tiles',
    help: 'Chroma subsampling of JPEG and AVIF tiles',
  },
  fullLevel: {
    ...choice<FullLevel>(['link', 'copy'], 'link'), // full resolution costs no disk
    group: 'Tiles',
    help: 'Full-resolution tiles as hard links to one file per image, or as copies',
  },
  originals: {
    ...choice<Originals>(['none', 'link', 'copy'], 'none'),
    group: 'Tiles',
    help: "The images' own files, without metadata, for zooming in further; link: hard links if nothing has to be removed",
  },
  layout: {
    group: 'Hosting',
    metavar: 'name',
    help: 'dzi (Deep Zoom), compact (few files), iiif, or several as in dzi,iiif; auto: the one that --host accepts',
    type: {
      what: 'one layout or several',
      is: (value) => TEXT.is(value) || (Array.isArray(value) && value.every(TEXT.is)),
    },
    choices: ['dzi', 'compact', 'iiif', 'auto'],
    read: (text: string) => (text.includes(',') ? text.split(',').filter(Boolean) : text),
    ...by<Layout | 'auto' | readonly Layout[]>('dzi'),
    fallbackText: 'dzi; auto with --host',
  },
  host: {
    group: 'Hosting',
    metavar: 'name',
    help: `Host that the site will be published on: ${HOST_IDS}`,
    type: TEXT,
    choices: HOSTS.map(({ id }) => id),
  },
  baseUrl: {
    group: 'Hosting',
    metavar: 'url',
    help: 'Address that the site will have, for links to its page; --layout iiif needs it',
    type: TEXT,
  },
  credit: { group: 'Hosting', metavar: 'text', help: 'Owner of the pictures, for --layout iiif', type: TEXT },
  rights: {
    group: 'Hosting',
    metavar: 'url',
    help: 'Address of a licence or rights statement, for --layout iiif',
    type: TEXT,
  },
  names: {
    ...choice<Names>(['all', 'none'], 'all'), // people look for their photographs by name
    group: 'Hosting',
    help: 'none: the published site names none of your files; by default its search finds them by name',
  },
  captions: {
    group: 'Page',
    metavar: 'file',
    help: 'What the page tells of an image: a CSV with path, title, credit, link; exif: what the files themselves describe',
    type: PATH,
  },
  closeup: {
    ...whole(...CLOSEUP_SIDES),
    group: 'Page',
    metavar: 'px',
    help: `Adds a JPEG of each shown image, whole, of this longer side, for the panel of a picked cell: ${CLOSEUP_SIDES.join(' to ')}; by default the panel shows the cell`,
  },
  noCompare: {
    ...flag,
    group: 'Page',
    help: 'Leaves the target out of the site; by default people can compare the mosaic with it',
  },
  offline: {
    ...flag,
    group: 'Page',
    help: 'Keeps what a visitor has seen in the browser, for visits without a network (a service worker)',
  },
  language: {
    ...choice<Language>(LANGUAGES, 'en'),
    group: 'Page',
    help: 'Language of the page',
  },
  tour: {
    group: 'Page',
    metavar: 'file',
    help: "Cells that the page's tour visits: a CSV with column,row or source; by default any cells",
    type: PATH,
  },
  out: {
    group: 'Output',
    metavar: 'folder',
    help: 'Folder of the site; an older site there is replaced, other files stay',
    type: PATH,
  },
  report: {
    group: 'Output',
    metavar: 'folder',
    help: 'Folder of the reports, which name your files; never within --out',
    type: PATH,
    fallbackText: '--out with -report appended',
  },
  title: {
    group: 'Output',
    metavar: 'text',
    help: 'Title of the page',
    type: TEXT,
    fallbackText: "from the target's name",
  },
  force: { ...flag, group: 'Output', help: 'Writes into --out even if it holds other files, which stay' },
  concurrency: {
    ...whole(1, 256),
    group: 'Output',
    metavar: 'number',
    help: 'Number of images decoded at the same time',
    fallbackText: 'number of processors',
  },
} satisfies Readonly<Record<OptionName, OptionRow>>;

type Table = typeof OPTIONS;

/** Fixed default values by option. */
export const DEFAULTS = Object.fromEntries(
  Object.entries(OPTIONS).flatMap(([name, row]) => ('fallback' in row ? [[name, row.fallback] as const] : [])),
) as unknown as {
  readonly [Name in keyof Table as Table[Name] extends { fallback: unknown } ? Name : never]: Table[Name] extends {
    fallback: infer Value;
  }
    ? Value
    : never;
};

/** Rows of the table, in order. */
export const ROWS: readonly (readonly [OptionName, OptionRow])[] = Object.entries(OPTIONS) as never;

/** Returns the name of an option on the command line: `cellSize` is `cell-size`. */
export function optionOf(name: string): string {
  return name === 'pins' ? 'pin' : name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

function readGrid(text: string): unknown {
  const [, columns, rows] = /^(\d+)x(\d+)$/i.exec(text) ?? [];
  return columns && rows ? { columns: Number(columns), rows: Number(rows) } : text;
}

/** Tells whether cells of this side can be halved down to 16 px and up to 4096 px. */
function isCellSize(side: number): boolean {
  return side >= 16 && side <= 4096 && Number.isInteger(Math.log2(side));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function hasNumbers(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isObject(value) && names.every((name) => typeof value[name] === 'number');
}
