import { isDeepStrictEqual } from 'node:util';
import { isDeep, isWhole } from '../format/fields.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { checkMosaic } from '../format/mosaic-reader.ts';
import { LOOK_LENGTH } from '../format/look.ts';
import { CROPS } from '../tiles/crops.ts';
import { VARIANTS } from '../tiles/variants.ts';
import { SIZE_LENGTH } from './source-table.ts';
import type { SiteRecord } from './record.ts';

/** A record whose fields are not checked yet. */
type Unknown = Readonly<Partial<Record<keyof SiteRecord, unknown>>>;

/** Parts of a caption. */
const CAPTION: ReadonlySet<string> = new Set(['title', 'credit', 'link']);

const U32_MAX = 2 ** 32 - 1;

/** Tells whether a record, which may come from elsewhere, is one that a build can have written. Checks every field. */
export function isSoundRecord(value: unknown): value is SiteRecord {
  if (typeof value !== 'object' || value === null || isDeep(value)) return false;
  const record = value as Unknown;
  const { credit, rights, target, sources, names } = record;
  const mosaic = mosaicOf(record);
  return (
    mosaic !== undefined &&
    isRecipeOf(mosaic, record.recipe) &&
    areRules(record.rules) &&
    [credit, rights].every((text) => text === undefined || typeof text === 'string') &&
    isWhole(target, 0, U32_MAX) &&
    isListOf(sources, (hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash)) &&
    isListOf(names, (name) => typeof name === 'string') &&
    names.length === sources.length &&
    areBytes(record.sizes, sources.length * SIZE_LENGTH * 4) &&
    areBytes(record.looks, sources.length * LOOK_LENGTH) &&
    areCaptions(record.captions, sources.length) &&
    arePictures(record.pictures, mosaic.pictures, sources.length) &&
    areCells(record, mosaic) &&
    areWeights(record.weights, mosaic)
  );
}

function mosaicOf({ mosaic }: Unknown): MosaicJson | undefined {
  try {
    return checkMosaic(mosaic);
  } catch {
    return undefined;
  }
}

/** Tells whether a recipe is the one that the site's tiles were made by. */
function isRecipeOf({ cell, tileSize, tile, crop }: MosaicJson, recipe: unknown): boolean {
  const { format, quality, subsampling } = tile;
  return isDeepStrictEqual(recipe, { cell, tileSize, format, quality, subsampling, crop });
}

function areRules(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { maxUses, minDistance, variety, useAll, nearDuplicates, adapt, turns, crops } = value as Readonly<
    Record<string, unknown>
  >;
  const isShare = (share: unknown) => typeof share === 'number' && share >= 0 && share <= 1;
  return (
    (maxUses === null || isWhole(maxUses, 1, Number.MAX_SAFE_INTEGER)) &&
    isWhole(minDistance, 0, Number.MAX_SAFE_INTEGER) &&
    isShare(variety) &&
    typeof useAll === 'boolean' &&
    (nearDuplicates === 'group' || nearDuplicates === 'keep') &&
    isShare(adapt) &&
    isListOf(turns, isTurn) &&
    turns.length > 0 &&
    new Set(turns).size === turns.length &&
    isWhole(crops, 1, CROPS)
  );
}

function arePictures(value: unknown, pictures: number, sources: number): boolean {
  if (!isListOf(value, Array.isArray) || value.length !== pictures) return false;
  return value.every(([source, variant, spare, ...more]: unknown[]) => {
    return (
      isWhole(source, 0, sources - 1) &&
      isWhole(variant, 0, VARIANTS - 1) &&
      (spare === undefined || spare === 1) &&
      more.length === 0
    );
  });
}

function areCells({ cells, costs }: Unknown, { grid, pictures }: MosaicJson): boolean {
  const bytes = grid.columns * grid.rows * 4;
  const [shown, paid] = [cells, costs].map((text) =>
    typeof text === 'string' ? Buffer.from(text, 'base64') : undefined,
  );
  if (shown?.length !== bytes || paid?.length !== bytes) return false;
  for (let at = 0; at < bytes; at += 4) {
    if (shown.readUInt32LE(at) >= pictures || !Number.isFinite(paid.readFloatLE(at))) return false;
  }
  return true;
}

function areBytes(text: unknown, length: number): boolean {
  return typeof text === 'string' && Buffer.from(text, 'base64').length === length;
}

function areCaptions(value: unknown, sources: number): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([id, caption]: [string, unknown]) => {
    if (!isWhole(Number(id), 0, sources - 1) || typeof caption !== 'object' || caption === null) return false;
    return Object.entries(caption).every(([name, text]) => CAPTION.has(name) && typeof text === 'string');
  });
}

function areWeights(weights: unknown, { grid }: MosaicJson): boolean {
  if (weights === undefined) return true;
  const bytes = typeof weights === 'string' ? Buffer.from(weights, 'base64') : undefined;
  if (bytes?.length !== grid.columns * grid.rows * 4) return false;
  for (let at = 0; at < bytes.length; at += 4) {
    const weight = bytes.readFloatLE(at);
    if (!(weight > 0 && weight < Infinity)) return false;
  }
  return true;
}

function isTurn(value: unknown): boolean {
  return isWhole(value, 0, 7);
}

function isListOf<Item>(value: unknown, is: (item: unknown) => item is Item): value is Item[];
function isListOf(value: unknown, is: (item: unknown) => boolean): value is unknown[];
function isListOf(value: unknown, is: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(is);
}
