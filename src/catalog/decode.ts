import type { OutputInfo, Sharp } from 'sharp';
import { sharp } from '../image/sharp.ts';
import { shrinkLinear, convertToSrgb } from '../image/convert.ts';
import { DRAWN_PX } from '../image/memory-need.ts';
import { type ImageInput, type OpenImage, openImage, type OpenOptions } from '../image/open-image.ts';
import type { Crop, Rect, Rgb, Size } from '../types.ts';
import { reducedPart, reducedSize, type Reduced } from './reduced.ts';
import { flatten, resample } from './resample.ts';
import { type Stand, STANDS, storedRect, storedSize, uprighted, uprightPx } from './stand.ts';

/** A source decoded for its cell, and facts about its file. */
export interface DecodedCell {
  /** Px at the size that was asked for; RGB, 8-bit sRGB. */
  readonly px: Uint8Array;
  readonly format: string;
  /** Size of the upright image, px. */
  readonly width: number;
  readonly height: number;
  readonly crop: Rect;
  readonly alpha: boolean;
  /** The EXIF orientation requires turning or mirroring. */
  readonly turned: boolean;
  /** The file has an ICC profile other than sRGB, from which it was converted. */
  readonly profiled: boolean;
}

/**
 * Above this number of source px per cell px along a side, libvips shrinks an image that is not reduced while it is
 * decoded, as a stream. Below it our own resampler does, which is faster on small images. Both work in linear light.
 */
const STREAM_RATIO = 4;
/**
 * Above this length of the crop's longer side, px, libvips shrinks as well, so that the resampler's memory stays small.
 */
const STREAM_SIDE = 1448;
/** Longest shorter side, px, of the reduced crop by which saliency is judged. */
const SALIENCY_SIDE = 256;
const QUICK = { compressionLevel: 0 };
const SVG_DENSITY = 72;
/** Highest density that librsvg is asked for, px per inch. */
const SVG_DENSITY_MAX = 2400;

/** How a source is opened, cropped and resized. */
export interface DecodeOptions extends OpenOptions {
  /** Size of the cell that the source fills, px. */
  readonly cell: Size;
  readonly crop: Crop;
  /** Colour that transparent parts are laid over. */
  readonly background: Rgb;
}

/**
 * Decodes the part of an image that fills a cell: first frame, upright, in sRGB, cropped to the cell's shape, resized
 * to `cell` px in linear light.
 *
 * @throws errors of {@link openImage} and of sharp, for data that cannot be decoded or that ends early.
 */
