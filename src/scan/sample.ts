/** Part of a stretch by which the place in it moves from one stretch to the next: the golden ratio spreads places most evenly. */
const STEP = (Math.sqrt(5) - 1) / 2;

/**
 * Chooses at most `count` items, evenly and always the same ones: one of each of as many equal stretches. The places within the
 * stretches differ, so that items that alternate (photographs and their thumbnails) are all met.
 */
export function sample<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  const start = (i: number) => Math.floor((i * items.length) / count);
  return Array.from({ length: count }, (_, i) => {
    const stretch = start(i + 1) - start(i);
    return items[start(i) + Math.floor(((i * STEP) % 1) * stretch)]!;
  });
}
