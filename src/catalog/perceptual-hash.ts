/**
 * Perceptual hash of an image, after C. Zauner, "Implementation and benchmarking of perceptual image hash functions",
 * 2010 (pHash). Each bit tells whether one of the 64 lowest frequencies (DCT) of the lightness is above their median.
 * Images that look alike differ in few bits, whatever their size, encoding or brightness.
 */

/** Bits of a hash, and its bytes. */
export const HASH_BITS = 64;
export const HASH_BYTES = HASH_BITS / 8;
/** Number of frequencies along each axis that bits are chosen from. */
const SIDE = 10;

/** Frequencies of the bits, as row * SIDE + column: the lowest ones without the mean. */
const ORDER = Array.from({ length: SIDE ** 2 }, (_, i) => i)
  .toSorted((a, b) => frequency(a) - frequency(b) || a - b)
  .slice(1, HASH_BITS + 1);

function frequency(index: number): number {
  return Math.floor(index / SIDE) ** 2 + (index % SIDE) ** 2;
}

/** Smallest and largest side of an image that {@link perceptualHash} is given, px. */
const [SIZE_MIN, SIZE_MAX] = [8, 32];

/** Returns the side of the image to hash, px, for a cell whose shorter side is `side` px: a power of two. */
export function hashedSize(side: number): number {
  return Math.min(SIZE_MAX, Math.max(SIZE_MIN, 2 ** Math.floor(Math.log2(side))));
}

/** Returns the hash of `size` x `size` px, RGB, 8-bit sRGB: {@link HASH_BYTES} bytes, lowest frequency first. */
export function perceptualHash(px: Uint8Array, size: number): Uint8Array {
  const basis = Float64Array.from({ length: SIDE * size }, (_, i) => {
    const [k, n] = [Math.floor(i / size), i % size];
    return Math.cos((Math.PI * (n + 0.5) * k) / size);
  });
  const rows = new Float64Array(size * SIDE);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = (y * size + x) * 3;
      const lightness = 0.299 * px[at]! + 0.587 * px[at + 1]! + 0.114 * px[at + 2]!;
      for (let k = 0; k < SIDE; k++) rows[y * SIDE + k]! += basis[k * size + x]! * lightness;
    }
  }
  const amounts = ORDER.map((index) => {
    const [row, column] = [Math.floor(index / SIDE), index % SIDE];
    let sum = 0;
    for (let y = 0; y < size; y++) sum += basis[row * size + y]! * rows[y * SIDE + column]!;
    return sum;
  });
  const sorted = amounts.toSorted((a, b) => a - b);
  const median = (sorted[HASH_BITS / 2 - 1]! + sorted[HASH_BITS / 2]!) / 2;
  const hash = new Uint8Array(HASH_BYTES);
  for (const [i, amount] of amounts.entries()) if (amount > median) hash[i >> 3]! |= 1 << (i & 7);
  return hash;
}
