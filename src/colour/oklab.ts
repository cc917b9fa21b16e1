/**
 * The two matrices of {@link linearToOklab}, row-major: linear RGB to cone responses, and the cube roots of these to OKLab.
 */
export const CONES = [
  0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566, 0.0883024619, 0.2817188376,
  0.6299787005,
] as const;
export const LAB = [
  0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099, 0.0259040371, 0.7827717662,
  -0.808675766,
] as const;

/**
 * Converts a linear sRGB colour to OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020). L is 0
 * (black) to 1 (white); a and b lie within about -0.3..0.3.
 *
 * @param out receives L, a, b from `at` on.
 */
export function linearToOklab(r: number, g: number, b: number, out: Float32Array | Float64Array, at: number): void {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  out[at] = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
  out[at + 1] = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  out[at + 2] = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
}

/**
 * Converts an OKLab colour to linear sRGB, the inverse of {@link linearToOklab}; colours outside sRGB give values outside 0..1.
 *
 * @param out receives r, g, b from `at` on.
 */
export function oklabToLinear(
  lightness: number,
  a: number,
  b: number,
  out: Float32Array | Float64Array,
  at: number,
): void {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  out[at] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  out[at + 1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  out[at + 2] = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
}
