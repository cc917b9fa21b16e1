/** Groups of pictures, as flat arrays. */
export interface Groups {
  readonly count: number;
  /** Group of each picture. */
  readonly of: Uint32Array;
  /** Pictures by group: those of group g are `members[starts[g]..starts[g + 1]]`. */
  readonly members: Uint32Array;
  readonly starts: Uint32Array;
}

/** Groups items of equal keys; numbers the groups in the order of their first members. */
export function groupBy(keys: Uint32Array): Groups {
  const numbers = new Map<number, number>();
  const of = new Uint32Array(keys.length);
  for (const [i, key] of keys.entries()) {
    let group = numbers.get(key);
    if (group === undefined) numbers.set(key, (group = numbers.size));
    of[i] = group;
  }
  const count = numbers.size;
  const starts = new Uint32Array(count + 1);
  for (const group of of) starts[group + 1]!++;
  for (let group = 0; group < count; group++) starts[group + 1]! += starts[group]!;
  const next = starts.slice();
  const members = new Uint32Array(keys.length);
  for (const [i, group] of of.entries()) members[next[group]!++] = i;
  return { count, of, members, starts };
}
