import { availableParallelism } from 'node:os';
import { basename, extname } from 'node:path';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { type Aspect, ASPECT_MAX, parseAspect } from '../tiles/cell-shape.ts';
import { fromHex } from '../colour/hex.ts';
import { check, expected, oneOf } from '../messages.ts';
import { HOST_IDS, hostOf } from '../fit/hosts.ts';
import { TITLE_MAX } from '../format/mosaic-json.ts';
import { checkBaseUrl, checkIiifFormat, checkRights } from '../layout/iiif-manifest.ts';
import { checkOptions } from './check-options.ts';
import { idleNotes } from './idle-options.ts';
import { DEFAULTS, OPTIONS, whole } from './option-table.ts';
import type { BuildOptions, ResolvedOptions } from './options.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import type { Layout, Rgb } from '../types.ts';

/**
 * Copies options, fills in defaults and checks every value.
 *
 * @throws {UserError} `usage`: "Expected X for --name but received Y".
 */
export function resolveOptions(options: BuildOptions): ResolvedOptions {
  checkOptions(options);
  const given = { ...DEFAULTS, ...withoutUndefined(options) };
  const { columns, cellSize, quality, subsampling, format, crop, maxUses, fullLevel } = given;
  const { variety, afar, nearDuplicates, adapt, originals, names } = given;
  const { tileSize, host, baseUrl, minDistance } = options;
  if (options.grid && options.columns !== undefined) throw expected('grid', 'either --columns or --grid', 'both');
  if (options.grid) for (const side of [options.grid.columns, options.grid.rows]) checkWhole('grid', side, 1);
  // With a host, `auto` is the default.
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
  const { pins = [], ban = [] } = options;
  for (const { column, row } of pins) for (const place of [column, row]) checkWhole('pin', place, 0);
  const { title = '' } = options;
  if (title.length > TITLE_MAX) throw expected('title', `at most ${TITLE_MAX} characters`, `${title.length}`);
  const concurrency = options.concurrency ?? Math.min(256, availableParallelism());
  return {
    target: options.target,
    images: [...options.images],
    out: options.out,
    columns,
    grid: options.grid && { ...options.grid },
    recipe: { format, quality, subsampling, crop },
    crops: given.crops,
    cellSize,
    cellAspect: aspectOf(given.cellAspect),
    tileSize,
    background: options.background === undefined ? undefined : parseBackground(options.background),
    maxUses,
    minDistance,
    variety,
    afar,
    useAll: given.useAll && options.placement === undefined,
    nearDuplicates,
    adapt,
    weights: options.weights,
    mirror: given.mirror,
    rotate: given.rotate,
    lenient: given.lenient,
    pins: options.placement === undefined ? pins.map((pin) => ({ ...pin })) : [],
    ban: [...ban],
    placement: options.placement,
    layout,
    host,
    fullLevel,
    originals,
    closeup: originals === 'none' ? options.closeup : undefined,
    baseUrl: baseUrl === undefined ? undefined : checkBaseUrl(baseUrl),
    credit: options.credit,
    rights: options.rights === undefined ? undefined : checkRights(options.rights),
    catalog: options.catalog ?? defaultCatalog(),
    title: options.title ?? (options.names === 'none' ? UNTITLED : titleOf(options.target)),
    names,
    report: options.report ?? reportFolderOf(options.out),
    captions: options.captions,
    noCompare: given.noCompare,
    offline: given.offline,
    language: given.language,
    tour: options.tour,
    force: given.force,
    concurrency,
    notes: idleNotes(options, { iiif, format }),
    onProgress: options.onProgress ?? (() => {}),
    signal: options.signal ?? new AbortController().signal,
  };
}

/** Checks a whole number, up to that of options without another limit. */
function checkWhole(name: string, value: number, low: number): void {
  check(name, value, whole(low).range);
}

/** Title of a page without the target's name. */
const UNTITLED = 'Mosaic';

function titleOf(target: string): string {
  const words = basename(target, extname(target))
    .replaceAll(/[-_.\s]+/g, ' ')
    .trim();
  return words ? words[0]!.toUpperCase() + words.slice(1) : UNTITLED;
}

const LAYOUTS: readonly string[] = OPTIONS.layout.choices;

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

function withoutUndefined<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
