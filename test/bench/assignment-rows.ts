import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FEATURE_LENGTH } from '../../dist/colour/features.js';
import { quantise } from '../../dist/kernels/priced-kernel.js';
import { cutTarget, writeCellFeatures } from '../../dist/match/target.js';
import { openTarget } from '../../dist/target.js';
import { count } from '../../src/numbers.ts';
import { catalogFeatures } from './data.ts';
import { figuresOf, runCommand } from './measure.ts';
import { build, fresh, type Bench, type Row } from './rows.ts';

const MB = 1e6;
const percent = (part: number) => `${(100 * part).toFixed(3)} %`;

/** Assignment with capacities: gap, time and memory; the smallest case against SciPy's exact solver. */
export async function assignmentRows(bench: Bench): Promise<Row[]> {
  const { folder, runs } = bench;
  const small = await measure(bench, '64x95', 8, runs, false);
  const peer = await scipy(bench, 64, 95, 8);
  const rows: Row[] = [
    {
      what: `match stage, ${count(64 * 95)} cells x 1,000 photographs x 8 uses / SciPy's linear_sum_assignment alone`,
      reach: 'gap <= 0.1 %, >= 50 times faster',
      ours: small.time,
      theirs: peer ? `${peer.seconds.toFixed(1)} s` : 'not installed',
      result: `gap ${percent(small.gap)}${peer ? `, ${(peer.seconds / small.seconds).toFixed(0)} times faster (median)` : ''}`,
    },
  ];
  for (const [grid, maxUses] of [
    ['158x158', 1],
    ['256x256', 8],
  ] as const) {
    const [columns, rowCount] = grid.split('x').map(Number);
    const { time, gap, peak } = await measure(bench, grid, maxUses, Math.min(runs, 2), true);
    rows.push({
      what: `match stage, ${count(columns! * rowCount!)} cells x 25,000 images (24,994 distinct) x ${maxUses} use${maxUses > 1 ? 's' : ''}`,
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
  const rules = ['--grid', grid, '--max-uses', String(maxUses), '--min-distance', '0'];
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

async function scipy({ data, folder, say }: Bench, columns: number, rows: number, capacity: number) {
  const [cellFile, sourceFile] = [join(folder, 'cells.i16'), join(folder, 'sources.i16')];
  await mkdir(folder, { recursive: true });
  const cells = await cutTarget(await openTarget(data.target), { columns, rows });
  const features = new Float32Array(columns * rows * FEATURE_LENGTH);
  for (let cell = 0; cell < columns * rows; cell++) writeCellFeatures(cells, cell, features, cell * FEATURE_LENGTH);
  await writeFile(cellFile, quantise(features));
  await writeFile(sourceFile, quantise(await catalogFeatures(data.photos, join(folder, 'catalog'), 256)));
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
