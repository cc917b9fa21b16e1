/**
 * Proxies: images as they were decoded for their cells, kept in the catalog as JPEGs, whatever the recipe. Decoding one takes a
 * fraction of the time that a photograph takes, so crops and other recipes are made of it wherever its px suffice.
 */
import { sharp } from '../image/sharp.ts';
import { cropFactor } from '../tiles/crops.ts';
import { cropOfVariant } from '../tiles/variants.ts';
import type { Recipe, Rect, Size } from '../types.ts';
import { judgedSize, partSize, placeCrop } from './crop-place.ts';
import { type DecodedImage, keptPx, sharpOf, storedPx } from './decode.ts';
import { STANDS, storedSize } from './stand.ts';

/** Facts about an image and its proxy. */
export interface ProxyFacts extends Size {
  /** Format and upright size of the image's file. */
  readonly format: string;
  readonly proxy: ProxyScale;
}

/** How a proxy shows its image. */
export interface ProxyScale {
  /** Px of the proxy per px of the file, along both stored sides. */
  readonly across: number;
  readonly down: number;
  /** EXIF orientation that brings the proxy upright, 1 to 8. */
  readonly orientation: number;
}

/** What the catalog records of a proxy. */
export interface ProxyRecord extends ProxyScale {
  /** Key of the recipe that it was made for. */
  readonly recipe: string;
}

/** An image's proxy. */
export interface MadeProxy extends ProxyFacts {
  /** JPEG. */
  readonly bytes: Uint8Array;
}

/** What a proxy is to be used for. */
export interface ProxyUse {
  readonly recipe: Pick<Recipe, 'cell' | 'crop'>;
  readonly variants: readonly number[];
  /** The largest part of the cell's shape, if it is known. */
  readonly crop?: Rect | undefined;
}

/** Raised when proxies of another kind are kept; also the quality of these JPEGs. */
export const PROXY_VERSION = 1;
export const PROXY_QUALITY = 92;
/** Px of a file from which on a proxy is kept of it: smaller ones decode about as quickly. */
const FILE_PX = 2 ** 21;
/** Largest proxy, px. */
const PROXY_PX = 2 ** 22;
/** Least px of a file per px of its proxy. */
const LEAST_REDUCTION = 2;

/** Makes the proxy of a decoded image; undefined if decoding the file again costs little, or it is transparent. */
export async function makeProxy(decoded: DecodedImage): Promise<MadeProxy | undefined> {
  const { stored, stand, scale, format, width, height } = decoded;
  const px = stored.width * stored.height;
  if (width * height < Math.max(FILE_PX, px * LEAST_REDUCTION) || px > PROXY_PX) return undefined;
  if (decoded.alpha || stored.channels % 2 === 0) return undefined;
  const chromaSubsampling = '4:4:4';
  const bytes = await sharpOf(stored)
    .jpeg({ quality: PROXY_QUALITY, chromaSubsampling, optimiseCoding: false, progressive: false, mozjpeg: false })
    .toBuffer();
  const { across, down } = scale;
  return { format, width, height, proxy: { across, down, orientation: STANDS.indexOf(stand) }, bytes };
}

/** Tells whether a proxy has all px that a cell needs of each variant: none is enlarged. */
export function suffices(facts: ProxyFacts, { recipe, variants, crop }: ProxyUse): boolean {
  const { across, down, orientation } = facts.proxy;
  const scale = storedSize({ width: across, height: down }, STANDS[orientation]!);
  const { cell } = recipe;
  const part = partSize(facts, cell);
  const has = (factor: number, needed: Size) =>
    Math.round(part.width * factor * scale.width) >= needed.width &&
    Math.round(part.height * factor * scale.height) >= needed.height;
  const isPlaced = recipe.crop === 'centre' || crop !== undefined;
  return has(smallestOf(variants), cell) && (isPlaced || has(1, judgedSize(cell)));
}

/** Returns the sides of the smallest of some variants, relative to the whole. */
export function smallestOf(variants: readonly number[]): number {
  return Math.min(...variants.map((variant) => cropFactor(cropOfVariant(variant))));
}

/** Decodes a proxy, in place of the image's file: the px differ slightly from those of `decodeImage`, all else is the same. */
export async function decodeProxy(
  bytes: Uint8Array,
  { format, width, height, proxy }: ProxyFacts,
  { recipe: { cell, crop: place }, variants, crop }: ProxyUse,
): Promise<DecodedImage> {
  const open = () => sharp(bytes, { failOn: 'error' });
  const stand = STANDS[proxy.orientation]!;
  const { part, least, wanted } = keptPx({ width, height }, stand, {
    cell,
    crop: place,
    smallest: smallestOf(variants),
  });
  const { stored, scale } = await storedPx(open, {
    meta: await open().metadata(),
    least: { width: least.width * proxy.across, height: least.height * proxy.down },
    wanted,
    convert: false,
  });
  return {
    stored,
    stand,
    scale: { across: proxy.across * scale.across, down: proxy.down * scale.down },
    format,
    width,
    height,
    crop: crop ?? (await placeCrop(() => sharpOf(stored), { width, height }, { part, crop: place, stand })),
    alpha: false,
    turned: stand !== STANDS[1],
    // Its px are in sRGB, and are no file's own.
    profiled: true,
  };
}
