import type { Crop, Rect, Size, Source } from '../types.ts';

/**
 * Crops that a source may be shown in. They are numbered from 0, so that every set of crops is a range from 0 on:
 *
 *     0       the whole: the largest part of the cell's shape, where `--crop` puts it
 *     1, 2    the same part, shifted to either end of the longer side
 *     3-11    3 x 3 places of a part with 3/4 of its sides, row by row
 *     12-20   3 x 3 places of a part with 1/2 of its sides, row by row
 */
export type CropSet = 'none' | 'shift' | 'close' | 'all';

/** Number of crops of each set. */
export const CROP_SETS: Readonly<Record<CropSet, number>> = { none: 1, shift: 3, close: 12, all: 21 };
/** Number of all crops. */
export const CROPS = CROP_SETS.all;

/** Greatest number of pictures per source that is shown, on average, by number of crops: every picture adds to the site. */
const PER_SOURCE: Readonly<Record<number, number>> = {
  [CROP_SETS.none]: Infinity, // only turns
  [CROP_SETS.shift]: 2,
  [CROP_SETS.close]: 2,
  [CROP_SETS.all]: 4,
};

/** Returns the greatest number of pictures per source that is shown, on average, of so many crops. */
export function perSourceOf(crops: number): number {
  return PER_SOURCE[crops] ?? Infinity;
}

/** Name of each crop in reports, by number. The whole has none. */
export const CROP_NAMES: readonly string[] = [
  '',
  'start',
  'end',
  ...Array.from({ length: 9 }, (_, place) => `close-${place + 1}`),
  ...Array.from({ length: 9 }, (_, place) => `half-${place + 1}`),
];

/** A shift by less than this part of the crop's side shows nearly the same, and is left out. */
const SHIFT_LEAST = 1 / 12;
/** Greatest shift from where `attention` or `entropy` puts the crop, as a part of its side. */
const SHIFT_AROUND = 1 / 4;

/** Facts of a source that its crops depend on; `crop` is the whole (crop 0). */
export type Cropped = Pick<Source, 'width' | 'height' | 'crop'>;

/** Returns the name of a crop in reports; an empty text for the whole. */
export function cropName(index: number): string {
  return CROP_NAMES[index]!;
}

/** Returns the number of the crop with a name; undefined if there is none. */
export function cropNamed(name: string): number | undefined {
  const index = CROP_NAMES.indexOf(name);
  return index < 0 ? undefined : index;
}

/** Returns the factor of a crop's sides, relative to the whole. */
export function cropFactor(index: number): number {
  if (index < CROP_SETS.shift) return 1;
  return index < CROP_SETS.close ? 3 / 4 : 1 / 2;
}

/**
 * Returns the part of a source that a crop shows, upright px.
 *
 * @param place where `--crop` puts the whole. Around what `attention` or `entropy` found, crops stay within that or close
 *   to it.
 */
export function cropRect({ width, height, crop: whole }: Cropped, index: number, place: Crop): Rect {
  if (index === 0) return whole;
  if (index < CROP_SETS.shift) return shifted({ width, height }, whole, { end: index === 2, place });
  const factor = cropFactor(index);
  const side = (length: number) => Math.max(1, Math.round(length * factor));
  const size = { width: side(whole.width), height: side(whole.height) };
  const area = place === 'centre' ? { left: 0, top: 0, width, height } : whole;
  const at = (index - CROP_SETS.shift) % 9;
  const along = (from: number, room: number, step: number) => from + Math.round((room * step) / 2);
  return {
    left: along(area.left, area.width - size.width, at % 3),
    top: along(area.top, area.height - size.height, Math.floor(at / 3)),
    ...size,
  };
}

function shifted({ width, height }: Size, whole: Rect, { end, place }: { end: boolean; place: Crop }): Rect {
  const shift = (from: number, side: number, length: number) => {
    const most = place === 'centre' ? length : Math.round(side * SHIFT_AROUND);
    return end ? Math.min(length - side, from + most) : Math.max(0, from - most);
  };
  const { left, top } = whole;
  return { ...whole, left: shift(left, whole.width, width), top: shift(top, whole.height, height) };
}

/** Returns the crops that each source is shown in, of the first `count`: bit c for crop c. */
export function cropMasks(
  sources: readonly Cropped[],
  { cell, crop }: { readonly cell: Size; readonly crop: Crop },
  count: number,
): Uint32Array {
  return Uint32Array.from(sources, (source) => cropMask(source, cell, { count, place: crop }));
}

/** Counts the crops of all sources; `masks` as {@link cropMasks}. */
export function cropCount(masks: Uint32Array): number {
  let count = 0;
  for (const mask of masks) for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** A crop must not have to be enlarged, unless the whole is; and a shift must show something else. */
function cropMask(source: Cropped, cell: Size, { count, place }: { count: number; place: Crop }): number {
  const { crop: whole } = source;
  let mask = 1;
  const fits = (size: Size) => size.width >= cell.width && size.height >= cell.height;
  const enlarged = !fits(whole);
  for (let index = 1; index < count; index++) {
    const rect = cropRect(source, index, place);
    if (!enlarged && !fits(rect)) continue;
    const away = Math.max(
      Math.abs(rect.left - whole.left) / whole.width,
      Math.abs(rect.top - whole.top) / whole.height,
    );
    if (index < CROP_SETS.shift && away < SHIFT_LEAST) continue;
    mask |= 1 << index;
  }
  return mask;
}
