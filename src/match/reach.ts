import { meanLabOf, type SourceFeatures } from '../colour/features.ts';
import type { Range } from './fit.ts';

/** OKLab colours: L, a, b each. */
export type Labs = Float32Array;

/** Greatest number of colours that are looked at. */
const SAMPLED = 4096;
/** Steps of lightness for which the colours are looked at separately, and of hue. */
export const BANDS = 8;
export const HUES = 16;
/** Part of the colours that lies beyond each end of a range of lightness, and beyond the edge of a slice. */
const [BEYOND, BEYOND_EDGE] = [0.01, 0.02];
/** Greatest number of sources that reach beyond each end of the pictures' range of lightness, and greatest part of all. */
const [SOURCES_BEYOND, SOURCES_BEYOND_PART] = [5, 0.02];
/** Least number of colours in a slice, and least part of all. */
const [LEAST, LEAST_PART] = [64, 1 / 20];
/** The neutral point lies in the inner part of a slice: 1 is the whole, 0 the middle. */
const INNER = 0.7;

const DIRECTIONS = Array.from({ length: HUES }, (_, hue) => {
  const angle = (2 * Math.PI * hue) / HUES;
  return [Math.cos(angle), Math.sin(angle)] as const;
});

/** The colours that occur around a lightness, as a convex polygon in the plane of a and b. */
export interface Slice {
  /** By hue: how far colours extend from grey in that direction; negative if all lie beyond grey. */
  readonly extents: Float64Array;
  /** Mean colour. */
  readonly middle: readonly [a: number, b: number];
}

/** Colours that pictures can show. */
export interface Reach {
  readonly lightness: Range;
  /** Mean colours of pictures; of many, an even sample. */
  readonly labs: Labs;
}

/**
 * Looks at the mean colours of pictures, in all crops that they may be shown in. The range of lightness reaches as far as a
 * few sources do: a share of pictures would leave out the dark crops of many light images, which cells need most.
 *
 * @param crops by source: bit c tells whether the source may be shown in crop c.
 */
export function reachOf(features: SourceFeatures, crops: Uint32Array): Reach {
  const [count, upTo] = [crops.length, new Uint32Array(crops.length + 1)];
  const [darkest, lightest] = [new Float32Array(count).fill(Infinity), new Float32Array(count).fill(-Infinity)];
  for (let source = 0; source < count; source++) {
    const shown = bitsOf(crops[source]!);
    upTo[source + 1] = upTo[source]! + shown.length;
    for (const crop of shown) {
      const [lightness] = meanLabOf(features, source, crop);
      darkest[source] = Math.min(darkest[source]!, lightness);
      lightest[source] = Math.max(lightest[source]!, lightness);
    }
  }
  const skipped = Math.min(SOURCES_BEYOND, Math.floor(SOURCES_BEYOND_PART * count));
  const [low, high] = [darkest.toSorted()[skipped]!, lightest.toSorted()[count - 1 - skipped]!];
  let source = 0;
  const labs = sampleOf(upTo[count]!, (picture) => {
    while (upTo[source + 1]! <= picture) source++;
    return meanLabOf(features, source, bitsOf(crops[source]!)[picture - upTo[source]!]!);
  });
  return { lightness: { low, high: Math.max(low, high) }, labs };
}

const known = new Map<number, readonly number[]>();

/** Lists the bits that are set in a mask. */
function bitsOf(mask: number): readonly number[] {
  let bits = known.get(mask);
  if (!bits) known.set(mask, (bits = Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => mask & (1 << bit))));
  return bits;
}

/** Collects the colours of evenly spread items, in rising order. */
export function sampleOf(count: number, colourOf: (item: number) => ArrayLike<number>): Labs {
  const taken = Math.min(count, SAMPLED);
  const labs = new Float32Array(taken * 3);
  for (let i = 0; i < taken; i++) labs.set(colourOf(Math.floor((i * count) / taken)), i * 3);
  return labs;
}

/** Returns the range of lightness, without the few colours at either end. */
export function lightnessOf(labs: Labs): Range {
  const sorted = Float32Array.from({ length: labs.length / 3 }, (_, i) => labs[i * 3]!).toSorted();
  const skipped = Math.floor(BEYOND * sorted.length);
  return { low: sorted[skipped]!, high: sorted[sorted.length - 1 - skipped]! };
}

/** Cuts colours into slices: around each of {@link BANDS} + 1 even steps of lightness, or the nearest where there are few. */
export function slicesOf(labs: Labs): Slice[] {
  const count = labs.length / 3;
  const order = Uint32Array.from({ length: count }, (_, i) => i).toSorted((i, j) => labs[i * 3]! - labs[j * 3]!);
  const at = (rank: number) => labs[order[rank]! * 3]!;
  const least = Math.min(count, Math.max(LEAST, Math.ceil(count * LEAST_PART)));
  return Array.from({ length: BANDS + 1 }, (_, band) => {
    const lightness = band / BANDS;
    let from = 0;
    while (from < count && at(from) < lightness - 0.5 / BANDS) from++;
    let to = from;
    while (to < count && at(to) < lightness + 0.5 / BANDS) to++;
    while (to - from < least) {
      if (to === count || (from > 0 && lightness - at(from - 1) < at(to) - lightness)) from--;
      else to++;
    }
    return sliceOf(labs, order.subarray(from, to));
  });
}

function sliceOf(labs: Labs, members: Uint32Array): Slice {
  const skipped = Math.floor(BEYOND_EDGE * members.length);
  const along = new Float32Array(members.length);
  const extents = Float64Array.from(DIRECTIONS, ([x, y]) => {
    for (let i = 0; i < members.length; i++) {
      const at = members[i]! * 3;
      along[i] = labs[at + 1]! * x + labs[at + 2]! * y;
    }
    along.sort();
    return along[along.length - 1 - skipped]!;
  });
  const mean = (channel: number) =>
    members.reduce((sum, member) => sum + labs[member * 3 + channel]!, 0) / members.length;
  return { extents, middle: [mean(1), mean(2)] };
}

/** Returns grey if it lies well inside a slice; otherwise the colour nearest to it on the way to the middle that does. */
export function neutralOf({ extents, middle: [a, b] }: Slice): readonly [a: number, b: number] {
  let part = 0;
  for (const [hue, [x, y]] of DIRECTIONS.entries()) {
    const middle = a * x + b * y;
    const edge = middle + INNER * (extents[hue]! - middle);
    if (edge < 0 && middle < 0) part = Math.max(part, Math.min(1, edge / middle));
  }
  return [part * a, part * b];
}

/** Computes by hue how far a slice reaches from a colour, which may lie outside: 0 or more. */
export function raysOf({ extents }: Slice, [a, b]: readonly [a: number, b: number]): number[] {
  return DIRECTIONS.map(([x, y]) => {
    let ray = Infinity;
    for (const [hue, [toX, toY]] of DIRECTIONS.entries()) {
      const along = x * toX + y * toY;
      if (along > 1e-6) ray = Math.min(ray, (extents[hue]! - a * toX - b * toY) / along);
    }
    return Math.max(0, ray);
  });
}
