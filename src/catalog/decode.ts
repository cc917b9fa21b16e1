import type { Metadata, Sharp } from 'sharp';
import { sharp } from '../image/sharp.ts';
import { shrinkLinear, convertToSrgb } from '../image/convert.ts';
import { DRAWN_PX } from '../image/memory-need.ts';
import { type ImageInput, type OpenImage, openImage, type OpenOptions } from '../image/open-image.ts';
import type { Crop, Rect, Rgb, Size } from '../types.ts';
import { partSize, placeCrop, salientSize } from './crop-place.ts';
import { leastSize, reducedPart, reducedSize, type Reduced, shrunkSize } from './reduced.ts';
import { copyPart, flatten, type PartOfPixels, type Pixels, resample } from './resample.ts';
import { type Stand, standOf, STANDS, storedRect, storedSize, uprightPx } from './stand.ts';

/** An image decoded as a whole, possibly reduced, and facts about its file. */
export interface DecodedImage extends DecodedFacts {
  /** Px as they are stored, 8-bit sRGB. `stand` brings them upright. */
  readonly stored: Pixels;
  readonly stand: Stand;
  /** Px in `stored` per px of the file, along both stored sides. */
  readonly scale: Pick<Reduced, 'across' | 'down'>;
}

/** Facts about an image file. */
interface DecodedFacts {
  readonly format: string;
  /** Size of the upright image, px. */
  readonly width: number;
  readonly height: number;
  /** The largest part of the cell's shape, where it was asked for; upright px. */
  readonly crop: Rect;
  readonly alpha: boolean;
  /** The EXIF orientation requires turning or mirroring. */
  readonly turned: boolean;
  /** The file has an ICC profile other than sRGB, from which it was converted. */
  readonly profiled: boolean;
}

/** A source decoded for its cell, and facts about its file. */
export interface DecodedCell extends DecodedFacts {
  /** Px at the size that was asked for; RGB, 8-bit sRGB. */
  readonly px: Uint8Array;
}

/** Number of px up to which an image that no decoder reduces is kept as it is. Larger ones are shrunk in linear light. */
const WHOLE_PX = 2 ** 22;
/**
 * Above this length of the crop's longer side, px, libvips shrinks it, so that the resampler's memory stays small. Both
 * work in linear light.
 */
const STREAM_SIDE = 1448;
/**
 * Px that are kept for the smallest part of an image, relative to those that a whole keeps: some 1.5 times those of its cell.
 * No features are made of them, so they only have to look well.
 */
const PART_DENSITY = 0.72;
const SVG_DENSITY = 72;
/** Highest density that librsvg is asked for, px per inch. */
const SVG_DENSITY_MAX = 2400;

/** How a source is opened and reduced. */
export interface DecodeOptions extends OpenOptions {
  /** Size of the cell that the source fills, px. */
  readonly cell: Size;
  readonly crop: Crop;
  /** Sides of the smallest part that will fill a cell, relative to the largest one of the cell's shape; 1 by default. */
  readonly smallest?: number;
}

/**
 * Decodes an image as a whole: first frame, in sRGB, reduced as far as its smallest part still fills a cell well.
 *
 * @throws errors of {@link openImage} and of sharp, for data that cannot be decoded or that ends early.
 */
export async function decodeImage(
  input: ImageInput,
  { cell, crop, smallest = 1, ...how }: DecodeOptions,
): Promise<DecodedImage> {
  const overview = (meta: Metadata) => {
    const { least, wanted } = keptPx(meta.autoOrient, standOf(meta), { cell, crop, smallest });
    return leastSize(meta, least, wanted);
  };
  const image = await openImage(input, { ...how, overview });
  const { meta, options } = await drawn(image, { width: cell.width / smallest, height: cell.height / smallest });
  const profiled = meta.icc !== undefined && !isSrgbProfile(meta.icc);
  const convert = profiled || meta.space === 'cmyk';
  if (!convert) options.ignoreIcc = true;
  const { width, height } = meta.autoOrient;
  const stand = standOf(meta);
  const { part, least, wanted } = keptPx({ width, height }, stand, { cell, crop, smallest });
  const opened = { meta, least, wanted, convert, overview: image.overview };
  const { stored, scale } = await storedPx(() => image.px(options), opened);
  const rect = await placeCrop(() => sharpOf(stored), { width, height }, { part, crop, stand });
  const alpha = meta.hasAlpha;
  const turned = stand !== STANDS[1];
  return { stored, stand, scale, format: image.format, width, height, crop: rect, alpha, turned, profiled };
}

/**
 * Chooses how many px are kept of an image.
 *
 * @param size size of the upright image, px.
 * @returns the size of the part that fills the cell, upright; and, as they are stored, the size of the smallest part, and of the
 *   cell that it has to fill.
 */
export function keptPx(
  size: Size,
  stand: Stand,
  { cell, crop, smallest = 1 }: Pick<DecodeOptions, 'cell' | 'crop' | 'smallest'>,
): { readonly part: Size; readonly least: Size; readonly wanted: Size } {
  const part = partSize(size, cell);
  const least = storedSize({ width: part.width * smallest, height: part.height * smallest }, stand);
  const full = storedSize(crop === 'centre' ? cell : salientSize(cell), stand);
  const density = smallest < 1 ? PART_DENSITY : 1;
  return { part, least, wanted: { width: full.width * density, height: full.height * density } };
}

/**
 * Makes cell px of a part of a decoded image: upright, resized to `cell` px in linear light.
 *
 * @param rect upright px.
 * @returns RGB, 8-bit sRGB.
 */
