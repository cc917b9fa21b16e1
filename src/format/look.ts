/**
 * The look of a source: 24 numbers of one byte each, whose distance tells how alike two sources are in colour and structure.
 * They are the lowest frequencies of its features (see colour/features.ts), 14 of lightness and 5 of each other channel, in
 * steps of 1/63; the mean lightness is stored less 2.
 */

/** Numbers of a look. */
export const LOOK_LENGTH = 24;
/** Number of frequencies of L, a and b. */
const FREQUENCIES = [14, 5, 5];
/** Steps per 1 of a feature. */
const STEPS = 63;
/** Value in the middle of the mean lightness, which is 0 to 4 in features. */
const MIDDLE = 2;

/** Writes the look of a feature vector at `features[from..]` into `out`, signed bytes from `at` on. */
export function writeLook(
  features: Float32Array,
  from: number,
  { out, at }: { readonly out: Uint8Array; readonly at: number },
): void {
  let next = at;
  for (const [channel, count] of FREQUENCIES.entries()) {
    for (let i = 0; i < count; i++) {
      const value = features[from + i * 3 + channel]! - (channel === 0 && i === 0 ? MIDDLE : 0);
      out[next++] = Math.max(-127, Math.min(127, Math.round(value * STEPS)));
    }
  }
}

/** Returns the squared distance of two looks in `looks`, at two offsets. */
export function lookDistance(looks: Uint8Array, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < LOOK_LENGTH; i++) {
    // Signed bytes.
    const difference = ((looks[a + i]! << 24) >> 24) - ((looks[b + i]! << 24) >> 24);
    sum += difference * difference;
  }
  return sum;
}
