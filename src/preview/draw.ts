import { LINEAR, linearToSrgb } from '../colour/linear.ts';
import type { Placement, Size } from '../types.ts';
import { DRAWN_PARTS, placeOf, type ShownPictures } from './shown-pictures.ts';
import type { SourceAtlas } from './source-atlas.ts';

/** What a preview is drawn from. */
export interface DrawnFrom {
  readonly pictures: ShownPictures;
  readonly atlas: SourceAtlas;
  /** Number of a source in the atlas, by its id. */
  readonly numbers: ReadonlyMap<number, number>;
}

/**
 * Draws a placement of picture ids: RGB, 8-bit sRGB, row-major. Cells are the px between the nearest whole px to their edges.
 *
 * @param size of the drawing, px; at least 1 px per cell along both sides.
 */
export function drawMosaic(
  { grid, cells }: Pick<Placement, 'grid' | 'cells'>,
  size: Size,
  from: DrawnFrom,
): Uint8Array {
  const px = new Uint8Array(size.width * size.height * 3);
  const drawn = new Map<string, Uint8Array>();
  for (let row = 0; row < grid.rows; row++) {
    const [top, bottom] = [edge(row, grid.rows, size.height), edge(row + 1, grid.rows, size.height)];
    for (let column = 0; column < grid.columns; column++) {
      const [left, right] = [edge(column, grid.columns, size.width), edge(column + 1, grid.columns, size.width)];
      const id = cells[row * grid.columns + column]!;
      const cell = { width: right - left, height: bottom - top };
      const key = `${id}/${cell.width}/${cell.height}`;
      let picture = drawn.get(key);
      if (!picture) drawn.set(key, (picture = drawPicture(id, cell, from)));
      // Lines of a cell are short: a loop copies them faster than a call.
      for (let line = 0, at = 0; line < cell.height; line++) {
        const start = ((top + line) * size.width + left) * 3;
        for (let i = 0; i < cell.width * 3; i++) px[start + i] = picture[at++]!;
      }
    }
  }
  return px;
}

/** Returns the px at which the cells `index` and up begin. */
function edge(index: number, count: number, length: number): number {
  return Math.round((index * length) / count);
}

/** Px of a source's mip, and parts of a crop, that the samples along one side of a cell fall on. */
interface Samples {
  /** Number of samples per px of the cell. */
  readonly each: number;
  /** By sample: px of the mip; -1 beyond it. */
  readonly px: Int32Array;
  /** By sample: part of the crop. */
  readonly parts: Int32Array;
}

/** Draws a picture: means of samples in linear light, of the whole's mip or, beyond it, of the crop's parts. */
function drawPicture(id: number, { width, height }: Size, { pictures, atlas, numbers }: DrawnFrom): Uint8Array {
  const { source, turn, part } = pictures.shown(id);
  const swapped = turn % 2 === 1;
  // A quarter turn puts columns of the source into rows of the cell.
  const columns = samplesOf(swapped ? height : width, atlas.size.width, {
    from: part.left,
    length: part.width,
    place: (at) => (swapped ? placeOf(turn, 0.5, at) : placeOf(turn, at, 0.5))[0],
  });
  const rows = samplesOf(swapped ? width : height, atlas.size.height, {
    from: part.top,
    length: part.height,
    place: (at) => (swapped ? placeOf(turn, at, 0.5) : placeOf(turn, 0.5, at))[1],
  });
  const beyond = columns.px.includes(-1) || rows.px.includes(-1) ? pictures.parts(id) : undefined;
  const start = atlas.at(numbers.get(source)!);
  const share = 1 / (columns.each * rows.each);
  const out = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [firstColumn, firstRow] = swapped ? [y * columns.each, x * rows.each] : [x * columns.each, y * rows.each];
      let [r, g, b] = [0, 0, 0];
      for (let row = firstRow; row < firstRow + rows.each; row++) {
        for (let column = firstColumn; column < firstColumn + columns.each; column++) {
          if (beyond && (columns.px[column]! < 0 || rows.px[row]! < 0)) {
            const at = (rows.parts[row]! * DRAWN_PARTS + columns.parts[column]!) * 3;
            r += beyond[at]!;
            g += beyond[at + 1]!;
            b += beyond[at + 2]!;
          } else {
            const at = start + rows.px[row]! * atlas.stride + columns.px[column]! * 3;
            r += LINEAR[atlas.px[at]!]!;
            g += LINEAR[atlas.px[at + 1]!]!;
            b += LINEAR[atlas.px[at + 2]!]!;
          }
        }
      }
      out[to] = linearToSrgb(r * share);
      out[to + 1] = linearToSrgb(g * share);
      out[to + 2] = linearToSrgb(b * share);
    }
  }
  return out;
}

/**
 * Spreads samples along one side of a cell.
 *
 * @param length of the side, px; `mip` is the side of the mip.
 * @param part of the whole's side that the crop shows; `place` finds the place of a sample in the crop.
 */
function samplesOf(
  length: number,
  mip: number,
  part: { readonly from: number; readonly length: number; readonly place: (at: number) => number },
): Samples {
  const each = Math.max(1, Math.ceil((part.length * mip) / length));
  const [px, parts] = [new Int32Array(length * each), new Int32Array(length * each)];
  for (let i = 0; i < px.length; i++) {
    const place = part.place((i + 0.5) / px.length);
    const at = Math.floor((part.from + place * part.length) * mip);
    px[i] = at >= 0 && at < mip ? at : -1;
    parts[i] = Math.min(DRAWN_PARTS - 1, Math.floor(place * DRAWN_PARTS));
  }
  return { each, px, parts };
}
