import { eachNear, FREE } from '../jobs.ts';
import type { Kinds } from '../kinds.ts';

/** A change that makes uses worse by so much is made in one of e cases, at first; less and less often. */
const WARM = 1;

/**
 * Changes how often kinds are used where no two stand too near, and keeps it so: of all cells that show one of two kinds, those
 * that stand near each other, on and on, change these (A. B. Kempe's chains, 1879). Changes that make uses worse are made, too, but
 * ever more rarely (simulated annealing).
 *
 * @param chosen in which nothing stands too near; changed in place.
 * @returns whether all kinds are used as often as rules want.
 */
export function balanceUses(
  kinds: Kinds,
  chosen: Uint32Array,
  { steps, random }: { readonly steps: number; readonly random: () => number },
): boolean {
  const { grid, distance, pinned, pictures, least, most } = kinds;
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
      eachNear(grid, cell, distance, (at) => {
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