export async function decodeCell(
  input: ImageInput,
  { cell, crop, background, ...how }: DecodeOptions,
): Promise<DecodedCell> {
  const image = await openImage(input, how);
  const { meta, options } = await drawn(image, cell);
  const profiled = meta.icc !== undefined && !isSrgbProfile(meta.icc);
  const convert = profiled || meta.space === 'cmyk';
  if (!convert) options.ignoreIcc = true;
  const { width, height } = meta.autoOrient;
  const stand = STANDS[meta.orientation ?? 1] ?? STANDS[1]!;
  const part = partSize({ width, height }, cell);
  const storedCell = storedSize(cell, stand);
  const reduced = reducedSize(meta, storedSize(part, stand), crop === 'centre' ? storedCell : salientSize(storedCell));
  const whole = () => image.px(options);
  const open = reduced ? await reducedImage(whole, reduced, crop !== 'centre') : whole;
  const rect = await cropOf(open, { width, height }, { part, crop, stand });
  // Turned last, when few px are left: decoders read line by line.
  const from = storedRect(rect, { width, height }, stand);
  const stored = reduced
    ? await reducedCellPx(open(), { from, reduced, cell: storedCell, background })
    : await cellPx(open().extract(from), { rect: from, cell: storedCell, convert, background });
  const px = stand === STANDS[1] ? stored : await uprightPx(stored, storedSize(cell, stand), stand);
  const alpha = meta.hasAlpha;
  return { px, format: image.format, width, height, crop: rect, alpha, turned: stand !== STANDS[1], profiled };
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

/** Decodes the part of an image that fills a cell: `rect` px as stored, which become `cell` px, RGB. */
async function cellPx(
  part: Sharp,
  {
    rect,
    cell,
    convert,
    background,
  }: { readonly rect: Size; readonly cell: Size; readonly convert: boolean; readonly background: Rgb },
): Promise<Uint8Array> {
  const side = Math.max(rect.width, rect.height);
  const streamed = rect.width > STREAM_RATIO * cell.width || side > STREAM_SIDE;
  const plain = streamed && !convert ? part : convertToSrgb(part);
  let decoded: { data: Buffer; info: OutputInfo };
  if (!streamed) decoded = await raw(plain);
  else if (!convert) decoded = await raw(shrinkLinear(plain, cell));
  else {
    // libvips applies no profile in linear light, so the conversion comes first, in a pass of its own.
    const { data, info } = await raw(plain);
    const { width, height, channels } = info;
    decoded = await raw(shrinkLinear(sharp(data, { raw: { width, height, channels } }), cell));
  }
  const { data, info } = decoded;
  const px = { data, width: info.width, height: info.height, channels: info.channels };
  if (px.width !== cell.width || px.height !== cell.height) return resample(px, cell, background);
  return px.channels === 3 ? data : flatten(px, background);
}

/**
 * Reduces an image while it is decoded.
 *
 * @param often the image is used more than once, and is decoded here and now.
 * @returns the reduced image, as stored.
 */
async function reducedImage(whole: () => Sharp, { size }: Reduced, often: boolean): Promise<() => Sharp> {
  const open = () => whole().resize(size.width, size.height, { fit: 'fill', kernel: 'cubic' });
  if (!often) return open;
  const { data, info } = await raw(open());
  const { width, height, channels } = info;
  return () => sharp(data, { raw: { width, height, channels } });
}

/** Enlarges a small cell, so that a reduced image keeps the px by which saliency is judged. */
function salientSize({ width, height }: Size): Size {
  const factor = Math.max(1, SALIENCY_SIDE / Math.min(width, height) / 2);
  return { width: width * factor, height: height * factor };
}

/** Makes cell px of the part `from` of an image, px as stored, which was reduced while it was decoded. */
async function reducedCellPx(
  image: Sharp,
  {
    from,
    reduced,
    cell,
    background,
  }: { readonly from: Rect; readonly reduced: Reduced; readonly cell: Size; readonly background: Rgb },
): Promise<Uint8Array> {
  const { around, part } = reducedPart(from, reduced);
  const { data, info } = await raw(image.extract(around));
  const { width, height, channels } = info;
  if (Math.max(width, height) <= STREAM_SIDE)
    return resample({ data, width, height, channels, part }, cell, background);
  const shrunk = await raw(shrinkLinear(sharp(data, { raw: { width, height, channels } }), cell));
  return flatten({ data: shrunk.data, ...cell, channels: shrunk.info.channels }, background);
}

const raw = async (image: Sharp) => await image.raw().toBuffer({ resolveWithObject: true });

/** Returns the size of the largest part of an image that has the cell's shape. */
function partSize({ width, height }: Size, cell: Size): Size {
  const scale = Math.min(width / cell.width, height / cell.height);
  return {
    width: Math.max(1, Math.min(width, Math.round(cell.width * scale))),
    height: Math.max(1, Math.min(height, Math.round(cell.height * scale))),
  };
}

/** Returns a part of an image, in upright px; `crop` selects its place. The opened image may be a reduced one. */
async function cropOf(
  open: () => Sharp,
  { width, height }: Size,
  { part, crop, stand }: { readonly part: Size; readonly crop: Crop; readonly stand: Stand },
): Promise<Rect> {
  const centre = { left: (width - part.width) >> 1, top: (height - part.height) >> 1, ...part };
  if (crop === 'centre' || (part.width === width && part.height === height)) return centre;
  // Saliency depends on the image as a whole, so a reduced copy decides. There, the crop's shorter side has at most
  // SALIENCY_SIDE px.
  const reduce = Math.max(1, Math.min(part.width, part.height) / SALIENCY_SIDE);
  const px = (length: number) => Math.max(1, Math.round(length / reduce));
  const small = storedSize({ width: px(width), height: px(height) }, stand);
  const reduced = await open().resize(small.width, small.height, { fit: 'fill' }).png(QUICK).toBuffer();
  const upright = await uprighted(sharp(reduced), stand).png(QUICK).toBuffer();
  const { info } = await sharp(upright)
    .resize(px(part.width), px(part.height), { fit: 'cover', position: crop })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const along = (offset: number | undefined, most: number) =>
    Math.min(most, Math.round(Math.abs(offset ?? 0) * reduce));
  const left = along(info.cropOffsetLeft, width - part.width);
  return { left, top: along(info.cropOffsetTop, height - part.height), ...part };
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
