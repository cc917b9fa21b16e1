/** Exact nearest neighbour on one machine: threads over a tree, against brute force. */
import { FEATURE_LENGTH } from '../../dist/colour/features.js';
import { match } from '../../dist/match/match.js';
import { squaredDistance } from '../../dist/match/search-tree.js';
import { emphasise, writeCellVector } from '../../dist/match/emphasis.js';
import { cutTarget } from '../../dist/match/target.js';
import { openTarget } from '../../dist/image/target.js';
import { figuresOf, type Figures } from './measure.ts';

export interface NearestBench {
  readonly seconds: Figures;
  readonly bruteForceSeconds: number;
  /** Cells whose distance differs from brute force. */
  readonly wrong: number;
}

/** 256 x 256 cells of `target`, each matched to `features`; every distance is compared with brute force. */
export async function benchNearest(target: string, features: Float32Array, runs: number): Promise<NearestBench> {
  const [grid, cell] = [
    { columns: 256, rows: 256 },
    { width: 1, height: 1 },
  ];
  const opened = await openTarget(target);
  const { signal } = new AbortController();
  const rules = {
    maxUses: Infinity,
    minDistance: 0,
    variety: 0,
    useAll: false,
    adapt: 0,
    afar: 0,
    perSource: Infinity,
    weights: undefined,
    alike: Uint32Array.from({ length: features.length / FEATURE_LENGTH }, (_, id) => id),
    turns: [0 as const],
    crops: new Uint32Array(features.length / FEATURE_LENGTH).fill(1),
    pins: new Map<number, number>(),
    concurrency: 2,
    onProgress: () => {},
    signal,
  };
  const seconds: number[] = [];
  let costs: Float32Array = new Float32Array();
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    ({ costs } = await match(opened, { whole: features }, { grid, cell, ...rules }));
    seconds.push((performance.now() - start) / 1000);
  }
  const cells = await cutTarget(opened, { grid, cell });
  const query = new Float32Array(FEATURE_LENGTH);
  const looks = features.slice();
  emphasise(looks);
  const start = performance.now();
  let wrong = 0;
  for (let i = 0; i < costs.length; i++) {
    writeCellVector(cells, i, query);
    if (Math.fround(bruteForce(query, looks)) !== costs[i]) wrong++;
  }
  return { seconds: figuresOf(seconds), bruteForceSeconds: (performance.now() - start) / 1000, wrong };
}

/** The least squared distance, giving a source up once its sum exceeds the least so far. */
function bruteForce(query: Float32Array, features: Float32Array): number {
  let least = Infinity;
  for (let source = 0; source < features.length; source += FEATURE_LENGTH) {
    let head = 0;
    for (let i = 0; i < 8; i++) head += (query[i]! - features[source + i]!) ** 2;
    if (head > least) continue;
    least = Math.min(least, squaredDistance(query, features, source));
  }
  return least;
}
