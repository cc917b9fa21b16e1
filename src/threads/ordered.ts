import pLimit from 'p-limit';

/**
 * Maps items with up to `concurrency` calls at a time, and yields the results in the order of the items. At most 4 x
 * `concurrency` items are started ahead. Once the consumer stops or a call fails, no further call is started, and the
 * running ones are awaited, so that nothing is still running when the caller cleans up.
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
    result.catch(() => {}); // handled when its turn comes; never if the consumer stops
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
