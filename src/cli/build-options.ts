import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';
import { HOST_IDS } from '../fit/hosts.ts';
import { type BuildOptions, DEFAULTS } from '../conductor/options.ts';
import { readPins } from '../conductor/pins.ts';

/** Options of commands that tell something. */
export const OUTPUT_OPTIONS = {
  quiet: { type: 'boolean', describe: 'No progress, no summary' },
  json: { type: 'boolean', describe: 'Print one JSON object instead of a summary' },
} as const;

// Numbers are read as strings, so that a wrong one can be named as it was typed.
const text = (describe: string, fallback?: string | number) =>
  ({
    type: 'string',
    requiresArg: true,
    describe: fallback === undefined ? describe : `${describe} [${fallback}]`,
  }) as const;

/** Options of `build`, as yargs takes them. */
export const BUILD_OPTIONS = {
  out: {
    ...text('Folder of the site; it replaces an older site there, and leaves other files alone'),
    alias: 'o',
    demandOption: true,
  },
  columns: text("Cells across; rows follow the target's shape", DEFAULTS.columns),
  grid: text('Cells across and down, as in 96x64; crops the target'),
  'cell-size': text(
    'Px of a cell at full resolution: a power of two, 16..4096, or native: no image loses detail',
    DEFAULTS.cellSize,
  ),
  'cell-aspect': text('Shape of a cell, as in 4:3, or auto: the commonest among the images', DEFAULTS.cellAspect),
  'tile-size': text('Px of a tile: 256 or 512', '256; 512 where cells are not square'),
  quality: text('Of the encoder, 1..100', DEFAULTS.quality),
  subsampling: text('4:2:0 or 4:4:4', DEFAULTS.subsampling),
  format: text('jpeg; or webp, avif, png, which take longer', DEFAULTS.format),
  background: text("What lies under transparent images, as in #fff; by default the target's mean colour"),
  crop: text('Part of an image that fills its cell: centre, attention or entropy', DEFAULTS.crop),
  variety: text('0 the likest image for every cell … 1 all images equally often', DEFAULTS.variety),
  'max-uses': text('Cells that one image may fill at most', 'any number'),
  'use-all': { type: 'boolean', describe: 'Every image at least once, as far as there are cells' },
  'min-distance': text('No image twice within this many cells', '1; 0 where images are few'),
  'near-duplicates': text(
    'group: images that look alike share uses and distance; keep: each counts by itself',
    DEFAULTS.nearDuplicates,
  ),
  adapt: text("0..1: moves the target's colours towards the images', for matching only", DEFAULTS.adapt),
  weights: text('How much cells matter: a picture, light where it counts, or auto'),
  mirror: { type: 'boolean', describe: 'Images may also stand mirrored' },
  rotate: {
    type: 'boolean',
    describe: 'Images may also stand turned by quarters; by halves, where cells are not square',
  },
  pin: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'column,row=image, as in 12,34=anna.jpg, or a CSV of such; repeatable',
  },
  ban: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: 'Glob of images to leave out; repeatable',
  },
  lenient: { type: 'boolean', describe: 'Takes what decodes of damaged images, and of ones that end early' },
  placement: text('Renders the placement of a CSV like the report placement.csv, matches nothing'),
  layout: text(
    'How the pyramid lies on disk: dzi, compact (few files, for hosts), iiif, or several (dzi,iiif); auto: what --host takes',
    'dzi',
  ),
  host: text(`Where the site will be published; without --layout, chooses one: ${HOST_IDS}`),
  originals: text(
    "The images' own files, without metadata, shown beyond the cells' size: none, link (where unchanged) or copy",
    DEFAULTS.originals,
  ),
  'base-url': text('With iiif: the address that the site will have'),
  credit: text('With iiif: whose pictures these are'),
  rights: text('With iiif: URL of a licence or rights statement'),
  'full-level': text('Full-resolution tiles: link (hard links, no extra space) or copy', DEFAULTS.fullLevel),
  catalog: text("Folder of the index of images; by default in the user's cache directory"),
  names: text('all: what is published may tell the names of your files (iiif does); none', DEFAULTS.names),
  report: text('Folder of the reports, which name your files; never within --out', '--out with -report behind it'),
  title: text("Shown by the viewer; by default from the target's name"),
  force: { type: 'boolean', describe: 'Write into --out even if it holds something else, which stays' },
  concurrency: text('Images decoded at the same time; by default the number of processors'),
  ...OUTPUT_OPTIONS,
} as const;