export async function cellOf(
  { stored, stand, scale, width, height }: DecodedImage,
  rect: Rect,
  { cell, background }: { readonly cell: Size; readonly background: Rgb },
): Promise<Uint8Array> {
  const from = storedRect(rect, { width, height }, stand);
  const size = storedSize(cell, stand);
  const { around, part } = reducedPart(from, { size: stored, ...scale });
  const px = await resized({ ...stored, around, part }, size, background);
  // Turned last, when few px are left.
  return stand === STANDS[1] ? px : await uprightPx(px, size, stand);
}

/**
 * Decodes the part of an image that fills a cell: {@link decodeImage} and {@link cellOf}.
 *
 * @throws errors of {@link decodeImage}.
 */
export async function decodeCell(
  input: ImageInput,
  { background, ...how }: DecodeOptions & { readonly background: Rgb },
): Promise<DecodedCell> {
  const image = await decodeImage(input, how);
  const px = await cellOf(image, image.crop, { cell: how.cell, background });
  const { format, width, height, crop, alpha, turned, profiled } = image;
  return { px, format, width, height, crop, alpha, turned, profiled };
}

/**
 * Chooses the density of an image: drawings (SVG) are drawn as large as their cell, as far as memory allows; other
 * formats are opened as they are.
 */
async function drawn({ format, metadata, px }: OpenImage, cell: Size) {
  const options: NonNullable<Parameters<typeof px>[0]> = {};
  const { width, height } = metadata;
  const wanted = SVG_DENSITY * Math.max(1, cell.width / width, cell.height / height);
  const most = Math.min(SVG_DENSITY_MAX, SVG_DENSITY * Math.sqrt(DRAWN_PX / (width * height)));
  const density = Math.max(1, Math.floor(Math.min(Math.ceil(wanted), most)));
  if (format !== 'svg' || density === SVG_DENSITY) return { meta: metadata, options };
  options.density = density;
  return { meta: await px(options).metadata(), options };
}

/** An image to be decoded, and how many px of it are kept; see {@link keptPx}. */
interface Opened {
  readonly meta: Metadata;
  readonly least: Size;
  readonly wanted: Size;
  readonly convert: boolean;
  /** Metadata of the overview that is opened instead. */
  readonly overview?: Metadata | undefined;
}

/** Px as they are stored, and their number per px of the file, along both sides. */
type Stored = Pick<DecodedImage, 'stored' | 'scale'>;

/** Decodes an image, reduced by its decoder, shrunk in linear light, or as it is. */
export async function storedPx(open: () => Sharp, { overview, ...image }: Opened): Promise<Stored> {
  if (!overview) return await pxOf(open, image);
  const [across, down] = [overview.width / image.meta.width, overview.height / image.meta.height];
  const least = { width: image.least.width * across, height: image.least.height * down };
  const { stored, scale } = await pxOf(open, { ...image, meta: overview, least });
  return { stored, scale: { across: scale.across * across, down: scale.down * down } };
}

async function pxOf(open: () => Sharp, { meta, least, wanted, convert }: Opened): Promise<Stored> {
  const reduced = reducedSize(meta, least, wanted);
  if (reduced) {
    const { width, height } = reduced.size;
    return { stored: await raw(open().resize(width, height, { fit: 'fill', kernel: 'cubic' })), scale: reduced };
  }
  const shrunk = meta.width * meta.height > WHOLE_PX ? shrunkSize(meta, least, wanted) : undefined;
  if (!shrunk) return { stored: await raw(convertToSrgb(open())), scale: { across: 1, down: 1 } };
  // libvips applies no profile in linear light, so the conversion comes first, in a pass of its own.
  const plain = convert ? sharpOf(await raw(convertToSrgb(open()))) : open();
  return { stored: await raw(shrinkLinear(plain, shrunk.size)), scale: shrunk };
}

async function resized(px: Required<PartOfPixels>, cell: Size, background: Rgb): Promise<Uint8Array> {
  const { around, part } = px;
  const { width, height } = around;
  if (width === cell.width && height === cell.height && part.width === width && part.height === height) {
    const plain = extract(px, around);
    return plain.channels === 3 ? plain.data : flatten(plain, background);
  }
  if (Math.max(width, height) <= STREAM_SIDE) return resample(px, cell, background);
  return flatten(await raw(shrinkLinear(sharpOf(extract(px, around)), cell)), background);
}

/** Copies a part of an image. */
function extract({ data, width, height, channels }: Pixels, part: Rect): Pixels {
  if (part.width === width && part.height === height) return { data, width, height, channels };
  const out = new Uint8Array(part.width * part.height * channels);
  copyPart({ data, width, channels }, part, { out, at: 0 });
  return { data: out, width: part.width, height: part.height, channels };
}

/** Opens px. */
export function sharpOf({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } });
}

async function raw(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/**
 * Tells whether an ICC profile is sRGB itself, by its description. Such an image needs no conversion: a look-up table
 * for one takes as long as decoding a small photograph.
 */
function isSrgbProfile(icc: Uint8Array): boolean {
  const bytes = Buffer.from(icc.buffer, icc.byteOffset, icc.byteLength);
  if (bytes.length < 132 || bytes.toString('latin1', 16, 20) !== 'RGB ') return false;
  const tags = Math.min(100, bytes.readUInt32BE(128));
  for (let at = 132; at + 12 <= bytes.length && at < 132 + tags * 12; at += 12) {
    if (bytes.toString('latin1', at, at + 4) !== 'desc') continue;
    const [offset, length] = [bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)];
    // `desc` (ICC.1:2001) is ASCII, `mluc` (ICC.1:2010) UTF-16; dropping NULs reads both.
    const text = bytes.toString('latin1', offset + 12, Math.min(bytes.length, offset + length)).replaceAll('\0', '');
    return /sRGB/.test(text) && !/linear|scRGB/i.test(text);
  }
  return false;
}
