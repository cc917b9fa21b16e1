import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FEATURE_LENGTH } from '../../dist/colour/features.js';
import { quantise } from '../../dist/kernels/priced-kernel.js';
import { placeRuled } from '../../dist/match/assign/assign.js';
import { emphasise, quantiseCells, writeCellVector } from '../../dist/match/emphasis.js';
import { FREE } from '../../dist/match/jobs.js';
import { ASKED_MAX, Lookup, lookupMemory } from '../../dist/match/lookup.js';
import { buildSearchTree } from '../../dist/match/search-tree.js';
import { cutTarget } from '../../dist/match/target.js';
import { openTarget } from '../../dist/image/target.js';
import { countText } from '../../src/messages.ts';
import { catalogFeatures } from './data.ts';
import { figuresOf, runCommand } from './measure.ts';
import { build, fresh, type Bench, type Row } from './rows.ts';

const MB = 1e6;
const SQUARE = { width: 1, height: 1 };
const percent = (part: number) => `${(100 * part).toFixed(3)} %`;

/** Assignment with capacities: gap, time and memory; the smallest case against SciPy's exact solver. */
export async function assignmentRows(bench: Bench): Promise<Row[]> {
  const { folder, runs } = bench;
  const small = await measure(bench, '64x95', 8, runs, false);
  const alone = await solve(bench, 64, 95, 8);
  const peer = await scipy(bench, 64, 95, 8);
  const rows: Row[] = [
    {
      what: `assignment of ${countText(64 * 95)} cells x 1,000 photographs x 8 uses (and the whole match stage) / SciPy's linear_sum_assignment of the same costs`,
      reach: 'gap <= 0.1 %, >= 50 times faster',
      ours: `${alone.min.toFixed(2)} / ${alone.median.toFixed(2)} s (${small.time})`,
      theirs: peer ? `${peer.seconds.toFixed(1)} s` : 'not installed',
      result: `gap ${percent(small.gap)}${peer ? `, ${(peer.seconds / alone.median).toFixed(0)} times faster, the stage ${(peer.seconds / small.seconds).toFixed(0)} times (medians)` : ''}`,
    },
  ];
  for (const [grid, maxUses] of [
    ['158x158', 1],
    ['256x256', 8],
  ] as const) {
    const [columns, rowCount] = grid.split('x').map(Number);
    const { time, gap, peak } = await measure(bench, grid, maxUses, Math.min(runs, 2), true);
    rows.push({
      what: `match stage, ${countText(columns! * rowCount!)} cells x 25,000 images (24,994 distinct) x ${maxUses} use${maxUses > 1 ? 's' : ''}`,
      reach: 'gap <= 0.5 %, <= 180 s, <= 1.5 GB',
      ours: time,
      theirs: '',
      result: `gap ${percent(gap)}, ${Math.round(peak / MB)} MB for the whole build`,
    });
  }
  await fresh(join(folder, 'assigned'));
  return rows;
}

async function measure(bench: Bench, grid: string, maxUses: number, runs: number, tiny: boolean) {
  const { folder } = bench;
  const [seconds, peaks]: [number[], number[]] = [[], []];
  let gap = 0;
  // Capacities alone, as SciPy has them.
  const alone = ['--variety', '0', '--min-distance', '0', '--near-duplicates', 'keep'];
  const rules = ['--grid', grid, '--max-uses', String(maxUses), ...alone];
  for (let run = 0; run <= runs; run++) {
    const catalog = join(folder, tiny ? 'catalog-tiny' : 'catalog');
    const result = await build(
      bench,
      join(folder, 'assigned'),
      catalog,
      ...rules,
      ...(tiny ? ['--cell-size', '64'] : []),
    );
    gap = result.quality.gap;
    if (run === 0 && runs > 0) continue; // the first one may have to index
    seconds.push(result.stages.match);
    peaks.push(result.peakRssBytes);
  }
  const figures = figuresOf(seconds);
  const time = `${figures.min.toFixed(2)} / ${figures.median.toFixed(2)} s`;
  return { time, seconds: figures.median, gap, peak: Math.max(...peaks) };
}

/** Seconds that the same assignment takes by itself, in this process, without reading target and catalog; least first. */
async function solve({ data, folder, runs }: Bench, columns: number, rows: number, maxUses: number) {
  const features = await lookFeatures(data.photos, join(folder, 'catalog'));
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const target = await cutTarget(await openTarget(data.target), { grid: { columns, rows }, cell: SQUARE });
    const start = performance.now();
    const tree = buildSearchTree(features);
    const own = tree.ids;
    const weights = new Float32Array(columns * rows).fill(1);
    const scene = { target, tree, ids: own, sources: own, sharing: own, alike: own, weights };
    const cells = new Int16Array(columns * rows * FEATURE_LENGTH);
    quantiseCells(target, cells, { start: 0, end: columns * rows });
    const lookup = new Lookup(lookupMemory({ cells, points: quantise(tree.points), weights }, ASKED_MAX));
    placeRuled({ ...scene, pins: new Uint32Array(columns * rows).fill(FREE) }, lookup, {
      kind: 'ruled',
      afar: 0,
      perSource: Infinity,
      rules: { maxUses, variety: 0, useAll: false },
      distances: [0],
      progress: new Int32Array(new SharedArrayBuffer(4)),
    });
    seconds.push((performance.now() - start) / 1000);
  }
  return figuresOf(seconds);
}

async function lookFeatures(images: string, catalog: string): Promise<Float32Array> {
  const features = (await catalogFeatures(images, catalog, 256)).slice();
  emphasise(features);
  return features;
}

async function scipy({ data, folder, say }: Bench, columns: number, rows: number, capacity: number) {
  const [cellFile, sourceFile] = [join(folder, 'cells.i16'), join(folder, 'sources.i16')];
  await mkdir(folder, { recursive: true });
  const cells = await cutTarget(await openTarget(data.target), { grid: { columns, rows }, cell: SQUARE });
  const features = new Float32Array(columns * rows * FEATURE_LENGTH);
  for (let cell = 0; cell < columns * rows; cell++)
    writeCellVector(cells, cell, features.subarray(cell * FEATURE_LENGTH, (cell + 1) * FEATURE_LENGTH));
  await writeFile(cellFile, quantise(features));
  await writeFile(sourceFile, quantise(await lookFeatures(data.photos, join(folder, 'catalog'))));
  const script = fileURLToPath(new URL('peer-lap.py', import.meta.url));
  try {
    const { stdout } = await runCommand('python3', [script, cellFile, sourceFile, String(capacity)]);
    const [seconds, least] = stdout.trim().split(' ').map(Number);
    return { seconds: seconds!, least: least! };
  } catch (error) {
    say(`SciPy did not run, its figure is left out: ${(error as Error).message.split('\n').at(-1)}`);
    return undefined;
  }
}
