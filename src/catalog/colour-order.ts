/** Bits per colour axis: 2^6 steps. */
const BITS = 6;
/** Range of OKLab a and b: -0.25 to 0.25. Colours beyond are rare and are clipped. */
const CHROMA = 0.25;

/**
 * Orders pictures along a Hilbert curve through OKLab, by mean colour. Neighbours in this order look alike, as do
 * neighbouring cells of a mosaic often.
 *
 * @param colourOf returns the mean colour of a picture: L, a, b.
 * @returns the pictures in order; pictures of equal colour keep their order.
 */
export function colourOrder(
  pictures: readonly number[],
  colourOf: (picture: number) => readonly [number, number, number],
): number[] {
  const keys = new Map(
    pictures.map((picture) => {
      const [l, a, b] = colourOf(picture);
      const axes = [l, a / (2 * CHROMA) + 0.5, b / (2 * CHROMA) + 0.5];
      return [picture, hilbertIndex(axes.map((value) => step(value)))];
    }),
  );
  return pictures.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
}

function step(value: number): number {
  return Math.max(0, Math.min(2 ** BITS - 1, Math.floor(value * 2 ** BITS)));
}

/**
 * Returns the index of a point along the Hilbert curve, after J. Skilling, "Programming the Hilbert curve", AIP
 * Conference Proceedings 707, 2004 (AxestoTranspose).
 *
 * @param axes coordinates, integers from 0 to 2^`bits` - 1.
 */
export function hilbertIndex(axes: readonly number[], bits: number = BITS): number {
  const x = [...axes];
  const n = x.length;
  for (let q = 2 ** (bits - 1); q > 1; q /= 2) {
    for (let i = 0; i < n; i++) {
      if (x[i]! & q) x[0]! ^= q - 1;
      else {
        const exchange = (x[0]! ^ x[i]!) & (q - 1);
        x[0]! ^= exchange;
        x[i]! ^= exchange;
      }
    }
  }
  for (let i = 1; i < n; i++) x[i]! ^= x[i - 1]!;
  let gray = 0;
  for (let q = 2 ** (bits - 1); q > 1; q /= 2) if (x[n - 1]! & q) gray ^= q - 1;
  let index = 0;
  for (let bit = bits - 1; bit >= 0; bit--) {
    for (let i = 0; i < n; i++) index = index * 2 + (((x[i]! ^ gray) >> bit) & 1);
  }
  return index;
}
