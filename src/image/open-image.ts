import { readFile, stat } from 'node:fs/promises';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { writeOrientation } from '../jpeg/exif-orientation.ts';
import { MARKER } from '../jpeg/markers.ts';
import type { Size } from '../types.ts';
import { TooMuchMemory } from './failures.ts';
import { decodeHeic } from './heic.ts';
import { memoryAllowance, memoryNeed } from './memory-need.ts';
import { rawPreview } from './raw-preview.ts';
import { sharp } from './sharp.ts';
import { tiffOverviews } from './tiff-overviews.ts';
import { expectWhole } from './whole.ts';

/** Image file: its bytes, or the path of one too large to read at once. */
export type ImageInput = Uint8Array | string;

/** Opened image file, which can be decoded repeatedly. */
export interface OpenImage {
  /** Name of the file format: `jpeg`, `png`, `avif`, …; `heic`, and `raw` for camera raw files. */
  readonly format: string;
  /** Metadata of the image that is decoded; `autoOrient` is its upright size, px. */
  readonly metadata: Metadata;
  /** Metadata of the overview that `px` returns instead of the image, where one was asked for and suffices. */
  readonly overview?: Metadata;
  /** Returns the px as they are stored: neither upright nor in sRGB. */
  readonly px: (options?: Pick<SharpOptions, 'density' | 'ignoreIcc' | 'failOn'>) => Sharp;
}

/** Options of opening an image. */
export interface OpenOptions {
  /** Accepts the part that decodes of a file that is damaged or ends early. */
  readonly lenient?: boolean;
  /** Waits until there are `need` bytes of memory to decode an image of `px` px; see `memoryNeed`. */
  readonly admit?: (need: number, px: number) => Promise<void>;
  /** Takes an overview of an image, if it has one of this size at least; px, as they are stored. */
  readonly overview?: (image: Metadata) => Size;
}

/**
 * Decoder options for every image that is not our own. What libvips only warns of leaves a usable image. All stages
 * share these options, so that they accept the same images.
 */
const decoding = (lenient: boolean): SharpOptions => ({ failOn: lenient ? 'none' : 'error' });

/** Versions of all decoders: that of libvips, and our own, which rises with what we find in files beside libvips. */
export const DECODERS: string = `${sharp.versions.vips}-2`;

/** Largest HEIC file, bytes, which is read whole; phones write up to about 20 MiB. */
const HEIC_BYTES = 2 ** 28;

/**
 * Opens an image of the user, for any stage. Only this module hands such files to a decoder.
 *
 * @throws {TooMuchMemory} if `admit` is given and decoding takes more memory than a file of its size may; otherwise the
 *   decoder's error for a file that is no image.
 */
export async function openImage(
  input: ImageInput,
  { lenient = false, admit, overview }: OpenOptions = {},
): Promise<OpenImage> {
  const whole = await openStill(input, lenient);
  if (admit) {
    const { format, metadata } = whole;
    const need = memoryNeed(format, metadata);
    if (need > memoryAllowance(await bytesOf(input))) throw new TooMuchMemory();
    await admit(need, metadata.width * metadata.height);
  }
  const reduced = overview && (await openOverview(input, whole, overview(whole.metadata)));
  if (reduced) return reduced;
  if (!lenient) await expectWhole(input, whole);
  if (whole.format !== 'heic') return whole;
  const tiff = await decodeHeic(await readWhole(input), { page: whole.metadata.pagePrimary ?? 0, lenient });
  return { ...(await openDirectly(tiff, lenient)), format: 'heic' };
}

/** Opens what libvips reads by itself: of HEIC, all but the px; of a camera raw file, the largest JPEG in it. */
async function openStill(input: ImageInput, lenient: boolean): Promise<OpenImage> {
  const raw = rawPreview(input);
  if (!raw) return await openDirectly(input, lenient);
  const { jpeg, orientation = 1 } = raw;
  const own = await openDirectly(jpeg, lenient);
  const turned = own.metadata.orientation === undefined && orientation > 1 && orientation <= 8;
  return { ...(turned ? await openDirectly(withOrientation(jpeg, orientation), lenient) : own), format: 'raw' };
}

/** Inserts an EXIF orientation into a JPEG. */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const exif = writeOrientation(orientation);
  const segment = Buffer.from([0xff, MARKER.APP1, 0, exif.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, exif, jpeg.subarray(2)]);
}

async function openDirectly(input: ImageInput, lenient: boolean): Promise<OpenImage> {
  const px: OpenImage['px'] = (options) => sharp(input, { ...decoding(lenient), ...options });
  const metadata = await px().metadata();
  return { format: formatOf(metadata), metadata, px };
}

/** Opens the smallest overview of a TIFF that has a size at least; nothing if there is none that decodes. */
async function openOverview(input: ImageInput, whole: OpenImage, least: Size): Promise<OpenImage | undefined> {
  if (whole.format !== 'tiff' || (whole.metadata.pages ?? 1) + (whole.metadata.subifds ?? 0) < 2) return undefined;
  const enough = tiffOverviews(input).filter(({ width, height }) => width >= least.width && height >= least.height);
  const smallest = enough.toSorted((a, b) => a.width - b.width)[0];
  if (!smallest) return undefined;
  const px: OpenImage['px'] = (options) => sharp(input, { ...decoding(false), ...options, ...smallest.at });
  try {
    const overview = await px().metadata();
    if (overview.width !== smallest.width || overview.channels !== whole.metadata.channels) return undefined;
    await expectWhole(input, { ...whole, px });
    return { ...whole, px, overview };
  } catch {
    return undefined; // the image itself may be sound
  }
}

async function bytesOf(input: ImageInput): Promise<number> {
  return typeof input === 'string' ? (await stat(input)).size : input.byteLength;
}

async function readWhole(input: ImageInput): Promise<Uint8Array> {
  if (typeof input !== 'string') return input;
  if ((await bytesOf(input)) > HEIC_BYTES) throw new Error('heif: too large');
  return await readFile(input);
}

/**
 * Reads an image's format and its upright size, px; of a drawing, the size it is drawn at by default.
 *
 * @throws the decoder's error for a file that is no image.
 */
export async function imageSize(input: ImageInput): Promise<Size & { readonly format: string }> {
  const { format, metadata } = await openStill(input, false);
  return { format, width: metadata.autoOrient.width, height: metadata.autoOrient.height };
}

function formatOf({ format, compression }: Metadata): string {
  return compression && format === 'heif' ? (compression === 'av1' ? 'avif' : 'heic') : format;
}
