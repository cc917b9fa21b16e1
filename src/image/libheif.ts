import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { HeicPixels } from './heic-pixels.ts';

/** The C functions of libheif (libheif/heif.h) that we use, as libheif-js exports them. Pointers are numbers. */
interface Libheif {
  /** View of the memory; replaced whenever the memory grows. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  /** It failed within a call: it must not be used again, nor be cleaned up. */
  broken?: boolean;
  _malloc(bytes: number): number;
  _free(at: number): void;
  _heif_context_alloc(): number;
  _heif_context_free(context: number): void;
  _heif_context_set_maximum_image_size_limit(context: number, side: number): void;
  _heif_context_read_from_memory_without_copy(error: number, context: number, at: number, n: number, none: 0): void;
  _heif_context_get_primary_image_handle(error: number, context: number, out: number): void;
  _heif_image_handle_release(handle: number): void;
  _heif_image_handle_get_width(handle: number): number;
  _heif_image_handle_get_height(handle: number): number;
  _heif_image_handle_has_alpha_channel(handle: number): number;
  _heif_image_handle_get_luma_bits_per_pixel(handle: number): number;
  _heif_decode_image(error: number, handle: number, out: number, space: number, chroma: number, options: 0): void;
  _heif_image_release(image: number): void;
  _heif_image_get_plane_readonly2(image: number, channel: number, stride: number): number;
  _heif_image_get_width(image: number, channel: number): number;
  _heif_image_get_height(image: number, channel: number): number;
  _heif_image_get_bits_per_pixel_range(image: number, channel: number): number;
  _heif_image_is_premultiplied_alpha(image: number): number;
  _heif_image_get_decoding_warnings(image: number, first: number, errors: number, count: number): number;
}

type MakeLibheif = (options: {
  instantiateWasm(imports: object, done: (instance: WebAssembly.Instance) => unknown): unknown;
  print(text: string): void;
  printErr(text: string): void;
}) => Libheif;

/** `heif_colorspace_RGB`, and `heif_channel_interleaved`. */
const [RGB, INTERLEAVED] = [1, 10];
/** `heif_chroma_interleaved_` RGB, RGBA, RRGGBB_LE, RRGGBBAA_LE. */
const CHROMA = { 3: { narrow: 10, wide: 14 }, 4: { narrow: 11, wide: 15 } } as const;
/** Side of a square that has the largest number of px of an image or a tile: 64 megapixels. */
const SIDE_MAX = 8192;
/** An instance whose memory has grown beyond this is dropped, since the memory never shrinks. */
const KEPT_BYTES = 96 * 2 ** 20;

let compiled: { readonly make: MakeLibheif; readonly module: WebAssembly.Module } | undefined;
let kept: Libheif | undefined;

/** Tells whether libheif-js, an optional dependency, is installed. */
export function hasLibheif(): boolean {
  try {
    load();
    return true;
  } catch {
    return false;
  }
}

/**
 * Decodes the primary image of a HEIF file with libheif in WebAssembly: turned, mirrored and cropped as the file asks.
 *
 * @param lenient accepts missing parts, as of a file that ends early.
 * @param take receives the px, which are invalid once it returns.
 * @throws libheif's error for a file that it cannot decode.
 */
export function decodeByLibheif<Result>(file: Uint8Array, lenient: boolean, take: (px: HeicPixels) => Result): Result {
  const heif = kept ?? start();
  try {
    return decode(heif, file, lenient, take);
  } catch (error) {
    if (!(error instanceof HeifError)) heif.broken = true;
    throw error;
  } finally {
    kept = heif.broken || heif.HEAPU8.length > KEPT_BYTES ? undefined : heif;
  }
}

/** Error that libheif reports for a file. Any other error means that libheif itself is broken. */
class HeifError extends Error {
  override readonly name = 'HeifError';
}

function load(): NonNullable<typeof compiled> {
  if (compiled) return compiled;
  const require = createRequire(import.meta.url);
  const make = require('libheif-js/libheif-wasm/libheif.js') as MakeLibheif;
  const binary = readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm'));
  compiled = { make, module: new WebAssembly.Module(binary) };
  return compiled;
}

function start(): Libheif {
  const { make, module } = load();
  const quiet = () => {};
  const instantiateWasm: Parameters<MakeLibheif>[0]['instantiateWasm'] = (imports, done) =>
    done(new WebAssembly.Instance(module, imports as never));
  return make({ instantiateWasm, print: quiet, printErr: quiet });
}

function decode<Result>(heif: Libheif, file: Uint8Array, lenient: boolean, take: (px: HeicPixels) => Result): Result {
  const u32 = (at: number) => new DataView(heif.HEAPU8.buffer).getUint32(at, true);
  const undo: (() => void)[] = [];
  const hold = (pointer: number, free: (pointer: number) => void) => {
    if (pointer === 0) throw new HeifError('heif: not enough memory');
    undo.push(() => free(pointer));
    return pointer;
  };
  const release = () => {
    for (const one of undo.toReversed()) one();
  };
  const memory = (bytes: number) => hold(heif._malloc(bytes), (at) => heif._free(at));
  try {
    const [error, out] = [memory(12), memory(8)];
    const check = () => {
      if (u32(error) !== 0) throw new HeifError(`heif: ${text(heif, u32(error + 8))}`);
    };
    const data = memory(file.length);
    heif.HEAPU8.set(file, data);
    const context = hold(heif._heif_context_alloc(), (at) => heif._heif_context_free(at));
    heif._heif_context_set_maximum_image_size_limit(context, SIDE_MAX);
    heif._heif_context_read_from_memory_without_copy(error, context, data, file.length, 0);
    check();
    heif._heif_context_get_primary_image_handle(error, context, out);
    check();
    const handle = hold(u32(out), (at) => heif._heif_image_handle_release(at));
    const channels = heif._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
    const wide = heif._heif_image_handle_get_luma_bits_per_pixel(handle) > 8;
    heif._heif_decode_image(error, handle, out, RGB, CHROMA[channels][wide ? 'wide' : 'narrow'], 0);
    check();
    const image = hold(u32(out), (at) => heif._heif_image_release(at));
    const warned = (i: number) => heif._heif_image_get_decoding_warnings(image, i, error, 1) > 0;
    for (let i = 0; warned(i); i++) if (!lenient && isOfPixels(text(heif, u32(error + 8)))) check();
    const plane = heif._heif_image_get_plane_readonly2(image, INTERLEAVED, out);
    const stride = u32(out);
    const width = heif._heif_image_get_width(image, INTERLEAVED);
    const height = heif._heif_image_get_height(image, INTERLEAVED);
    const bits = heif._heif_image_get_bits_per_pixel_range(image, INTERLEAVED);
    const px = heif.HEAPU8.subarray(plane, plane + stride * height);
    const premultiplied = heif._heif_image_is_premultiplied_alpha(image) !== 0;
    const taken = take({ width, height, channels, bits, px, stride, premultiplied });
    release();
    return taken;
  } catch (error) {
    if (error instanceof HeifError) release();
    throw error;
  }
}

/**
 * Tells whether a warning of libheif concerns px: tiles that cannot be decoded are left grey, with a warning. Other
 * warnings concern colours.
 */
export function isOfPixels(warning: string): boolean {
  return !/colou?r|colr|profile|pixi/i.test(warning);
}

/** Reads a C string, up to 500 bytes. */
function text({ HEAPU8 }: Libheif, at: number): string {
  const end = HEAPU8.indexOf(0, at);
  return Buffer.from(HEAPU8.buffer, at, Math.min(end - at, 500)).toString('utf8');
}
