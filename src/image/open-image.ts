import { readFile, stat } from 'node:fs/promises';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { writeOrientation } from '../jpeg/exif-orientation.ts';
import { MARKER } from '../jpeg/markers.ts';
import type { Size } from '../types.ts';
import { TooMuchMemory } from '../decoding/failures.ts';
import { decodeHeic } from './heic.ts';
import { memoryAllowance, memoryNeed } from './memory-need.ts';
import { rawPreview } from './raw-preview.ts';
import { sharp } from './sharp.ts';
import { expectWhole } from './whole.ts';

/** An image file: its bytes, or the path of one too large to read at once. */
export type ImageInput = Uint8Array | string;

/** An image file that is known to be one, and can be decoded as often as is needed. */
export interface OpenImage {
  /** Decoder's name for the file format: `jpeg`, `png`, `avif`, …; `heic`, and `raw` for cameras' raw files. */
  readonly format: string;
  /** Of what is decoded; `autoOrient` is its size in px, upright. */
  readonly metadata: Metadata;
  /** Its px as they are stored: neither upright nor in sRGB. */
  readonly px: (options?: Pick<SharpOptions, 'density' | 'ignoreIcc' | 'failOn'>) => Sharp;
}

/** How an image is opened. */
export interface OpenOptions {
  /** Takes what decodes of a file that is damaged or ends early. */
  readonly lenient?: boolean;
  /** Waits until there is memory to decode an image of so many px; see `memoryNeed`. */
  readonly admit?: (need: number, px: number) => Promise<void>;
}

/**
 * How every image that is not our own is decoded. What libvips only warns of leaves an image to look at; so whatever one stage
 * takes, the others do, too.
 */
const decoding = (lenient: boolean): SharpOptions => ({ failOn: lenient ? 'none' : 'error' });

/** Versions of all that decodes: libvips', and ours, which rises with what we find in files beside it. */
export const DECODERS: string = `${sharp.versions.vips}-2`;

/** HEIC is read whole; the largest of phones are some 20 MiB. */
const HEIC_BYTES = 2 ** 28;

/**
 * Opens an image that somebody gave us, for whichever stage. This is the only place that hands such files to a decoder.
 *
 * @throws {TooMuchMemory} if decoding it takes more than a file of its size may, where there is somebody to `admit` it;
 * otherwise what the decoder throws for what is no image.
 */
export async function openImage(input: ImageInput, { lenient = false, admit }: OpenOptions = {}): Promise<OpenImage> {
  const whole = await openStill(input, lenient);
  if (admit) {
    const { format, metadata } = whole;
    const need = memoryNeed(format, metadata);
    if (need > memoryAllowance(await sizeOf(input))) throw new TooMuchMemory();
    await admit(need, metadata.width * metadata.height);
  }
  if (!lenient) await expectWhole(input, whole);
  if (whole.format !== 'heic') return whole;
  const tiff = await decodeHeic(await bytesOf(input), { page: whole.metadata.pagePrimary ?? 0, lenient });
  return { ...(await openDirectly(tiff, lenient)), format: 'heic' };
}

/** Opens what libvips reads by itself, which of HEIC is all but the px; of a camera's raw file, the largest JPEG in it. */
async function openStill(input: ImageInput, lenient: boolean): Promise<OpenImage> {
  const raw = rawPreview(input);
  if (!raw) return await openDirectly(input, lenient);
  const { jpeg, orientation = 1 } = raw;
  const own = await openDirectly(jpeg, lenient);
  const turned = own.metadata.orientation === undefined && orientation > 1 && orientation <= 8;
  return { ...(turned ? await openDirectly(withOrientation(jpeg, orientation), lenient) : own), format: 'raw' };
}

/** A JPEG that says how it is to be turned. */
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

async function sizeOf(input: ImageInput): Promise<number> {
  return typeof input === 'string' ? (await stat(input)).size : input.byteLength;
}

async function bytesOf(input: ImageInput): Promise<Uint8Array> {
  if (typeof input !== 'string') return input;
  if ((await sizeOf(input)) > HEIC_BYTES) throw new Error('heif: too large');
  return await readFile(input);
}

/**
 * Reads an image's format and its size in px, upright; of a drawing, the size it is drawn at by default.
 *
 * @throws what the decoder throws for what is no image.
 */
export async function imageSize(input: ImageInput): Promise<Size & { readonly format: string }> {
  const { format, metadata } = await openStill(input, false);
  return { format, width: metadata.autoOrient.width, height: metadata.autoOrient.height };
}

function formatOf({ format, compression }: Metadata): string {
  return compression && format === 'heif' ? (compression === 'av1' ? 'avif' : 'heic') : format;
}
