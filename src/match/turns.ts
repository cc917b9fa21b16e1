import { FEATURE_LENGTH, FEATURE_ORDER, FEATURE_SIDE } from '../colour/features.ts';
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
 * Computes the features of all pictures: all sources, for each turn. A turn only moves coefficients and changes signs.
 *
 * @returns turns x sources vectors, in memory that threads can share.
 */
export function turnedFeatures(features: Float32Array, turns: readonly Turn[]): Float32Array {
  const all = new Float32Array(new SharedArrayBuffer(features.byteLength * turns.length));
  const count = features.length / FEATURE_LENGTH;
  for (const [i, turn] of turns.entries()) {
    const moves = FEATURE_ORDER.map((index) => from(Math.floor(index / FEATURE_SIDE), index % FEATURE_SIDE, turn));
    for (let source = 0; source < count; source++) {
      const [read, write] = [source * FEATURE_LENGTH, (i * count + source) * FEATURE_LENGTH];
      for (const [to, { rank, sign }] of moves.entries()) {
        for (let c = 0; c < 3; c++) all[write + to * 3 + c] = sign * features[read + rank * 3 + c]!;
      }
    }
  }
  return all;
}

/** Finds the origin of coefficient (down, across) of a turned picture: its rank in the feature vector, and its sign. */
function from(down: number, across: number, turn: Turn): { rank: number; sign: number } {
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
