import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { indexImage } from '../../src/catalog/index-image.ts';
import { groupAlike } from '../../src/catalog/near-duplicates.ts';
import { HASH_BITS, HASH_BYTES, perceptualHash } from '../../src/catalog/perceptual-hash.ts';
import { updateCatalog } from '../../src/catalog/update.ts';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Recipe } from '../../src/types.ts';
import { waves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { integer, seeded } from '../helpers/random.ts';

const bitsOf = (hash: Uint8Array) => Array.from({ length: HASH_BITS }, (_, i) => (hash[i >> 3]! >> (i & 7)) & 1);

function bitsApart(hashes: Uint8Array, a: number, b: number): number {
  const [one, other] = [a, b].map((id) => bitsOf(hashes.subarray(id * HASH_BYTES, (id + 1) * HASH_BYTES)));
  return one!.filter((bit, i) => bit !== other![i]).length;
}

/** Groups as they are defined, every pair compared. */
function groupByPairs(hashes: Uint8Array, features: Float32Array): number[] {
  const numbers = Array.from({ length: hashes.length / HASH_BYTES }, (_, id) =>
    bitsOf(hashes.subarray(id * HASH_BYTES, (id + 1) * HASH_BYTES)),
  );
  const leaders: (number | undefined)[] = numbers.map(() => undefined);
  const near = (a: number, b: number) => {
    let bits = 0;
    for (const [i, bit] of numbers[a]!.entries()) if (bit !== numbers[b]![i]) bits++;
    if (bits > 10) return false;
    let squares = 0;
    for (let i = 0; i < FEATURE_LENGTH; i++) {
      squares += (features[a * FEATURE_LENGTH + i]! - features[b * FEATURE_LENGTH + i]!) ** 2;
    }
    return Math.sqrt(squares / 16) <= 0.06;
  };
  for (let id = 0; id < leaders.length; id++) {
    if (leaders[id] !== undefined) continue;
    leaders[id] = id;
    for (let other = id + 1; other < leaders.length; other++) {
      if (leaders[other] === undefined && near(id, other)) leaders[other] = id;
    }
  }
  return leaders as number[];
}

/** Copies a hash and flips `count` of its bits, or as many in each part of 16. */
function flipped(hash: Uint8Array, counts: number | readonly number[], random: () => number): Uint8Array {
  const copy = hash.slice();
  const flip = (from: number, to: number, count: number) => {
    const bits = new Set<number>();
    while (bits.size < count) bits.add(integer(random, from, to));
    for (const bit of bits) copy[bit >> 3]! ^= 1 << (bit & 7);
  };
  if (typeof counts === 'number') flip(0, 63, counts);
  else for (const [part, count] of counts.entries()) flip(part * 16, part * 16 + 15, count);
  return copy;
}

describe('groups', () => {
  const random = seeded(64);
  const any = () => Uint8Array.from({ length: HASH_BYTES }, () => integer(random, 0, 255));

  test.each<[string, number | readonly number[], number]>([
    ['10 bits anywhere', 10, 1],
    ['11 bits anywhere', 11, 0],
    ['10 bits, in all parts', [2, 3, 3, 2], 1],
    ['10 bits, in all parts, another way', [3, 2, 2, 3], 1],
    ['10 bits, in one part', [0, 0, 10, 0], 1],
    ['11 bits, in all parts', [3, 3, 3, 2], 0],
    ['11 bits, in one part', [0, 11, 0, 0], 0],
    ['none', 0, 1],
  ])('take in what differs by %s: %j', (_, counts, taken) => {
    const one = any();
    const features = new Float32Array(2 * FEATURE_LENGTH).fill(0.3);
    for (let round = 0; round < 20; round++) {
      const hashes = Buffer.concat([one, flipped(one, counts, random)]);
      expect([...groupAlike(new Uint8Array(hashes), features)]).toEqual([0, 1 - taken]);
    }
  });

  test('take in what differs a little in colour', () => {
    const hashes = new Uint8Array(3 * HASH_BYTES).fill(0x5a);
    const features = new Float32Array(3 * FEATURE_LENGTH);
    // Root mean squares over 16 parts of 0.059 and 0.061.
    features[FEATURE_LENGTH + 2] = 0.059 * 4;
    features[2 * FEATURE_LENGTH + 47] = 0.061 * 4;
    expect([...groupAlike(hashes, features)]).toEqual([0, 0, 2]);
  });

  test('of two that one is near are the first', () => {
    const one = any();
    const [half, whole] = [0x0f, 0xff].map((mask) => one.map((byte, i) => (i < 2 ? byte ^ mask : byte)));
    const features = new Float32Array(4 * FEATURE_LENGTH);
    const hashes = new Uint8Array(Buffer.concat([one, whole!, half!, half!]));
    expect([...groupAlike(hashes, features)]).toEqual([0, 1, 0, 0]);
  });

  test('are those that pairs, one by one, make', () => {
    const count = 600;
    const hashes = new Uint8Array(count * HASH_BYTES);
    const features = new Float32Array(count * FEATURE_LENGTH);
    for (let id = 0; id < count; id++) {
      // A third is new; the others are near one before, which may itself be near another: chains.
      const before = id < 3 || id % 3 === 0 ? undefined : integer(random, Math.max(0, id - 60), id - 1);
      const from = (before ?? 0) * HASH_BYTES;
      const near = before !== undefined && flipped(hashes.subarray(from, from + HASH_BYTES), 9 + (id % 3), random);
      hashes.set(near || any(), id * HASH_BYTES);
      features[id * FEATURE_LENGTH] = id % 7 ? 1 : 1.3;
    }
    const leaders = [...groupAlike(hashes, features)];
    expect(leaders).toEqual(groupByPairs(hashes, features));
    const sizes = leaders.map((_, id) => leaders.filter((leader) => leader === id).length);
    expect(Math.max(...sizes)).toBeGreaterThan(2);
    expect(leaders.filter((leader, id) => leader !== id).length).toBeGreaterThan(90);
    // Somebody is near one who is in a group, but not near its leader.
    const inChain = (id: number) =>
      leaders[id] === id && leaders.some((leader, b) => b < id && leader !== b && bitsApart(hashes, b, id) <= 10);
    expect(leaders.slice(0, 300).some((_, id) => inChain(id))).toBe(true);
  });
});

test('a hash tells which of the lowest frequencies of lightness are above their median', () => {
  const size = 32;
  const px = waves(size, size, 4).map((value, i) => value + ((i * i) % 37));
  const at = (y: number, x: number) => (y * size + x) * 3;
  const amounts: { down: number; across: number; amount: number }[] = [];
  for (let down = 0; down < 10; down++) {
    for (let across = 0; across < 10; across++) {
      let amount = 0;
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const lightness = 0.299 * px[at(y, x)]! + 0.587 * px[at(y, x) + 1]! + 0.114 * px[at(y, x) + 2]!;
          const wave = Math.cos(((2 * y + 1) * down * Math.PI) / 64) * Math.cos(((2 * x + 1) * across * Math.PI) / 64);
          amount += lightness * wave;
        }
      }
      amounts.push({ down, across, amount });
    }
  }
  const length = ({ down, across }: { down: number; across: number }) => down * down + across * across;
  const lowest = amounts.toSorted((a, b) => length(a) - length(b)).slice(1, 65);
  const sorted = lowest.map(({ amount }) => amount).toSorted((a, b) => a - b);
  const median = (sorted[31]! + sorted[32]!) / 2;
  const bits = bitsOf(perceptualHash(px, size));
  expect(bits).toEqual(lowest.map(({ amount }) => (amount > median ? 1 : 0)));
});

