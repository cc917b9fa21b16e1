import { FREE } from '../jobs.ts';
import { costOf, type Draft, type Problem } from './problem.ts';

/** Pictures of a placement that are never too many: the smallest sites are small anyway. */
const PICTURES_FREE = 1000;

/**
 * Merges pictures of the same source until a placement shows at most `perSource` times as many pictures as sources. A site
 * keeps the tiles of every picture, and the first crops of a source gain more than the last ones. The cells of a merged
 * picture show another picture of their source, so all rules stay kept. The pictures that cost least to do without go first.
 *
 * @param draft changed in place.
 * @param perSource pictures per source that is shown, on average; 1 at least. `free` pictures are never too many.
 */
export function mergePictures(
  problem: Problem,
  draft: Draft,
  { perSource, free = PICTURES_FREE }: { readonly perSource: number; readonly free?: number },
): void {
  const bySource = cellsBySource(problem, draft);
  const shown = new Set(draft.cells).size;
  const wanted = Math.max(free, Math.ceil(perSource * bySource.size));
  if (shown <= wanted) return;
  const merges: Merge[] = [];
  for (const cells of bySource.values()) merges.push(...mergesOf(problem, draft, cells));
  // A merge of a source rests on the ones before it, which do not cost more.
  merges.sort((a, b) => a.added - b.added || a.step - b.step);
  for (const { moves } of merges.slice(0, shown - wanted)) {
    for (const [cell, picture] of moves) {
      draft.cells[cell] = picture;
      draft.costs[cell] = costOf(problem, cell, picture);
    }
  }
}

/** A picture that goes: its cells with their new pictures, and the costs that this adds, as they count among all merges. */
interface Merge {
  readonly moves: readonly (readonly [cell: number, picture: number])[];
  readonly added: number;
  readonly step: number;
}

/** Lists the cells of each source that is shown. */
function cellsBySource({ scene }: Problem, { cells }: Draft): Map<number, number[]> {
  const bySource = new Map<number, number[]>();
  for (const [cell, picture] of cells.entries()) {
    const source = scene.sources[picture]!;
    const own = bySource.get(source);
    if (own) own.push(cell);
    else bySource.set(source, [cell]);
  }
  return bySource;
}

/** Merges the pictures of one source one after the other, down to a single one; pictures of pinned cells stay. */
function mergesOf(problem: Problem, draft: Draft, cells: readonly number[]): Merge[] {
  const pictures = [...new Set(cells.map((cell) => draft.cells[cell]!))];
  if (pictures.length === 1) return [];
  const costs = cells.map((cell) => pictures.map((picture) => costOf(problem, cell, picture)));
  const chosen = cells.map((cell) => pictures.indexOf(draft.cells[cell]!));
  const pinned = new Set(chosen.filter((_, i) => problem.scene.pins[cells[i]!] !== FREE));
  const open = new Set(pictures.keys());
  const merges: Merge[] = [];
  let most = -Infinity;
  while (open.size > 1) {
    const best = cheapestMerge({ costs, chosen, open, pinned });
    if (!best) break;
    open.delete(best.gone);
    const moves: [number, number][] = [];
    for (const [i, next] of best.next) {
      chosen[i] = next;
      moves.push([cells[i]!, pictures[next]!]);
    }
    most = Math.max(most, best.added);
    merges.push({ moves, added: most, step: merges.length });
  }
  return merges;
}

/** Finds the open picture of a source that costs least to do without. */
function cheapestMerge({
  costs,
  chosen,
  open,
  pinned,
}: {
  readonly costs: readonly (readonly number[])[];
  readonly chosen: readonly number[];
  readonly open: ReadonlySet<number>;
  readonly pinned: ReadonlySet<number>;
}): { gone: number; added: number; next: [number, number][] } | undefined {
  let best: { gone: number; added: number; next: [number, number][] } | undefined;
  for (const gone of open) {
    if (pinned.has(gone)) continue;
    let added = 0;
    const next: [number, number][] = [];
    for (const [i, now] of chosen.entries()) {
      if (now !== gone) continue;
      let [least, other] = [Infinity, -1];
      for (const picture of open) {
        if (picture !== gone && costs[i]![picture]! < least) [least, other] = [costs[i]![picture]!, picture];
      }
      added += least - costs[i]![now]!;
      next.push([i, other]);
    }
    if (!best || added < best.added) best = { gone, added, next };
  }
  return best;
}
