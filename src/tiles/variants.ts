import type { Turn } from '../types.ts';
import { CROPS } from './crops.ts';

/** Number of orientations. */
const TURNS = 8;

/**
 * How a picture shows its source: in one of its crops, in one of its orientations. As a number: crop x 8 + turn, so that 0
 * is the whole, upright.
 */
export interface Variant {
  readonly crop: number;
  readonly turn: Turn;
}

/** Number of variants. */
export const VARIANTS = CROPS * TURNS;

/** Returns the number of a variant. */
export function variantOf({ crop, turn }: Variant): number {
  return crop * TURNS + turn;
}

/** Returns the crop of a variant. */
export function cropOfVariant(variant: number): number {
  return Math.floor(variant / TURNS);
}

/** Returns the orientation of a variant. */
export function turnOfVariant(variant: number): Turn {
  return (variant % TURNS) as Turn;
}

/** Returns the id of a picture: variant x number of usable sources + source. */
export function pictureId(source: number, variant: number, usable: number): number {
  return variant * usable + source;
}