const RECIPE: Recipe = {
  cell: { width: 64, height: 64 },
  tileSize: 256,
  format: 'jpeg',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};
const GREY = { r: 128, g: 128, b: 128 };

/** Shades and many rectangles, different for every seed: 400 x 300 px. */
function scenery(seed: number): Sharp {
  const random = seeded(seed);
  const [width, height] = [400, 300];
  const px = waves(width, height, seed);
  for (let i = 0; i < 40; i++) {
    const [left, top] = [integer(random, -40, width), integer(random, -40, height)];
    const [right, bottom] = [left + integer(random, 20, 160), top + integer(random, 20, 160)];
    const colour = [0, 1, 2].map(() => random() * 255);
    for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
      for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
        for (let c = 0; c < 3; c++) px[(y * width + x) * 3 + c] = 0.3 * px[(y * width + x) * 3 + c]! + 0.7 * colour[c]!;
      }
    }
  }
  return sharp(px, { raw: { width, height, channels: 3 } });
}

const COPIES: Record<string, (picture: Sharp) => Sharp> = {
  'coded anew': (picture) => picture.jpeg({ quality: 40 }),
  halved: (picture) => picture.resize(200, 150).jpeg(),
  'cut by 2 %': (picture) => picture.extract({ left: 4, top: 3, width: 392, height: 294 }).jpeg(),
  brightened: (picture) => picture.linear(1.04, 4).jpeg(),
  mirrored: (picture) => picture.flop().jpeg(),
};

