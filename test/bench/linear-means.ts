import { decodeCell } from '../../dist/catalog/decode.js';
import { LINEAR } from '../../dist/colour/linear.js';
import { linearToOklab } from '../../dist/colour/oklab.js';
import { convertToSrgb } from '../../dist/image/convert.js';
import { openImage } from '../../dist/image/open-image.js';
import { STANDS, storedRect, storedSize, uprightPx } from '../../dist/catalog/stand.js';
import type { Size } from '../../src/types.ts';

const PARTS = 4;
const CELL = { width: 256, height: 256 };

/**
 * Returns the mean distance, OKLab x 100, of the 4 x 4 means of an image's cell from those of the same part of the image
 * decoded at its full size, both taken in linear light.
 */
export async function meansDistance(bytes: Uint8Array): Promise<number> {
  const cell = await decodeCell(bytes, { cell: CELL, crop: 'centre', background: { r: 0, g: 0, b: 0 } });
  const image = await openImage(bytes);
  const stand = STANDS[image.metadata.orientation ?? 1]!;
  const stored = storedRect(cell.crop, cell, stand);
  const options = cell.profiled || image.metadata.space === 'cmyk' ? {} : { ignoreIcc: true };
  const whole = convertToSrgb(image.px(options).extract(stored)).removeAlpha();
  const { data, info } = await whole.raw().toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${info.channels} channels`);
  const upright = stand === STANDS[1] ? data : await uprightPx(data, storedSize(cell.crop, stand), stand);
  const [ours, full] = [means(cell.px, CELL), means(upright, cell.crop)];
  let sum = 0;
  for (let i = 0; i < ours.length; i += 3) {
    sum += Math.hypot(ours[i]! - full[i]!, ours[i + 1]! - full[i + 1]!, ours[i + 2]! - full[i + 2]!);
  }
  return (100 * sum) / PARTS ** 2;
}

/** Returns the OKLab colours of the means of 4 x 4 parts, taken in linear light. */
function means(px: Uint8Array, { width, height }: Size): Float64Array {
  const sums = new Float64Array(PARTS * PARTS * 3);
  for (let y = 0; y < height; y++) {
    const row = rowMeans(px.subarray(y * width * 3, (y + 1) * width * 3), width);
    for (let part = 0; part < PARTS; part++) {
      const share = (shared(y, part, height) / height) * PARTS;
      if (share > 0) for (const [i, value] of row.entries()) sums[part * PARTS * 3 + i]! += share * value;
    }
  }
  for (let i = 0; i < sums.length; i += 3) linearToOklab(sums[i]!, sums[i + 1]!, sums[i + 2]!, sums, i);
  return sums;
}

/** Returns the linear RGB means of the 4 parts of a row. */
function rowMeans(row: Uint8Array, width: number): Float64Array {
  const out = new Float64Array(PARTS * 3);
  for (let part = 0; part < PARTS; part++) {
    const [from, to] = [Math.floor((part * width) / PARTS), Math.ceil(((part + 1) * width) / PARTS)];
    let [r, g, b] = [0, 0, 0];
    for (let x = from; x < to; x++) {
      const share = x === from || x === to - 1 ? shared(x, part, width) : 1;
      r += share * LINEAR[row[x * 3]!]!;
      g += share * LINEAR[row[x * 3 + 1]!]!;
      b += share * LINEAR[row[x * 3 + 2]!]!;
    }
    out.set(
      [r, g, b].map((sum) => (sum / width) * PARTS),
      part * 3,
    );
  }
  return out;
}

/** Returns which share of px `at` of a line lies within one of its 4 parts. */
function shared(at: number, part: number, length: number): number {
  const [from, to] = [(part * length) / PARTS, ((part + 1) * length) / PARTS];
  return Math.max(0, Math.min(at + 1, to) - Math.max(at, from));
}
