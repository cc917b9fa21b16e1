import { FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';
import { eachNear } from '../near.ts';

/** Initial temperature: a change that adds this many wrong uses is first accepted with probability 1/e. */
const WARM = 1;

/**
 * Balances the uses of kinds in a grid that keeps the distance, and keeps it so. A step takes a Kempe chain (A. B. Kempe,
 * 1879): cells of two kinds that are connected within the distance; it swaps the two kinds in all of them. Steps that make
 * the uses worse are accepted, too, but ever more rarely (simulated annealing).
 *
 * @param chosen kinds of all cells, of which none breaks the distance; changed in place.
 * @returns true if every kind is used as often as the rules want.
 */
export function balanceUses(
  kinds: Kinds,
  chosen: Uint32Array,
  { steps, random }: { readonly steps: number; readonly random: () => number },
): boolean {
  const { pinned, pictures, least, most } = kinds;
  const used = new Uint32Array(pictures.count);
  for (const [cell, kind] of chosen.entries()) if (pinned[cell] === FREE) used[kind]!++;
  const wrong = (kind: number, times: number) => Math.max(0, least[kind]! - times, times - most[kind]!);
  let off = used.reduce((sum, times, kind) => sum + wrong(kind, times), 0);
  const seen = new Uint32Array(chosen.length);
  for (let step = 1; step <= steps && off > 0; step++) {
    const first = Math.floor(random() * chosen.length);
    const [mine, other] = [chosen[first]!, Math.floor(random() * pictures.count)];
    if (mine === other) continue;
    const chain = [first];
    seen[first] = step;
    let free = true;
    let more = 0;
    for (let i = 0; i < chain.length && free; i++) {
      const cell = chain[i]!;
      if (pinned[cell] !== FREE) free = false;
      more += chosen[cell] === mine ? 1 : -1;
      eachNear(kinds, cell, (at) => {
        if (seen[at] === step || (chosen[at] !== mine && chosen[at] !== other)) return;
        seen[at] = step;
        chain.push(at);
      });
    }
    if (!free) continue;
    const [a, b] = [used[mine]! - more, used[other]! + more];
    const change = wrong(mine, a) + wrong(other, b) - wrong(mine, used[mine]!) - wrong(other, used[other]!);
    if (change > 0 && random() >= Math.exp(-change / (WARM * (1 - step / steps)))) continue;
    for (const cell of chain) chosen[cell] = chosen[cell] === mine ? other : mine;
    [used[mine], used[other], off] = [a, b, off + change];
  }
  return off === 0;
}
