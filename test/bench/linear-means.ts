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
  const across = shares(width);
  const sums = new Float64Array(PARTS * PARTS * 3);
  for (const [y, rows] of shares(height).entries()) {
    const row = new Float64Array(PARTS * 3);
    for (const [x, columns] of across.entries()) {
      for (const [part, share] of columns) {
        for (let c = 0; c < 3; c++) row[part * 3 + c]! += share * LINEAR[px[(y * width + x) * 3 + c]!]!;
      }
    }
    for (const [part, share] of rows)
      for (let i = 0; i < row.length; i++) sums[part * PARTS * 3 + i]! += share * row[i]!;
  }
  for (let i = 0; i < sums.length; i += 3) linearToOklab(sums[i]!, sums[i + 1]!, sums[i + 2]!, sums, i);
  return sums;
}

/** Returns for every px of a line which parts it lies in, and which share of their means it has. */
function shares(length: number): [part: number, share: number][][] {
  const size = length / PARTS;
  return Array.from({ length }, (_, i) => {
    const parts: [number, number][] = [];
    for (let part = Math.floor(i / size); part < PARTS && part * size < i + 1; part++) {
      const share = Math.min(i + 1, (part + 1) * size) - Math.max(i, part * size);
      if (share > 1e-9) parts.push([part, share / size]);
    }
    return parts;
  });
}
