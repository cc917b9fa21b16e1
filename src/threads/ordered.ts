import pLimit from 'p-limit';

/**
 * Maps items with up to `concurrency` calls under way and yields the results in the order of the items. Only a few more
 * than that are started ahead, however many items there are. Once the consumer stops or a call fails, no other is started, and
 * those under way are awaited: nothing goes on behind the back of whoever cleans up.
 */
export async function* mapOrdered<Item, Result>(
  items: Iterable<Item>,
  concurrency: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const limit = pLimit({ concurrency, rejectOnClear: true });
  const started: Promise<Result>[] = [];
  const start = (item: Item) => {
    const result = limit(map, item);
    result.catch(() => {}); // seen when its turn comes, or never if the consumer stops
    started.push(result);
  };
  try {
    for (const item of items) {
      start(item);
      if (started.length >= concurrency * 4) yield await started.shift()!;
    }
    while (started.length) yield await started.shift()!;
  } finally {
    limit.clearQueue();
    await Promise.allSettled(started);
  }
}
