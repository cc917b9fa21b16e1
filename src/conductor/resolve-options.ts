import { availableParallelism } from 'node:os';
import { basename, extname } from 'node:path';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { type Aspect, ASPECT_MAX, parseAspect } from '../tiles/cell-shape.ts';
import { fromHex } from '../colour/hex.ts';
import { check, expected, oneOf } from '../messages.ts';
import { HOST_IDS, hostOf } from '../fit/hosts.ts';
import { TITLE_MAX } from '../format/mosaic-json.ts';
import { checkIiifFormat } from '../layout/iiif-image.ts';
import { checkBaseUrl, checkRights } from '../layout/iiif-manifest.ts';
import { checkKinds, optionOf } from './option-kinds.ts';
import { type BuildOptions, DEFAULTS, type ResolvedOptions } from './options.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import type {
  Crop,
  FullLevel,
  Layout,
  Names,
  NearDuplicates,
  Originals,
  Rgb,
  Subsampling,
  TileFormat,
} from '../types.ts';

const SUBSAMPLINGS: readonly Subsampling[] = ['4:2:0', '4:4:4'];
const FORMATS: readonly TileFormat[] = ['jpeg', 'webp', 'avif', 'png'];
const CROPS: readonly Crop[] = ['centre', 'attention', 'entropy'];
const NEAR_DUPLICATES: readonly NearDuplicates[] = ['group', 'keep'];
const LAYOUTS: readonly (Layout | 'auto')[] = ['dzi', 'compact', 'iiif', 'auto'];
const ORIGINALS: readonly Originals[] = ['none', 'link', 'copy'];
const FULL_LEVELS: readonly FullLevel[] = ['link', 'copy'];
const NAMES: readonly Names[] = ['all', 'none'];

/**
 * Copies options, fills in defaults and checks every value.
 *
 * @throws {UserError} `usage`: "Expected X for --name but received Y".
 */
export function resolveOptions(options: BuildOptions): ResolvedOptions {
  checkKinds(options);
  const given = { ...DEFAULTS, ...withoutUndefined(options) };
  const { columns, cellSize, quality, subsampling, format, crop, maxUses, fullLevel } = given;
  const { variety, nearDuplicates, adapt, originals, names } = given;
  const { tileSize, host, baseUrl } = options;
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
    'a power of two from 16 to 4096, or native',
    cellSize,
    cellSize === 'native' || (cellSize >= 16 && cellSize <= 4096 && isPowerOfTwo(cellSize)),
  );
  check('tile-size', '256 or 512', tileSize, tileSize === undefined || tileSize === 256 || tileSize === 512);
  whole('quality', quality, 1, 100);
  oneOf('subsampling', SUBSAMPLINGS, subsampling);
  oneOf('format', FORMATS, format);
  oneOf('crop', CROPS, crop);
  // Who names a host wants what it takes.
  const layout = layoutsOf(host !== undefined && options.layout === undefined ? 'auto' : given.layout);
  const iiif = layout.includes('iiif');
  if (iiif) checkIiifFormat(format);
  if (iiif && baseUrl === undefined)
    throw expected(
      'base-url',
      'the address that the site will have, as in https://example.org/mosaic (--layout iiif writes it into the site),',
      'none',
    );
  if (layout === 'auto' && host === undefined)
    throw expected('host', `one of ${HOST_IDS} (--layout auto chooses what it takes)`, 'none');
  if (host !== undefined) hostOf(host);
  oneOf('full-level', FULL_LEVELS, fullLevel);
  oneOf('originals', ORIGINALS, originals);
  oneOf('names', NAMES, names);
  if (maxUses !== Infinity) whole('max-uses', maxUses, 1);
  const { minDistance } = options;
  if (minDistance !== undefined) whole('min-distance', minDistance, 0, 1000);
  oneOf('near-duplicates', NEAR_DUPLICATES, nearDuplicates);
  for (const [name, value] of Object.entries({ variety, adapt })) {
    check(name, 'a number from 0 to 1', value, value >= 0 && value <= 1);
  }
  const { pins = [], ban = [] } = options;
  if (options.placement !== undefined) refuseBeside(options);
  for (const { column, row } of pins) for (const place of [column, row]) whole('pin', place, 0);
  const { title = '' } = options;
  check('title', `at most ${TITLE_MAX} characters`, `${title.length}`, title.length <= TITLE_MAX);
  const concurrency = options.concurrency ?? availableParallelism();
  whole('concurrency', concurrency, 1, 256);
  return {
    target: options.target,
    images: [...options.images],
    out: options.out,
    columns,
    grid: options.grid && { ...options.grid },
    recipe: { format, quality, subsampling, crop },
    cellSize,
    cellAspect: aspectOf(given.cellAspect),
    tileSize,
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
    lenient: given.lenient,
    pins: pins.map((pin) => ({ ...pin })),
    ban: [...ban],
    placement: options.placement,
    layout,
    host,
    fullLevel,
    originals,
    baseUrl: baseUrl === undefined ? undefined : checkBaseUrl(baseUrl),
    credit: options.credit,
    rights: options.rights === undefined ? undefined : checkRights(options.rights),
    catalog: options.catalog ?? defaultCatalog(),
    title: options.title ?? (options.names === 'none' ? UNTITLED : titleOf(options.target)),
    names,
    report: options.report ?? reportFolderOf(options.out),
    force: options.force ?? false,
    concurrency,
    onProgress: options.onProgress ?? (() => {}),
    signal: options.signal ?? new AbortController().signal,
  };
}

/** What a page is called whose target's name is nobody's business. */
const UNTITLED = 'Mosaic';

function titleOf(target: string): string {
  const words = basename(target, extname(target))
    .replaceAll(/[-_.\s]+/g, ' ')
    .trim();
  return words ? words[0]!.toUpperCase() + words.slice(1) : UNTITLED;
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
  throw expected('placement', `either --placement or --${optionOf(said)}`, 'both');
}

function parseBackground(text: string): Rgb {
  const colour = fromHex(text);
  if (!colour) throw expected('background', 'a colour such as #ffffff', text);
  return colour;
}

function layoutsOf(asked: BuildOptions['layout']): readonly Layout[] | 'auto' {
  const all = [...new Set(typeof asked === 'string' ? [asked] : asked)];
  for (const one of all) oneOf('layout', LAYOUTS, one);
  if (all.length === 0) throw expected('layout', LAYOUTS.join(', '), 'none');
  if (!all.includes('auto')) return all as Layout[];
  if (all.length > 1) throw expected('layout', 'auto alone, or layouts', all.join(','));
  return 'auto';
}

function aspectOf(text: string): Aspect | 'auto' {
  if (text === 'auto') return text;
  const aspect = parseAspect(text);
  if (!aspect) throw expected('cell-aspect', `a ratio of whole numbers up to ${ASPECT_MAX}, as in 4:3, or auto`, text);
  return aspect;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && (value & (value - 1)) === 0;
}

function withoutUndefined<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
