/** Small pictures of the whole mosaic, made of its own tiles: for links to the page, and for the page until tiles are there. */
import type { OverlayOptions } from 'sharp';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { mosaicTilePath, type TiledLevel } from '../format/mosaic-tiles.ts';
import { sharp } from '../image/sharp.ts';
import type { Layout, Size } from '../types.ts';

/** Size of the picture for links, px: what sites that show links ask for. */
export const LINK_SIZE = { width: 1200, height: 630 } as const;
/** Least share of the mosaic that a picture for links shows; if it would be less, the whole is shown, with margins. */
const LEAST_SHARE = 2 / 3;
/** Colour of the margins, and of tiles that cannot be read: that of the page. */
const GROUND = '#111214';
/** Longer side of the picture in the page, px, and its greatest length as WebP, bytes: 4 KB as text. */
const [INLINE_SIDE, INLINE_BYTES] = [128, 2900];
/** Qualities of the picture in the page that are tried, in this order. */
const INLINE_QUALITIES = [60, 50, 40, 30, 20];

/** The two pictures. */
export interface Previews {
  /** JPEG of {@link LINK_SIZE}. */
  readonly jpeg: Uint8Array;
  /** WebP of the whole mosaic as a `data:` address. */
  readonly inline: string;
}

/** A site's mosaic, as far as its tiles are files. */
interface Site {
  readonly mosaic: MosaicJson;
  readonly layout: Layout;
  readonly level: TiledLevel;
  readonly read: (path: string) => Uint8Array;
}

/**
 * Makes both pictures.
 *
 * @param read reads a tile, by its path in the site.
 */
export async function previewsOf(mosaic: MosaicJson, read: (path: string) => Uint8Array): Promise<Previews> {
  const layout = (['dzi', 'compact', 'iiif'] as const).find((name) => mosaic.layouts[name])!;
  const level = levelFor(mosaic, layout);
  const whole = await wholeOf({ mosaic, layout, level, read });
  return { jpeg: await linkPicture(whole, level), inline: await inlinePicture(whole, level) };
}

/** The coarsest level that has enough px; the finest of which tiles are files if none has. */
function levelFor({ levels, layouts }: MosaicJson, layout: Layout): TiledLevel {
  const own = layouts[layout]!.levels.filter(
    ({ from }) => from !== 'sheets' && (layout !== 'compact' || from !== 'reference'),
  );
  const tiled = own.map(({ level, tile }) => ({ ...levels.find((one) => one.level === level)!, tile }));
  const { width, height } = LINK_SIZE;
  const isEnough = (one: Size) =>
    isCut(one) ? one.width >= width && one.height >= height : one.width >= width || one.height >= height;
  return tiled.find(isEnough) ?? tiled[tiled.length - 1]!;
}

/** Puts a level together; px as sharp takes them. */
async function wholeOf({ mosaic, layout, level, read }: Site): Promise<Buffer> {
  const { width, height, tile } = level;
  const parts: OverlayOptions[] = [];
  for (let row = 0; row * tile.height < height; row++) {
    for (let column = 0; column * tile.width < width; column++) {
      const path = mosaicTilePath({ mosaic, layout }, level, { column, row });
      const input = await pxOf(() => read(path));
      if (input) parts.push({ ...input, left: column * tile.width, top: row * tile.height });
    }
  }
  const ground = sharp({ create: { width, height, channels: 3, background: GROUND } });
  return await ground.composite(parts).removeAlpha().raw().toBuffer();
}

/** Decodes a tile; undefined if it is missing or damaged, as in a site that is being repaired. */
async function pxOf(read: () => Uint8Array): Promise<Pick<OverlayOptions, 'input' | 'raw'> | undefined> {
  try {
    const image = sharp(read()).toColourspace('srgb').removeAlpha().raw();
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return { input: data, raw: { width, height, channels } };
  } catch {
    return undefined;
  }
}

/** Tells whether the picture for links is the middle of the mosaic. */
function isCut({ width, height }: Size): boolean {
  const shape = (width / height) * (LINK_SIZE.height / LINK_SIZE.width);
  return Math.min(shape, 1 / shape) >= LEAST_SHARE;
}

async function linkPicture(px: Buffer, size: Size): Promise<Uint8Array> {
  const fit = isCut(size) ? 'cover' : 'contain';
  const picture = rawOf(px, size).resize({ ...LINK_SIZE, fit, background: GROUND });
  return await picture.jpeg({ quality: 75, progressive: true }).toBuffer();
}

/** Makes the small picture: as large and as good as its bytes allow. Noise takes many, so it may become smaller. */
async function inlinePicture(px: Buffer, size: Size): Promise<string> {
  for (let longest = INLINE_SIDE; ; longest /= 2) {
    const scale = longest / Math.max(size.width, size.height);
    const [width, height] = [size.width, size.height].map((side) => Math.max(1, Math.round(side * scale))) as [
      number,
      number,
    ];
    const small = await rawOf(px, size).resize({ width, height, fit: 'fill' }).raw().toBuffer();
    for (const quality of INLINE_QUALITIES) {
      const webp = await rawOf(small, { width, height }).webp({ quality, effort: 6 }).toBuffer();
      if (webp.length <= INLINE_BYTES || longest <= 1) return `data:image/webp;base64,${webp.toString('base64')}`;
    }
  }
}

function rawOf(px: Buffer, { width, height }: Size) {
  return sharp(px, { raw: { width, height, channels: 3 } });
}