/** An option that is said twice counts as it was said last. */
function lastOfEach(args: object): Record<string, string | undefined> {
  const last = (value: unknown) => (Array.isArray(value) ? (value.at(-1) as unknown) : value);
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, last(value)])) as never;
}

/**
 * What is asked for in the arguments of `build`.
 *
 * @throws {UserError} `usage` for what is not even of its kind; the rest, the build itself says.
 */
export async function buildOptions(args: object): Promise<BuildOptions> {
  const { images, pin, ban, ...others } = args as Record<'images' | 'pin' | 'ban', string[] | undefined>;
  const a = lastOfEach(others);
  const number = (name: string) => (a[name] === undefined ? undefined : wholeNumber(name, a[name]));
  const part = (name: string) => (a[name] === undefined ? undefined : partOf(name, a[name]));
  const flag = (name: string) => (a[name] as unknown) === true || undefined;
  const options = {
    target: a['target'],
    images: images ?? [],
    out: a['out'],
    columns: number('columns'),
    grid: a['grid'] === undefined ? undefined : gridOf(a['grid']),
    cellSize: a['cell-size']?.toLowerCase() === 'native' ? 'native' : number('cell-size'),
    cellAspect: a['cell-aspect'],
    tileSize: number('tile-size'),
    quality: number('quality'),
    subsampling: a['subsampling'],
    format: a['format'],
    background: a['background'],
    crop: a['crop'],
    variety: part('variety'),
    maxUses: number('max-uses'),
    useAll: flag('use-all'),
    minDistance: number('min-distance'),
    nearDuplicates: a['near-duplicates'],
    adapt: part('adapt'),
    weights: a['weights'],
    mirror: flag('mirror'),
    lenient: flag('lenient'),
    rotate: flag('rotate'),
    pins: pin && (await readPins(pin)),
    ban,
    placement: a['placement'],
    layout: a['layout']?.includes(',') ? a['layout'].split(',').filter(Boolean) : a['layout'],
    host: a['host'],
    originals: a['originals'],
    baseUrl: a['base-url'],
    credit: a['credit'],
    rights: a['rights'],
    fullLevel: a['full-level'],
    catalog: a['catalog'],
    title: a['title'],
    names: a['names'],
    report: a['report'],
    force: a['force'],
    concurrency: number('concurrency'),
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as BuildOptions;
}

function partOf(name: string, value: string): number {
  if (/^(\d+\.?\d*|\.\d+)$/.test(value)) return Number(value);
  throw new UserError(
    'usage',
    `Expected a number from 0 to 1 for --${name} but received ${shown(value)}`,
    'See `zoomosaic build --help`.',
  );
}

/** @throws {UserError} `usage` unless `value` is a whole number. */
export function wholeNumber(name: string, value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  throw new UserError(
    'usage',
    `Expected a whole number for --${name} but received ${shown(value)}`,
    'See `zoomosaic build --help`.',
  );
}

function gridOf(value: string): { columns: number; rows: number } {
  const [, columns, rows] = /^(\d+)x(\d+)$/i.exec(value) ?? [];
  if (columns && rows) return { columns: Number(columns), rows: Number(rows) };
  throw new UserError(
    'usage',
    `Expected columns x rows, as in 96x64, for --grid but received ${shown(value)}`,
    'See `zoomosaic build --help`.',
  );
}
