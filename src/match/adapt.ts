import { FEATURE_SIDE } from '../colour/features.ts';
import { LINEAR } from '../colour/linear.ts';
import { linearToOklab } from '../colour/oklab.ts';
import type { Grid } from '../types.ts';
import { fit, squeeze } from './fit.ts';
import { BANDS, HUES, type Labs, lightnessOf, neutralOf, type Reach, raysOf, sampleOf, slicesOf } from './reach.ts';
import { smooth } from './smooth.ts';

/**
 * Shifts of cells' OKLab colours before they are compared: L, a, b per cell, in memory that threads can share. All parts of
 * a cell move alike, so differences within it stay.
 */
export type Adaptation = Float32Array;

/** Cells whose lightness is smoothed away to each side, and the deviation (OKLab) from which on it is an edge. */
const BASE = { reach: 3, edge: 0.2 } as const;
/** Slopes of the parts of a range that are squeezed: lightness keeps contrast, chroma only order. */
const [LIGHTNESS_SLOPE, CHROMA_SLOPE] = [0.3, 0.3];
/** Strengthening of detail where its surroundings are squeezed, per 1 of lost slope. */
const DETAIL = 0.5;
/** Half the step of lightness by which a curve's slope is measured. */
const STEP = 0.01;

/**
 * Computes how colours of a target move into what pictures can show. Colours that lie within it stay.
 *
 * Lightness is the sum of a smooth base and of detail (F. Durand, J. Dorsey, "Fast bilateral filtering for the display of
 * high-dynamic-range images", 2002). Only the base is squeezed, by a curve that rises everywhere. Chroma is squeezed
 * towards grey, hue by hue; or, where there are no greys, towards the pictures' colour that is nearest to grey.
 *
 * @param reach of the pictures.
 * @param part 0..1: 0.5 goes three quarters of the way, since a colour half-way is mostly still out of reach.
 */
export function adaptationOf(
  { grid, px }: { readonly grid: Grid; readonly px: Uint8Array },
  reach: Reach,
  part: number,
): Adaptation {
  const cells = grid.columns * grid.rows;
  const labs = cellLabs(grid, px);
  const shifts = new Float32Array(new SharedArrayBuffer(cells * 3 * 4));
  fitLightness(labs, grid, { reach, shifts });
  fitChroma(labs, { reach, shifts });
  const share = part * (2 - part);
  for (let i = 0; i < shifts.length; i++) shifts[i]! *= share;
  return shifts;
}

/** Shifts the colour of a part of a cell at `lab[at..]`, in place. Lightness stays within 0..1. */
export function adapt(shift: Float32Array, lab: Float64Array, at: number): void {
  lab[at] = Math.max(0, Math.min(1, lab[at]! + shift[0]!));
  lab[at + 1]! += shift[1]!;
  lab[at + 2]! += shift[2]!;
}

/** Computes the colours of cells. Means of sRGB values are close to means of OKLab, and quick. */
function cellLabs({ columns, rows }: Grid, px: Uint8Array): Labs {
  const labs = new Float32Array(columns * rows * 3);
  const parts = FEATURE_SIDE ** 2;
  const linear = Float32Array.from({ length: 255 * parts + 1 }, (_, sum) => {
    const low = Math.min(254, Math.floor(sum / parts));
    return LINEAR[low]! + (sum / parts - low) * (LINEAR[low + 1]! - LINEAR[low]!);
  });
  const sums = new Uint32Array(columns * 3);
  for (let row = 0, at = 0; row < rows; row++) {
    sums.fill(0);
    for (let y = 0; y < FEATURE_SIDE; y++) {
      for (let i = 0; i < sums.length; i += 3) {
        let r = 0;
        let g = 0;
        let b = 0;
        for (let x = 0; x < FEATURE_SIDE; x++, at += 3) {
          r += px[at]!;
          g += px[at + 1]!;
          b += px[at + 2]!;
        }
        sums[i]! += r;
        sums[i + 1]! += g;
        sums[i + 2]! += b;
      }
    }
    for (let i = 0, to = row * sums.length; i < sums.length; i += 3) {
      linearToOklab(linear[sums[i]!]!, linear[sums[i + 1]!]!, linear[sums[i + 2]!]!, labs, to + i);
    }
  }
  return labs;
}

/** What both halves of an adaptation have in common; they write to `shifts`. */
interface Fitting {
  readonly reach: Reach;
  readonly shifts: Adaptation;
}

/** Moves the lightness of cells, also in `labs`. */
function fitLightness(labs: Labs, grid: Grid, { reach, shifts }: Fitting): void {
  const [from, into] = [lightnessOf(sampleOf(labs.length / 3, colourOf(labs))), reach.lightness];
  if (from.low >= into.low && from.high <= into.high) return;
  const curve = fit(from, into, LIGHTNESS_SLOPE);
  const lightness = Float32Array.from({ length: labs.length / 3 }, (_, cell) => labs[cell * 3]!);
  const bases = smooth(lightness, grid, BASE);
  for (let cell = 0; cell < bases.length; cell++) {
    const base = bases[cell]!;
    const detail = lightness[cell]! - base;
    const slope = (curve(base + STEP) - curve(base - STEP)) / (2 * STEP);
    const fitted = curve(base) + (1 + DETAIL * (1 - slope)) * detail;
    shifts[cell * 3] = fitted - lightness[cell]!;
    labs[cell * 3] = fitted;
  }
}

/** Moves a and b of cells, whose lightness is that of pictures already. */
function fitChroma(labs: Labs, { reach, shifts }: Fitting): void {
  const [own, there] = [slicesOf(sampleOf(labs.length / 3, colourOf(labs))), slicesOf(reach.labs)];
  const neutrals = there.map(neutralOf);
  const [from, into] = [own, there].map((slices) =>
    Float32Array.from(slices.flatMap((slice, band) => raysOf(slice, neutrals[band]!))),
  ) as [Float32Array, Float32Array];
  if (from.every((ray, i) => ray <= into[i]!)) return;
  for (let i = 0; i < labs.length; i += 3) {
    const light = Math.max(0, Math.min(1, labs[i]!)) * BANDS;
    const band = Math.min(BANDS - 1, Math.floor(light));
    const up = light - band;
    const low = neutrals[band]!;
    const high = neutrals[band + 1]!;
    const a = labs[i + 1]! - low[0] - up * (high[0] - low[0]);
    const b = labs[i + 2]! - low[1] - up * (high[1] - low[1]);
    const chroma = Math.sqrt(a * a + b * b);
    if (chroma < 1e-6) continue;
    const turn = (Math.atan2(b, a) / (2 * Math.PI) + 1) * HUES;
    const place = { at: band * HUES, up, hue: Math.floor(turn), on: turn - Math.floor(turn) };
    const fitted = squeeze(chroma, { from: between(from, place), into: between(into, place) }, CHROMA_SLOPE);
    shifts[i + 1] = a * (fitted / chroma - 1);
    shifts[i + 2] = b * (fitted / chroma - 1);
  }
}

/** Interpolates rays, which are listed by band and hue. */
function between(
  rays: Float32Array,
  { at, up, hue, on }: { readonly at: number; readonly up: number; readonly hue: number; readonly on: number },
): number {
  const here = at + (hue % HUES);
  const next = at + ((hue + 1) % HUES);
  const low = rays[here]! + on * (rays[next]! - rays[here]!);
  const high = rays[here + HUES]! + on * (rays[next + HUES]! - rays[here + HUES]!);
  return low + up * (high - low);
}

function colourOf(labs: Labs): (item: number) => Float32Array {
  return (item) => labs.subarray(item * 3, item * 3 + 3);
}
