/**
 * Conversion between sRGB (8 bits) and linear light (0..1), after IEC 61966-2-1. Averages are taken in linear light, as an
 * eye or a display averages a mosaic that is seen from afar.
 */

/** Linear light of each of the 256 sRGB values. */
export const LINEAR: Float32Array = Float32Array.from({ length: 256 }, (_, i) => {
  const s = i / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});

// 65,536 entries: about 20 per sRGB value where the curve is steepest, near black.
const STEPS = 65535;
/** sRGB value of each of 65,536 even steps of linear light. */
export const SRGB: Uint8Array = Uint8Array.from({ length: STEPS + 1 }, (_, i) => {
  const l = i / STEPS;
  return Math.round(255 * (l <= 0.0031308 ? 12.92 * l : 1.055 * l ** (1 / 2.4) - 0.055));
});

/** Converts linear light to the nearest sRGB value; clips to 0..1. */
export function linearToSrgb(linear: number): number {
  return SRGB[linear <= 0 ? 0 : linear >= 1 ? STEPS : (linear * STEPS + 0.5) | 0]!;
}

/** Encodes `count` linear samples as 8-bit sRGB, into `out` from `at` on. */
export function encodeSrgb(linear: Float32Array, out: Uint8Array, at = 0, count: number = linear.length): void {
  for (let i = 0; i < count; i++) {
    const value = linear[i]!;
    out[at + i] = SRGB[value <= 0 ? 0 : value >= 1 ? STEPS : (value * STEPS + 0.5) | 0]!;
  }
}

/**
 * Halves an image in linear light (RGB, row-major); each px is the mean of 2 x 2. Where a side is odd, the last px is the mean of
 * those that exist.
 */
export function halveLinear(px: Float32Array, width: number, height: number): Float32Array {
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const out = new Float32Array(w * h * 3);
  for (let y = 0, o = 0; y < h; y++) {
    const top = 2 * y * width * 3;
    const bottom = 2 * y + 1 < height ? top + width * 3 : top;
    for (let x = 0; x < w; x++) {
      const left = 6 * x;
      const right = 2 * x + 1 < width ? left + 3 : left;
      for (let c = 0; c < 3; c++, o++) {
        out[o] = (px[top + left + c]! + px[top + right + c]! + px[bottom + left + c]! + px[bottom + right + c]!) / 4;
      }
    }
  }
  return out;
}
