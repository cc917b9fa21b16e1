import type { RecordedPicture } from '../site/record.ts';

/** Numbers of the pictures after some were removed. */
export interface Renumbered {
  /** Id of each picture, by number. A spare number has the id of another picture. */
  readonly ids: readonly number[];
  /** By number, true if it is spare: no cell shows it. */
  readonly spare: readonly boolean[];
  /** Numbers whose picture changed. */
  readonly changed: ReadonlySet<number>;
  /** Picture number of each cell. */
  readonly cells: Uint32Array;
}

/**
 * Assigns numbers to the pictures that cells show. As many as possible keep theirs. Numbers of removed pictures go to new
 * pictures. Any left over are spare and stand for another picture, as a site's files are numbered from 0 without gaps.
 * Further new pictures get further numbers.
 *
 * @param before id of each picture by number; undefined if its source was removed.
 * @param shown id of the picture in each cell.
 */
export function renumber(before: readonly (number | undefined)[], shown: Uint32Array): Renumbered {
  const used = new Set(shown);
  const numbers = new Map<number, number>();
  for (const [number, id] of before.entries()) {
    if (id !== undefined && used.has(id) && !numbers.has(id)) numbers.set(id, number);
  }
  const kept = new Set(numbers.values());
  const ids = before.map((id) => id ?? -1);
  const changed = new Set<number>();
  const free = before.flatMap((id, number) => (id === undefined ? [number] : []));
  for (const id of [...used].toSorted((a, b) => a - b)) {
    if (numbers.has(id)) continue;
    const number = free.shift() ?? ids.length;
    numbers.set(id, number);
    ids[number] = id;
    kept.add(number);
    changed.add(number);
  }
  const other = ids.find((id) => id >= 0)!;
  for (const number of free) {
    ids[number] = other;
    changed.add(number);
  }
  return {
    ids,
    spare: ids.map((_, number) => !kept.has(number)),
    changed,
    cells: shown.map((id) => numbers.get(id)!),
  };
}

/** Makes the pictures of a record. `sourceOf` maps an id of a source in the catalog to that in the record. */
export function recordedPictures(
  { ids, spare }: Pick<Renumbered, 'ids' | 'spare'>,
  usable: number,
  sourceOf: (id: number) => number,
): RecordedPicture[] {
  return ids.map((id, number) => {
    const variant = Math.floor(id / usable);
    const source = sourceOf(id % usable);
    return spare[number] ? [source, variant, 1] : [source, variant];
  });
}
