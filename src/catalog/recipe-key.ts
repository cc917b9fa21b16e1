import { createHash } from 'node:crypto';
import { type Coding, encodeTile } from '../image/encode.ts';
import { FEATURE_VERSION } from '../colour/features.ts';
import { tileHeaderOf, type TileHeader } from '../jpeg/splice.ts';
import { STRIP_VERSION } from '../jpeg/strip.ts';
import { mcuOf } from '../tiles/tile-plan.ts';
import type { Recipe } from '../types.ts';
import { PROXY_QUALITY, PROXY_VERSION } from './proxy.ts';
import { SHARD_VERSION } from './shard-layout.ts';

/**
 * Makes the header of all spliced tiles of a recipe. Its tables depend on the settings alone, never on the image,
 * since they are not optimised.
 */
export async function spliceHeader(recipe: Coding): Promise<TileHeader> {
  const side = mcuOf(recipe.subsampling);
  return tileHeaderOf(
    await encodeTile(new Uint8Array(side * side * 3), { width: side, height: side }, { ...recipe, format: 'jpeg' }),
  );
}

/**
 * Returns the folder name of a recipe's shards: all settings that decide how a source is indexed, and the version of
 * shards. JPEG encoders are told apart by a hash of their tables: tiles with different tables cannot be spliced
 * together.
 */
export async function recipeKey(recipe: Recipe): Promise<string> {
  const { cell, tileSize, format, quality, subsampling, crop } = recipe;
  const size = cell.width === cell.height ? `${cell.width}px` : `${cell.width}x${cell.height}px`;
  const parts = [size, `tile${tileSize}`, format];
  if (format !== 'png') parts.push(`q${quality}`);
  if (format === 'jpeg' || format === 'avif') parts.push(subsampling.replaceAll(':', ''));
  if (format === 'jpeg') {
    const { bytes } = await spliceHeader(recipe);
    parts.push(createHash('sha256').update(bytes).digest('hex').slice(0, 8));
  }
  parts.push(crop, `f${FEATURE_VERSION}`);
  // Version of the verbatim tiles, which are a source's own data.
  if (format === 'jpeg') parts.push(`s${STRIP_VERSION}`);
  parts.push(`v${SHARD_VERSION}`);
  return parts.join('-');
}

/** Tells whether a folder's name has the form of {@link recipeKey}, of this version or an earlier one. */
export function isRecipeKey(name: string): boolean {
  return /^\d+(x\d+)?px-tile\d+-[\da-z-]+$/.test(name);
}

/** What the name of a folder tells of its recipe: `png` has no quality, and only `jpeg` and `avif` have a subsampling. */
export type KeyedRecipe = Omit<Recipe, 'quality' | 'subsampling'> & Partial<Pick<Recipe, 'quality' | 'subsampling'>>;

const LENGTH = String.raw`[1-9]\d{0,5}`;
const QUALITY = String.raw`[1-9]\d?|100`;
const KEY = new RegExp(
  `^(${LENGTH})(?:x(${LENGTH}))?px-tile(${LENGTH})-(?:(png)|(webp)-q(${QUALITY})|(jpeg|avif)-q(${QUALITY})-(420|444))(?:-[0-9a-f]{8})?-(centre|attention|entropy)-[0-9a-z-]+$`,
);

/** Returns the recipe that a name of {@link recipeKey} tells; undefined if it is of another form. */
export function recipeOfKey(name: string): KeyedRecipe | undefined {
  const [, width, height = width, tileSize, ...rest] = KEY.exec(name) ?? [];
  if (width === undefined) return undefined;
  const [png, webp, webpQuality, other, otherQuality, subsampling, crop] = rest;
  const quality = webpQuality ?? otherQuality;
  return {
    cell: { width: Number(width), height: Number(height) },
    tileSize: Number(tileSize),
    format: (png ?? webp ?? other) as Recipe['format'],
    ...(quality !== undefined && { quality: Number(quality) }),
    ...(subsampling !== undefined && { subsampling: subsampling === '420' ? '4:2:0' : '4:4:4' }),
    crop: crop as Recipe['crop'],
  };
}

/** Tells whether this version indexes images for the recipe of a folder's name in that folder. */
export async function isKeyInUse(name: string): Promise<boolean> {
  const recipe = recipeOfKey(name);
  return recipe !== undefined && (await recipeKey({ quality: 0, subsampling: '4:2:0', ...recipe })) === name;
}

/** Returns the folder name of the shards of proxies. */
export function proxyKey(): string {
  return `proxies-q${PROXY_QUALITY}-r${PROXY_VERSION}-v${SHARD_VERSION}`;
}

/** Tells whether a folder's name has the form of {@link proxyKey}, of any version. */
export function isProxyKey(name: string): boolean {
  return /^proxies-[\da-z-]+$/.test(name);
}
