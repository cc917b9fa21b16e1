import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { FEATURE_LENGTH, writeFeatures } from '../../dist/colour/features.js';
import { openTarget } from '../../dist/image/target.js';
import { match } from '../../dist/match/match.js';
import { countText } from '../../src/messages.ts';
import { integer, seeded } from '../helpers/random.ts';
import { filesOf } from './data.ts';
import { figuresOf } from './measure.ts';
import type { Bench, Row } from './rows.ts';

/** Longest side of a photograph that parts are taken from, px. */
const LONGEST = 160;
/** Parts of a side, and least side of a part, px. */
const [SIDE, LEAST] = [4, 40];
/** Numbers of cells along a side of the target, and of images; as many as cells where there is one number. */
const CASES = [[127], [180], [254], [256], [254, 100_000]] as const;

/** Match stage where every image is used once at most: time, gap and memory, and how the time grows. */
export async function distinctRows({ data, runs, say }: Bench): Promise<Row[]> {
  const target = await openTarget(data.target);
  const features = await partFeatures(data.photos, 100_000);
  const rows: Row[] = [];
  const medians = new Map<number, number>();
  for (const [side, images = side * side] of CASES) {
    const [seconds, gaps]: [number[], number[]] = [[], []];
    for (let run = 0; run < Math.min(runs, 3); run++) {
      const start = performance.now();
      const { gap } = await match(
        target,
        { whole: features.subarray(0, images * FEATURE_LENGTH) },
        {
          grid: { columns: side, rows: side },
          cell: { width: 1, height: 1 },
          maxUses: 1,
          minDistance: 0,
          variety: 0,
          useAll: false,
          alike: Uint32Array.from({ length: images }, (_, id) => id),
          crops: new Uint32Array(images).fill(1),
          perSource: Infinity,
          turns: [0],
          weights: undefined,
          adapt: 0,
          afar: 0,
          pins: new Map(),
          concurrency: availableParallelism(),
          onProgress: () => {},
          signal: new AbortController().signal,
        },
      );
      seconds.push((performance.now() - start) / 1000);
      gaps.push(gap);
      say(`  ${side * side} x ${images}: ${seconds.at(-1)?.toFixed(1)} s`);
    }
    const { min, median } = figuresOf(seconds);
    if (images === side * side) medians.set(side, median);
    rows.push({
      what: `match stage, ${countText(side * side)} cells x ${countText(images)} different images, each once at most`,
      reach: side === 256 ? '<= 60 s, gap <= 0.3 %' : '',
      ours: `${min.toFixed(1)} / ${median.toFixed(1)} s`,
      theirs: '',
      result: `gap ${(100 * Math.max(...gaps)).toFixed(3)} %`,
    });
  }
  rows.push({
    what: 'the same, 64,516 / 16,129 cells and images: time',
    reach: '<= 5',
    ours: '',
    theirs: '',
    result: `${(medians.get(254)! / medians.get(127)!).toFixed(1)} times`,
  });
  return rows;
}

/** Features of random square parts of photographs, some of them lighter or darker; in random order. */
async function partFeatures(photos: string, count: number): Promise<Float32Array> {
  const files = await filesOf(photos);
  const random = seeded(1);
  const features = new Float32Array(count * FEATURE_LENGTH);
  const places = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = integer(random, 0, i);
    [places[i], places[other]] = [places[other]!, places[i]!];
  }
  const means = new Float32Array(SIDE * SIDE * 3);
  for (let made = 0, file = 0; made < count; file++) {
    const { data, info } = await sharp(files[file % files.length])
      .resize(LONGEST, LONGEST, { fit: 'inside' })
      .toColourspace('srgb')
      .flatten()
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) continue;
    const linear = Float64Array.from(data, (value) => ((value / 255 + 0.055) / 1.055) ** 2.4);
    for (let i = 0; i < 110 && made < count; i++) {
      const part = Math.floor(integer(random, LEAST, Math.max(LEAST, Math.min(info.width, info.height))) / SIDE);
      const left = integer(random, 0, Math.max(0, info.width - SIDE * part));
      const top = integer(random, 0, Math.max(0, info.height - SIDE * part));
      const gain = 0.6 + 0.8 * random();
      means.fill(0);
      for (let y = 0; y < SIDE * part; y++) {
        for (let x = 0; x < SIDE * part; x++) {
          const to = (Math.floor(y / part) * SIDE + Math.floor(x / part)) * 3;
          const from = ((top + y) * info.width + left + x) * 3;
          for (let c = 0; c < 3; c++) means[to + c]! += (gain * (linear[from + c] ?? 0)) / part ** 2;
        }
      }
      for (const [at, mean] of means.entries()) means[at] = Math.min(1, mean);
      writeFeatures(means, 0, SIDE * 3, features, places[made++]! * FEATURE_LENGTH);
    }
  }
  return features;
}
