import { CROP_SCALE, FEATURE_LENGTH, FEATURE_ORDER, FEATURE_SIDE, type SourceFeatures } from '../colour/features.ts';
import { cropCount, CROPS } from '../tiles/crops.ts';
import { cropOfVariant, pictureId, turnOfVariant, variantOf } from '../tiles/variants.ts';
import type { Size, Turn } from '../types.ts';

/** Lists the orientations that a source may have in a cell, upright first. Cells that are not square allow half turns only. */
export function turnsOf(
  { mirror, rotate }: { readonly mirror: boolean; readonly rotate: boolean },
  cell: Size,
): Turn[] {
  const quarters: Turn[] = cell.width === cell.height ? [0, 1, 2, 3] : [0, 2];
  const turns: Turn[] = rotate ? quarters : [0];
  return mirror ? [...turns, ...turns.map((turn) => (turn + 4) as Turn)] : turns;
}

/**
 * Lists the ids of all pictures: variant x number of sources + source, in rising order.
 *
 * @param crops by source: bit c tells whether the source may be shown in crop c.
 * @param turns orientations that a source may have.
 */
export function pictureIds(crops: Uint32Array, turns: readonly Turn[]): Uint32Array {
  const usable = crops.length;
  const ids = new Uint32Array(cropCount(crops) * turns.length);
  let count = 0;
  for (let crop = 0; crop < CROPS; crop++) {
    for (const turn of turns.toSorted((a, b) => a - b)) {
      const variant = variantOf({ crop, turn });
      for (let source = 0; source < usable; source++) {
        if (crops[source]! & (1 << crop)) ids[count++] = pictureId(source, variant, usable);
      }
    }
  }
  return ids;
}

/**
 * Computes the features of pictures. A turn only moves coefficients and changes signs.
 *
 * @param ids as {@link pictureIds}.
 * @returns {@link FEATURE_LENGTH} numbers per picture, in memory that threads can share.
 */
export function pictureFeatures({ whole, crops }: SourceFeatures, ids: ArrayLike<number>): Float32Array {
  const out = new Float32Array(new SharedArrayBuffer(ids.length * FEATURE_LENGTH * 4));
  const usable = whole.length / FEATURE_LENGTH;
  const perSource = crops ? crops.length / usable : 0;
  const moves = Array.from({ length: 8 }, (_, turn) => movesOf(turn as Turn));
  for (let picture = 0; picture < ids.length; picture++) {
    const [variant, source] = [Math.floor(ids[picture]! / usable), ids[picture]! % usable];
    const crop = cropOfVariant(variant);
    const [values, scale] = crop === 0 ? [whole, 1] : [crops!, 1 / CROP_SCALE];
    const read = crop === 0 ? source * FEATURE_LENGTH : source * perSource + (crop - 1) * FEATURE_LENGTH;
    const { from, signs } = moves[turnOfVariant(variant)]!;
    const write = picture * FEATURE_LENGTH;
    for (let i = 0; i < FEATURE_LENGTH; i++) out[write + i] = signs[i]! * scale * values[read + from[i]!]!;
  }
  return out;
}

/** By index in the feature vector of a turned picture: index in the upright one, and the sign. */
function movesOf(turn: Turn): { readonly from: Uint8Array; readonly signs: Int8Array } {
  const from = new Uint8Array(FEATURE_LENGTH);
  const signs = new Int8Array(FEATURE_LENGTH);
  for (const [to, index] of FEATURE_ORDER.entries()) {
    const { rank, sign } = originOf(Math.floor(index / FEATURE_SIDE), index % FEATURE_SIDE, turn);
    for (let c = 0; c < 3; c++) {
      from[to * 3 + c] = rank * 3 + c;
      signs[to * 3 + c] = sign;
    }
  }
  return { from, signs };
}

/** Finds the origin of coefficient (down, across) of a turned picture: its rank in the feature vector, and its sign. */
function originOf(down: number, across: number, turn: Turn): { rank: number; sign: number } {
  let sign = 1;
  // Undoes clockwise quarter turns: each swaps the two frequencies and mirrors one; odd frequencies change sign when
  // mirrored.
  for (let quarter = 0; quarter < turn % 4; quarter++) {
    if (across % 2) sign = -sign;
    [down, across] = [across, down];
  }
  if (turn >= 4 && across % 2) sign = -sign;
  return { rank: FEATURE_ORDER.indexOf(down * FEATURE_SIDE + across), sign };
}
