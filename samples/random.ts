/** A seeded source of randomness, with the few shapes of it that drawing needs. */
export interface Random {
  /** 0 (inclusive) to 1 (exclusive). */
  (): number;
  /** A number between two. */
  between(low: number, high: number): number;
  /** An integer, `low` to `high`, both inclusive. */
  integer(low: number, high: number): number;
  /** One of a list. */
  pick<Item>(items: readonly Item[]): Item;
}

/** Random numbers that depend on `seed` alone: mulberry32, by Tommy Ettinger (public domain). */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Object.assign(next, {
    between: (low: number, high: number) => low + next() * (high - low),
    integer: (low: number, high: number) => low + Math.floor(next() * (high - low + 1)),
    pick: <Item>(items: readonly Item[]) => items[Math.floor(next() * items.length)]!,
  });
}
