import { LINEAR } from '../colour/linear.ts';
import { CELL_FREE, cellKernel } from '../kernels/cell-kernel.ts';
import type { Rect, Rgb, Size } from '../types.ts';

/** Decoded px, 8-bit sRGB, row-major. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (not premultiplied). */
  readonly channels: number;
}

/** Part of an image that is resized. */
export interface PartOfPixels extends Pixels {
  /** Whole px that are read; by default, all of them. */
  readonly around?: Rect;
  /** The part within these, px; its edges may lie within px. By default, all of them. */
  readonly part?: Rect;
}

/**
 * Resizes to `size` in linear light with the Catmull-Rom cubic (Keys 1981, a = -1/2), which is widened to shrink.
 * Transparency is laid over `background` first, in linear light too. Takes 16 bytes of memory per input px.
 *
 * @returns RGB, 8-bit sRGB. At an unchanged size, the px are unchanged.
 */
export function resample(px: PartOfPixels, size: Size, background: Rgb): Uint8Array {
  const { channels, around = { left: 0, top: 0, width: px.width, height: px.height } } = px;
  const { width, height } = around;
  const { part = { left: 0, top: 0, width, height } } = px;
  const down = weightsOf({ input: height, from: part.top, length: part.height }, size.height, 1);
  const across = weightsOf({ input: width, from: part.left, length: part.width }, size.width, 2);
  let end = CELL_FREE;
  const room = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 16) * 16;
    return at;
  };
  const linearAt = room((width * height + 4) * 16);
  const rowAt = room((width + 4) * 16);
  const lineAt = room(size.width * 16);
  const tables = [down.starts, down.weights, across.starts, across.weights].map((table) => ({
    bytes: new Uint8Array(table.buffer),
    at: room(table.byteLength),
  }));
  // Input and output bytes share one place: they are not needed at the same time.
  const bytes = size.width * size.height * 3;
  const bytesAt = room(Math.max(width * height * channels, bytes));
  const memory = cellKernel.reserve(end);
  copyPart(px, around, { out: memory, at: bytesAt });
  memory.fill(0, linearAt + width * height * 16, rowAt); // read past the end, with weight 0: must not be NaN
  for (const table of tables) memory.set(table.bytes, table.at);
  const [r, g, b] = [LINEAR[background.r]!, LINEAR[background.g]!, LINEAR[background.b]!];
  cellKernel.call.linearise(bytesAt, width * height, channels, r, g, b, linearAt);
  const [downStarts, downWeights, acrossStarts, acrossWeights] = tables.map(({ at }) => at);
  // prettier-ignore
  cellKernel.call.resize(
    linearAt, width, size.width, size.height, downStarts!, downWeights!, down.taps, acrossStarts!, acrossWeights!, across.taps,
    rowAt, lineAt, bytesAt,
  );
  return memory.slice(bytesAt, bytesAt + bytes);
}

/** Copies the px of a part of an image, row-major, to `out` from `at` on. */
export function copyPart(
  { data, width, channels }: Pick<Pixels, 'data' | 'width' | 'channels'>,
  part: Rect,
  { out, at }: { readonly out: Uint8Array; readonly at: number },
): void {
  const line = part.width * channels;
  if (part.width === width) {
    out.set(data.subarray(part.top * line, (part.top + part.height) * line), at);
    return;
  }
  for (let y = 0; y < part.height; y++) {
    const from = ((part.top + y) * width + part.left) * channels;
    out.set(data.subarray(from, from + line), at + y * line);
  }
}

/** Px that {@link flatten} converts at a time. */
const BAND_PX = 2 ** 16;

/**
 * Lays px over `background` in linear light, at their own size.
 *
 * @returns RGB, 8-bit sRGB.
 */
export function flatten({ data, width, height, channels }: Pixels, background: Rgb): Uint8Array {
  const [linearAt, bytesAt] = [CELL_FREE, CELL_FREE + BAND_PX * 16];
  const memory = cellKernel.reserve(bytesAt + BAND_PX * 4);
  const [r, g, b] = [LINEAR[background.r]!, LINEAR[background.g]!, LINEAR[background.b]!];
  const total = width * height;
  const out = new Uint8Array(total * 3);
  for (let from = 0; from < total; from += BAND_PX) {
    const px = Math.min(BAND_PX, total - from);
    memory.set(data.subarray(from * channels, (from + px) * channels), bytesAt);
    cellKernel.call.linearise(bytesAt, px, channels, r, g, b, linearAt);
    cellKernel.call.encode(linearAt, px, bytesAt);
    out.set(memory.subarray(bytesAt, bytesAt + px * 3), from * 3);
  }
  return out;
}

/**
 * Weights along one axis. Output px i is the sum of `taps` input px from `starts[i]` on, times `weights[i * taps ..]`.
 * Taps added to reach a multiple have weight 0, and may lie past the end.
 */
interface Weights {
  readonly starts: Int32Array;
  readonly taps: number;
  readonly weights: Float32Array;
}

/** A line of `input` px, of which `length` px from `from` on are resized. */
interface Line {
  readonly input: number;
  readonly from: number;
  readonly length: number;
}

function weightsOf({ input, from, length }: Line, output: number, multiple: number): Weights {
  const ratio = length / output;
  const scale = Math.max(1, ratio);
  const reach = Math.min(input, Math.ceil(4 * scale));
  const taps = multiple * Math.ceil(reach / multiple);
  const starts = new Int32Array(output);
  const weights = new Float32Array(output * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < output; i++) {
    const centre = from + (i + 0.5) * ratio - 0.5;
    const start = Math.max(0, Math.min(input - reach, Math.ceil(centre - 2 * scale)));
    starts[i] = start;
    let total = 0;
    for (let tap = 0; tap < reach; tap++) total += row[tap] = cubic(Math.abs(start + tap - centre) / scale);
    for (let tap = 0; tap < reach; tap++) weights[i * taps + tap] = row[tap]! / total;
  }
  return { starts, taps, weights };
}

function cubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0;
}