describe('pictures', () => {
  const count = 15;
  let leaders: Uint32Array;
  const ids = new Map<string, number>();
  beforeAll(async () => {
    const root = await temporaryFolder();
    const images = join(root, 'images');
    await mkdir(images);
    for (let i = 0; i < count; i++) {
      // In the order of their names: all originals come first.
      const original = scenery(i + 1);
      await original
        .clone()
        .png({ compressionLevel: 1 })
        .toFile(join(images, `0 original ${i}.png`));
      for (const [what, change] of Object.entries(COPIES)) {
        await change(original.clone()).toFile(join(images, `1 ${what} ${i}.jpg`));
      }
    }
    const [onProgress, { signal }] = [() => {}, new AbortController()];
    const files = await scan([images], { onProgress, signal });
    const options = { folder: join(root, 'catalog'), recipe: RECIPE, background: GREY, concurrency: 2 };
    const catalog = await updateCatalog(files, { ...options, onProgress, signal });
    leaders = groupAlike(catalog.hashes(), catalog.features());
    for (const [id, { path }] of catalog.sources.entries())
      ids.set(path.slice(images.length + 3).replace(/\..*/, ''), id);
    // What the catalog keeps is what indexing finds, of the right image.
    const last = catalog.sources.length - 1;
    const png = await sharp(catalog.sources[last]!.path).png().toBuffer();
    const [{ perceptualHash: hash, features } = expect.fail()] = await indexImage(png, {
      recipe: RECIPE,
      background: GREY,
    });
    expect(catalog.hashes().subarray(last * HASH_BYTES)).toEqual(hash);
    expect(catalog.features().subarray(last * FEATURE_LENGTH)).toEqual(features);
    catalog.close();
  });

  test('that differ are each by itself', () => {
    expect(ids.size).toBe(count * 6);
    for (let i = 0; i < count; i++) expect(leaders[ids.get(`original ${i}`)!]).toBe(ids.get(`original ${i}`));
  });

  test.each(Object.keys(COPIES).filter((what) => what !== 'mirrored'))(
    'that are %s belong to their originals',
    (what) => {
      for (let i = 0; i < count; i++)
        expect(leaders[ids.get(`${what} ${i}`)!], `of ${i}`).toBe(ids.get(`original ${i}`));
    },
  );

  test('that are mirrored are others', () => {
    for (let i = 0; i < count; i++)
      expect(leaders[ids.get(`mirrored ${i}`)!], `of ${i}`).toBe(ids.get(`mirrored ${i}`));
  });
});
