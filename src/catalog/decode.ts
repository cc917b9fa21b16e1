import sharp, { type Metadata, type OutputInfo, type Sharp, type SharpOptions } from 'sharp';
import { shrinkLinear, toSrgb } from '../colour/convert.ts';
import type { Crop, Rect, Rgb } from '../types.ts';
import { resample } from './resample.ts';

/** An image file: its bytes, or the path of one too large to read at once. */
export type ImageInput = Uint8Array | string;

/** A source as its cell shows it, and what was learned of it on the way. */
export interface DecodedCell {
  /** `size` x `size` px, RGB, 8-bit sRGB. */
  readonly px: Uint8Array;
  readonly format: string;
  /** Upright px. */
  readonly width: number;
  readonly height: number;
  readonly crop: Rect;
  readonly alpha: boolean;
  /** Has to be turned by its EXIF orientation. */
  readonly turned: boolean;
  /** Has colours of its own that are converted to sRGB. */
  readonly profiled: boolean;
}

/**
 * Above this many source px per cell px libvips shrinks (it streams); below, our own resampler does, which is faster on
 * small pictures. Both work in linear light.
 */
const STREAM_RATIO = 4;
/** And above this many px along a side, so that the resampler's memory stays small. */
const STREAM_SIDE = 1448;
const SVG_DENSITY = 72;
/** As many px per inch as librsvg is asked for at most. */
const SVG_DENSITY_MAX = 2400;

/**
 * Decodes the part of an image that fills a cell: first frame, upright, in sRGB, cropped to a square, resized in linear
 * light, laid over `background` where it is transparent.
 *
 * @throws what sharp throws for data it cannot decode, or that ends early.
 */
export async function decodeCell(input: ImageInput, size: number, crop: Crop, background: Rgb): Promise<DecodedCell> {
  const options: SharpOptions = { failOn: 'error' };
  let meta = await sharp(input, options).metadata();
  if (meta.format === 'svg' && Math.min(meta.width, meta.height) < size) {
    const density = (SVG_DENSITY * size) / Math.min(meta.width, meta.height);
    options.density = Math.min(SVG_DENSITY_MAX, Math.ceil(density));
    meta = await sharp(input, options).metadata();
  }
  const profiled = meta.icc !== undefined && !isSrgbProfile(meta.icc);
  if (!profiled && meta.space !== 'cmyk') options.ignoreIcc = true;
  const { width, height } = meta.autoOrient;
  const rect = await cropOf(() => sharp(input, options).autoOrient(), { width, height }, crop);
  const part = sharp(input, options).autoOrient().extract(rect);
  const convert = profiled || meta.space === 'cmyk';
  const px = await cellPx(part, convert, rect.width, size, background);
  const turned = (meta.orientation ?? 1) !== 1;
  const alpha = meta.hasAlpha;
  return { px, format: formatOf(meta), width, height, crop: rect, alpha, turned, profiled };
}

async function cellPx(part: Sharp, convert: boolean, side: number, size: number, background: Rgb): Promise<Uint8Array> {
  const streamed = side > STREAM_RATIO * size || side > STREAM_SIDE;
  const upright = streamed && !convert ? part : toSrgb(part);
  const raw = async (image: Sharp) => await image.raw().toBuffer({ resolveWithObject: true });
  let decoded: { data: Buffer; info: OutputInfo };
  if (!streamed) decoded = await raw(upright);
  else if (!convert) decoded = await raw(shrinkLinear(upright, size, size));
  else {
    // libvips leaves profiles alone in linear light, so that conversion comes first, by itself.
    const { data, info } = await raw(upright);
    const { width, height, channels } = info;
    decoded = await raw(shrinkLinear(sharp(data, { raw: { width, height, channels } }), size, size));
  }
  const { data, info } = decoded;
  if (info.channels === 3 && info.width === size) return data;
  return resample({ data, width: info.width, height: info.height, channels: info.channels }, size, background);
}

/** The square that fills the cell, upright px. */
async function cropOf(open: () => Sharp, { width, height }: { width: number; height: number }, crop: Crop) {
  const side = Math.min(width, height);
  const centre = { left: (width - side) >> 1, top: (height - side) >> 1, width: side, height: side };
  if (crop === 'centre' || width === height) return centre;
  // Saliency is a matter of the whole, so a small picture decides; its shorter side at most this many px.
  const small = Math.min(side, 256);
  const scale = side / small;
  const reduced = await open()
    .resize(Math.round(width / scale), Math.round(height / scale), { fit: 'fill' })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const { info } = await sharp(reduced)
    .resize(small, small, { fit: 'cover', position: crop })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const along = (offset: number | undefined, most: number) => Math.min(most, Math.round(Math.abs(offset ?? 0) * scale));
  const left = along(info.cropOffsetLeft, width - side);
  return { left, top: along(info.cropOffsetTop, height - side), width: side, height: side };
}

function formatOf({ format, compression }: Metadata): string {
  return compression && format === 'heif' ? (compression === 'av1' ? 'avif' : 'heic') : format;
}

/**
 * Whether an ICC profile is sRGB itself, by its description: those need no conversion, and a look-up table for one costs
 * as much time as decoding a small photograph.
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
