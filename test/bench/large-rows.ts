import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countText } from '../../src/messages.ts';
import { filesOf } from './data.ts';
import { enlarged } from './enlarge.ts';
import { meansDistance } from './linear-means.ts';
import { figuresOf, inTurns } from './measure.ts';
import { type Bench, fresh, peer, type Row, seconds, times } from './rows.ts';
import { SHARED_DATA } from './shared-data.ts';

/** Number of enlarged photographs whose means are compared. */
const COMPARED = 24;
/** Least shorter side of a large photograph, px: above it, it is reduced while it is decoded. */
const LARGE_PX = 1536;

/** The catalog of photographs of 12 megapixels, and of small ones, against sharp alone; and how exact its means are. */
export async function largeRows(bench: Bench): Promise<Row[]> {
  const { data, folder, large } = bench;
  const into = join(folder, '..', 'data', 'large');
  const paths = await enlarged(data.photos, into, large);
  const about = `${countText(large)} photographs of 4,000 x 3,000 px, made by enlarging`;
  return [
    await warmRow(bench, into, { what: about, reach: '<= 1.5' }),
    await warmRow(bench, data.photos, { what: '1,000 photographs, 500 px wide', reach: '<= 1.3' }),
    await meansRow(`${COMPARED} of these`, paths.slice(0, COMPARED)),
    ...(existsSync(SHARED_DATA) ? [await meansRow('real ones', await realPhotographs())] : []),
  ];
}

async function warmRow({ folder, runs }: Bench, images: string, row: Pick<Row, 'what' | 'reach'>): Promise<Row> {
  const [processors, catalog]: [{ ours: number[]; theirs: number[] }, string] = [
    { ours: [], theirs: [] },
    join(folder, 'catalog-warm'),
  ];
  const run = async (who: 'ours' | 'sharp', ...more: string[]) => {
    const [taken, processor] = (await peer('peer-catalog.ts', who, images, ...more)).stdout
      .trim()
      .split(' ')
      .map(Number);
    processors[who === 'ours' ? 'ours' : 'theirs'].push(processor!);
    return taken!;
  };
  const compared = await inTurns(
    runs,
    async () => await run('ours', await fresh(catalog)),
    async () => await run('sharp'),
  );
  const ratio = figuresOf(processors.ours.map((each, i) => each / processors.theirs[i]!));
  return {
    what: `catalog of ${row.what}, all warm / sharp alone: shrink on load, crop to 256 px, encode`,
    reach: row.reach,
    ours: seconds(compared.ours),
    theirs: seconds(compared.theirs),
    result: `${times(compared.ratio)}; of processors ${times(ratio)}`,
  };
}

async function meansRow(which: string, paths: readonly string[]): Promise<Row> {
  const distances: number[] = [];
  for (const path of paths) distances.push(await meansDistance(await readFile(path)));
  const mean = distances.reduce((sum, each) => sum + each, 0) / distances.length;
  return {
    what: `4 x 4 means of large photographs, ${which} (${distances.length}), from those of a full decode in linear light`,
    reach: '<= 0.3 (OKLab x 100, mean)',
    ours: '',
    theirs: '',
    result: `${mean.toFixed(2)}, at most ${Math.max(...distances).toFixed(2)}`,
  };
}

async function realPhotographs(): Promise<string[]> {
  const { sharp } = await import('../../dist/image/sharp.js');
  const large: string[] = [];
  for (const path of await filesOf(join(SHARED_DATA, 'large'))) {
    if (!/\.(jpe?g|webp)$/i.test(path)) continue;
    const { width, height } = await sharp(path).metadata();
    if (Math.min(width, height) >= LARGE_PX) large.push(path);
  }
  return large;
}
