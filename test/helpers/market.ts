import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import type { AuctionOptions } from '../../src/match/assign/auction.ts';
import { groupBy } from '../../src/match/assign/groups.ts';
import { Slots } from '../../src/match/assign/slots.ts';
import { Lookup, lookupMemory } from '../../src/match/lookup.ts';
import { seeded } from './random.ts';

/** Quantised vectors, coarse dimensions varying most; `range` of the first. */
export function vectors(count: number, seed: number, range = 4000): Int16Array {
  const random = seeded(seed);
  return Int16Array.from({ length: count * FEATURE_LENGTH }, (_, i) =>
    Math.round(((random() - 0.5) * range) / (1 + (i % FEATURE_LENGTH))),
  );
}

export function cost(a: Int16Array, i: number, b: Int16Array, j: number): number {
  let sum = 0;
  for (let d = 0; d < FEATURE_LENGTH; d++) sum += (a[i * FEATURE_LENGTH + d]! - b[j * FEATURE_LENGTH + d]!) ** 2;
  return sum;
}

function filled<Value>(length: number, value: Value): Value[] {
  return Array.from({ length }, () => value);
}

/** What an auction is about. */
export interface Market extends Pick<AuctionOptions, 'groups' | 'slots' | 'used'> {
  /** Of cells and of sources. */
  readonly cells: Int16Array;
  readonly features: Int16Array;
  readonly weights: Float32Array;
}

/** What an auction is given; all its cells bid. */
export function offered({ cells, features, weights, groups, slots, used }: Market, most: number) {
  const lookup = new Lookup(lookupMemory({ cells, points: features, weights }, most));
  return { lookup, cells: Uint32Array.from(weights, (_, cell) => cell), groups, slots, used };
}

/** As many cells as there are numbers, all worth the same, and sources that share nothing. */
export function plain(cells: Int16Array, features: Int16Array, capacity: number): Market {
  const groups = groupBy(Uint32Array.from({ length: features.length / FEATURE_LENGTH }, (_, id) => id));
  return {
    cells,
    features,
    weights: new Float32Array(cells.length / FEATURE_LENGTH).fill(1),
    groups,
    slots: new Slots({ capacity, rise: 0, again: 0 }),
    used: new Uint32Array(groups.count),
  };
}

/**
 * The least sum of costs and of the prices of uses, by the Hungarian method (Kuhn, Munkres; potentials and augmenting paths)
 * on a copy of each group for each of its uses: since prices rise, the cheapest are used first.
 */
export function leastSum({ cells, features, weights, groups, slots, used }: Market): number {
  const n = weights.length;
  const copies: { group: number; price: number }[] = [];
  for (let group = 0; group < groups.count; group++) {
    for (let uses = used[group]!; uses < Math.min(slots.capacity, used[group]! + n); uses++) {
      copies.push({ group, price: slots.price(uses) });
    }
  }
  const costs = Array.from({ length: n }, (_, i) =>
    Array.from({ length: groups.count }, (__, group) => {
      const members = groups.members.subarray(groups.starts[group], groups.starts[group + 1]);
      return weights[i]! * Math.min(...[...members].map((id) => cost(cells, i, features, id)));
    }),
  );
  const columns = copies.length;
  const price = (i: number, j: number) => costs[i - 1]![copies[j - 1]!.group]! + copies[j - 1]!.price;
  const [u, v, owner] = [filled(n + 1, 0), filled(columns + 1, 0), filled(columns + 1, 0)];
  for (let i = 1; i <= n; i++) {
    const [least, seen] = [filled(columns + 1, Infinity), filled(columns + 1, false)];
    const way = filled(columns + 1, 0);
    owner[0] = i;
    let j = 0;
    do {
      seen[j] = true;
      let [delta, next] = [Infinity, 0];
      for (let k = 1; k <= columns; k++) {
        if (seen[k]) continue;
        const reduced = price(owner[j]!, k) - u[owner[j]!]! - v[k]!;
        if (reduced < least[k]!) [least[k], way[k]] = [reduced, j];
        if (least[k]! < delta) [delta, next] = [least[k]!, k];
      }
      for (let k = 0; k <= columns; k++) {
        if (seen[k]) {
          u[owner[k]!]! += delta;
          v[k]! -= delta;
        } else least[k]! -= delta;
      }
      j = next;
    } while (owner[j] !== 0);
    for (; j > 0; j = way[j]!) owner[j] = owner[way[j]!]!;
  }
  let sum = 0;
  for (let k = 1; k <= columns; k++) if (owner[k]! > 0) sum += price(owner[k]!, k);
  return sum;
}
