/** What a matching thread is asked: cells `start..end` freely, or all of them under the rules. */
export type MatchJob =
  | { readonly kind: 'nearest'; readonly start: number; readonly end: number }
  | { readonly kind: 'ruled'; readonly maxUses: number; readonly minDistance: number; readonly nearest: MatchResult }
  | {
      readonly kind: 'capacity';
      readonly maxUses: number;
      /** Tried in this order. */
      readonly distances: readonly number[];
      readonly nearest: MatchResult;
      /** Shared; receives the parts of {@link PROGRESS_PARTS} that are done. */
      readonly progress: Int32Array;
    };

/** Sources of the cells asked for, and the squared distance of each; `stuck` if the rules left none for some cell. */
export interface MatchResult {
  readonly cells: Uint32Array;
  readonly costs: Float32Array;
  readonly stuck?: boolean;
  /** As in {@link Placement}; 0 unless told. */
  readonly gap?: number;
  readonly distanceCost?: number;
}

/** Parts of the whole in which a long job tells its progress. */
export const PROGRESS_PARTS = 1000;

/** What some costs' sum exceeds another's by, as a part of that. */
export function excess(costs: Float32Array, least: Float32Array): number {
  const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
  const base = sum(least);
  return base > 0 ? (sum(costs) - base) / base : 0;
}
