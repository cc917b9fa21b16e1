/**
 * Converts a linear sRGB colour to CIELAB (CIE 15:2004), white point D65. L is 0 (black) to 100 (white).
 *
 * @param out receives L, a, b from `at` on.
 */
export function linearToCielab(r: number, g: number, b: number, out: Float32Array | Float64Array, at: number): void {
  // The matrix of IEC 61966-2-1; x and z are divided by the white point's X and Z.
  const x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = curve(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = curve((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  out[at] = 116 * y - 16;
  out[at + 1] = 500 * (x - y);
  out[at + 2] = 200 * (y - z);
}

function curve(t: number): number {
  return t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116;
}
