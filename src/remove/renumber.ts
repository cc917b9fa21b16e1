import type { RecordedPicture } from '../site/record.ts';

/** Pictures after some were taken out: who has which number. */
export interface Renumbered {
  /** Id of each picture, by number; of spare numbers, that of another picture. */
  readonly ids: readonly number[];
  /** By number, whether no cell shows it. */
  readonly spare: readonly boolean[];
  /** Numbers whose picture is another than before. */
  readonly changed: ReadonlySet<number>;
  /** The cells, by numbers. */
  readonly cells: Uint32Array;
}

/**
 * Gives numbers to the pictures that cells show, so that as many as can keep theirs: numbers of pictures that are gone go to
 * new ones; those that are left over stand for another picture, since files of a site are counted from 0; further new pictures
 * get further numbers.
 *
 * @param before id of each picture by number, undefined if its source is gone.
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

/** How a record has pictures: `sourceOf` is the record's id of a picture's source. */
export function recordedPictures(
  { ids, spare }: Pick<Renumbered, 'ids' | 'spare'>,
  usable: number,
  sourceOf: (id: number) => number,
): RecordedPicture[] {
  return ids.map((id, number) => {
    const turn = Math.floor(id / usable) as RecordedPicture[1];
    const source = sourceOf(id % usable);
    return spare[number] ? [source, turn, 1] : [source, turn];
  });
}
