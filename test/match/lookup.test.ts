import { MessageChannel } from 'node:worker_threads';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { openImage } from '../../src/image/open-image.ts';
import { PricedPictures } from '../../src/kernels/priced-kernel.ts';
import { pricedMemory } from '../../src/kernels/priced-memory.ts';
import { BATCH, Lookup, lookupMemory } from '../../src/match/lookup.ts';
import { match } from '../../src/match/match.ts';
import { WorkerPool, workerModule } from '../../src/threads/pool.ts';
import { waves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';

const random = seeded(1);
const MOST = 20;

/** Quantised vectors in memory that threads can share. */
function vectors(count: number): Int16Array {
  const made = new Int16Array(new SharedArrayBuffer(count * FEATURE_LENGTH * 2));
  for (const i of made.keys()) made[i] = Math.round(((random() - 0.5) * 4000) / (1 + (i % FEATURE_LENGTH)));
  return made;
}

test('what cells look up together is what each finds alone, whoever helps, in whatever memory, and at the prices of the moment', async () => {
  const features = shapes(3000, 700);
  const memory = lookupMemory(features, MOST, 3);
  const pool = new WorkerPool(workerModule('worker', new URL('../../src/match/match.ts', import.meta.url).href), 2, {
    lookup: memory,
  });
  onTestFinished(() => pool.close());
  const channels = [new MessageChannel(), new MessageChannel()];
  const helpers = channels.map(({ port1: port }, i) => pool.run({ kind: 'help', seat: i + 1, port }, [port]));
  const lookup = new Lookup(
    memory,
    channels.map(({ port2 }) => port2),
  );
  await expectAsAlone(lookup);
  await expectAsAlone(lookup.other(shapes(400, 90), MOST));
  await expectAsAlone(lookup.other(shapes(1500, 2000), MOST));
  await expectAsAlone(lookup);
  lookup.close();
  await Promise.all(helpers);
  for (const { port2 } of channels) port2.close();
});

/** Features of cells and pictures, and weights, in memory that threads can share. */
function shapes(cellCount: number, pictureCount: number) {
  const weights = new Float32Array(new SharedArrayBuffer(cellCount * 4));
  for (const i of weights.keys()) weights[i] = integer(random, 1, 3);
  return { cells: vectors(cellCount), points: vectors(pictureCount), weights };
}

/** Looks up until all threads have taken part, and compares. */
async function expectAsAlone(lookup: Lookup): Promise<void> {
  const { memory } = lookup;
  const { cells, points, weights } = memory;
  const alone = new PricedPictures(pricedMemory(points, MOST));
  const [cellCount, pictureCount] = [weights.length, alone.count];
  // A seat's room receives what its thread finds.
  const helped = [1, 2].map((seat) => new PricedPictures(memory.priced, seat).costs);
  for (const costs of helped) costs.fill(0);
  for (const [picture, price] of lookup.priced.prices.entries()) alone.setPrice(picture, price);
  for (let round = 0; round < 30 || helped.some((costs) => costs[0] === 0); round++) {
    for (let change = 0; change < 100; change++) {
      const [id, price] = [integer(random, 0, pictureCount - 1), integer(random, 0, 200_000)];
      lookup.priced.setPrice(id, price);
      alone.setPrice(id, price);
    }
    const asked = Uint32Array.from({ length: round % 3 ? integer(random, 1, 200) : BATCH }, () =>
      integer(random, 0, cellCount - 1),
    );
    const k = integer(random, 1, MOST);
    const limits = round % 2 ? undefined : Float32Array.from(asked, () => integer(random, 1, 2_000_000));
    lookup.cheapest(asked, k, limits);
    for (let i = 0; i < asked.length; i += integer(random, 1, 10)) {
      const cell = asked[i]!;
      const found = alone.cheapest(cells, cell * FEATURE_LENGTH, k, limits?.[i] ?? Infinity, weights[cell]);
      expect(memory.held[i]).toBe(found);
      for (let rank = 0; rank < found; rank++) {
        const { pictures: ids, values, costs } = memory;
        const one = [ids, values, costs].map((list) => list[i * k + rank]);
        const other = [alone.pictures[2 * rank], alone.values[2 * rank + 1], alone.costs[rank]];
        if (one.some((value, part) => value !== other[part])) expect(one, `cell ${cell}, rank ${rank}`).toEqual(other);
      }
    }
    // Lets threads start, where they are late.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.each([
  { name: 'further uses cost more', usable: 200, rows: 80, maxUses: Infinity, minDistance: 2, variety: 0.5 },
  { name: 'each image is used once, by samples', usable: 4100, rows: 40, maxUses: 1, minDistance: 0, variety: 0 },
])('a placement does not depend on how many threads there are: $name', async ({ usable, rows, ...rules }) => {
  const [width, height] = [300, 240];
  const bytes = await sharp(waves(width, height, 5), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const image = await openImage(bytes);
  const target = { path: 'target.png', image, width, height, mean: { r: 128, g: 128, b: 128 } };
  const features = Float32Array.from({ length: usable * FEATURE_LENGTH }, (_, i) => {
    const dimension = i % FEATURE_LENGTH;
    return (random() - 0.5) / (1 + dimension) + (dimension === 0 ? 2.4 : 0);
  });
  const place = async (concurrency: number) =>
    await match(
      target,
      { whole: features },
      {
        grid: { columns: 100, rows },
        cell: { width: 1, height: 1 },
        ...rules,
        useAll: false,
        alike: Uint32Array.from({ length: usable }, (_, id) => id),
        crops: new Uint32Array(usable).fill(1),
        perSource: Infinity,
        turns: [0],
        weights: undefined,
        adapt: 0,
        afar: 0.5,
        pins: new Map(),
        concurrency,
        onProgress: () => {},
        signal: new AbortController().signal,
      },
    );
  const alone = await place(1);
  expect(new Set(alone.cells).size).toBeGreaterThan(20);
  expect(alone.afarCost).toBeGreaterThan(0);
  for (const concurrency of [2, 4]) expect(await place(concurrency)).toEqual(alone);
});
