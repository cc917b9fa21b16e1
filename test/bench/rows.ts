import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FEATURE_LENGTH } from '../../dist/colour/features.js';
import type { BuildResult, MosaicJson } from '../../src/index.ts';
import { countText } from '../../src/messages.ts';
import { readPictures } from '../helpers/site.ts';
import { type BenchData, catalogFeatures } from './data.ts';
import { figuresOf, inTurns, runCommand, type Figures, type Ran } from './measure.ts';
import { benchNearest } from './nearest.ts';

/** A line of the table. */
export interface Row {
  readonly what: string;
  /** What is to be reached. */
  readonly reach: string;
  readonly ours: string;
  readonly theirs: string;
  /** The figure that is to be reached, least and median. */
  readonly result: string;
}

/** Where and how often to measure. */
export interface Bench {
  readonly data: BenchData;
  /** Folder that everything is written to. */
  readonly folder: string;
  readonly runs: number;
  /** Number of photographs of 12 megapixels. */
  readonly large: number;
  readonly say: (text: string) => void;
}

export const BIN = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url));
const CONCURRENCY = availableParallelism();
const MB = 1e6;

export const seconds = ({ min, median }: Figures) => `${min.toFixed(2)} / ${median.toFixed(2)} s`;
export const times = ({ min, median }: Figures, digits = 2) => `${min.toFixed(digits)} / ${median.toFixed(digits)}`;
const megabytes = ({ min, median }: Figures) => `${Math.round(min / MB)} / ${Math.round(median / MB)} MB`;

/** Builds with the command line, as users do. */
export async function build({ data }: Bench, out: string, catalog: string, ...more: string[]): Promise<BuildResult> {
  const isTiny = more.includes('--cell-size');
  const [images, size] = isTiny ? [data.tiny, []] : [data.photos, ['--cell-size', '256']];
  const args = ['build', data.target, images, '-o', out, '--catalog', catalog, '--json', '--quiet', ...size, ...more];
  return JSON.parse((await runCommand(process.execPath, [BIN, ...args])).stdout) as BuildResult;
}

export const peer = (name: string, ...args: string[]): Promise<Ran> =>
  runCommand(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(name, import.meta.url)), ...args]);

export const fresh = async (folder: string): Promise<string> => {
  await rm(folder, { recursive: true, force: true });
  // What a deletion leaves to the disk to do is nobody's time.
  await runCommand('sync', []);
  return folder;
};

/** Catalog, against sharp alone; and a second build on an unchanged catalog. */
export async function catalogRows(bench: Bench): Promise<Row[]> {
  const { data, folder, runs } = bench;
  const [out, catalog] = [join(folder, 'site'), join(folder, 'catalog')];
  const again: number[] = [];
  const compared = await inTurns(
    runs,
    async () => {
      await fresh(catalog);
      const first = await build(bench, out, catalog, '--columns', '64');
      const second = await build(bench, out, catalog, '--columns', '64');
      again.push((100 * second.stages.catalog) / first.stages.catalog);
      return first.stages.catalog;
    },
    async () => Number((await peer('peer-encode.ts', data.photos, String(CONCURRENCY))).stdout),
  );
  const index = async (how: string) =>
    Number((await peer('peer-threads.ts', data.photos, await fresh(catalog), how)).stdout);
  const supervised = await inTurns(
    runs,
    () => index('supervised'),
    () => index('plain'),
  );
  return [
    {
      what: 'catalog stage, 1,000 photographs: decoded by a process that is supervised / by threads that nothing supervises',
      reach: '<= 1.1',
      ours: seconds(supervised.ours),
      theirs: seconds(supervised.theirs),
      result: times(supervised.ratio),
    },
    {
      what: 'catalog stage, 1,000 photographs / sharp cutting and encoding each once',
      reach: '<= 1.5',
      ours: seconds(compared.ours),
      theirs: seconds(compared.theirs),
      result: times(compared.ratio),
    },
    {
      what: 'second build on an unchanged catalog: its catalog stage / the first',
      reach: '<= 3 %',
      ours: '',
      theirs: '',
      result: `${times(figuresOf(again))} %`,
    },
  ];
}

/** Pyramid, against plain file system calls; and the memory of those builds. */
export async function pyramidRows(bench: Bench): Promise<Row[]> {
  const { folder, runs } = bench;
  const catalog = join(folder, 'catalog');
  // New folders for each: file systems are slow to hand out anew what was deleted a moment ago.
  const [sites, plain] = [(run: number) => join(folder, `site-${run}`), (run: number) => join(folder, `plain-${run}`)];
  await runCommand('sync', []);
  const peaks: number[] = [];
  const wholes: number[] = [];
  const compared = await inTurns(
    runs,
    async (run) => {
      // Once with everything to do, for the memory.
      if (run === 0) await fresh(catalog);
      await runCommand('sync', []);
      const result = await build(bench, sites(run), catalog, '--columns', '256');
      if (run === 0) wholes.push(Object.values(result.stages).reduce((sum, stage) => sum + stage, 0));
      peaks.push(result.peakRssBytes);
      return result.stages.pyramid;
    },
    async (run) => {
      await runCommand('sync', []);
      return Number((await peer('peer-files.ts', sites(run), plain(run))).stdout);
    },
  );
  const mosaic = JSON.parse(await readFile(join(sites(0), 'mosaic.json'), 'utf8')) as MosaicJson;
  for (let run = 0; run < runs; run++) for (const path of [sites(run), plain(run)]) await fresh(path);
  const cells = mosaic.grid.columns * mosaic.grid.rows;
  return [
    {
      what: `pyramid stage, ${countText(cells)} cells / plain file system calls`,
      reach: '<= 1.5',
      ours: seconds(compared.ours),
      theirs: seconds(compared.theirs),
      result: times(compared.ratio),
    },
    {
      what: `peak memory of the whole build, ${countText(cells)} cells (the first with everything to do: ${wholes[0]!.toFixed(1)} s)`,
      reach: '<= 350 MB',
      ours: '',
      theirs: '',
      result: `${megabytes(figuresOf(peaks))}, at most ${Math.round(Math.max(...peaks) / MB)} MB`,
    },
  ];
}

/** The same mosaic by joining images into one picture and cutting it. */
export async function joinRows(bench: Bench): Promise<Row[]> {
  const { folder, say } = bench;
  const runs = Math.min(bench.runs, 3);
  const [out, joined] = [await fresh(join(folder, 'squares')), join(folder, 'joined')];
  const across = 128;
  let built = 0;
  const peaks: number[] = [];
  const ours = async () => {
    // New folders, as above.
    const site = join(out, `${built++}`);
    const result = await build(bench, site, join(folder, 'catalog'), '--grid', `${across}x${across}`);
    peaks.push(result.peakRssBytes);
    return result.stages.pyramid;
  };
  await ours();
  const tiles = join(folder, 't');
  const names = await shortNames(join(out, '0'), tiles);
  const list = join(folder, 'list.txt');
  await writeFile(list, names.map((name) => join(tiles, name)).join('\n'));
  const rivals: [string, () => Promise<Ran>][] = [
    ['sharp(files, {join}).tile()', () => peer('peer-join.ts', list, String(across), join(joined, 'sharp.dz'))],
  ];
  const vips = await runCommand('vips', ['--version']).catch(() => undefined);
  if (vips) {
    const target = `${join(joined, 'vips.dz')}[suffix=.jpg[Q=85],overlap=0,tile-size=256]`;
    const args = ['arrayjoin', names.join(' '), target, '--across', String(across)];
    rivals.push([`vips arrayjoin + dzsave (${vips.stdout.trim()})`, () => runCommand('vips', args, tiles)]);
  } else say('vips is not installed: its row is left out (apt-get install -y libvips-tools)');
  const rows: Row[] = [];
  for (const [name, run] of rivals) {
    const held: number[] = [];
    peaks.length = 0;
    const compared = await inTurns(runs, ours, async () => {
      await mkdir(await fresh(joined), { recursive: true });
      const ran = await run();
      held.push(ran.peakBytes);
      return ran.seconds;
    });
    const [mine, theirs] = [figuresOf(peaks), figuresOf(held)];
    rows.push({
      what: `pyramid stage, 128 x 128 cells, against ${name}`,
      reach: '>= 50 times faster, >= 10 times less memory',
      ours: `${seconds(compared.ours)}, ${megabytes(mine)}`,
      theirs: `${seconds(compared.theirs)}, ${megabytes(theirs)}`,
      result: `${(1 / compared.ratio.median).toFixed(0)} times faster (median), ${(theirs.median / mine.median).toFixed(1)} times less memory`,
    });
  }
  for (const path of [out, joined]) await fresh(path);
  return rows;
}

/** Copies a site's tiles to names so short that a command line can hold one for each cell. */
async function shortNames(site: string, folder: string): Promise<string[]> {
  const mosaic = JSON.parse(await readFile(join(site, 'mosaic.json'), 'utf8')) as MosaicJson;
  await mkdir(await fresh(folder), { recursive: true });
  const nameOf = (picture: number) => picture.toString(36);
  for (let picture = 0; picture < mosaic.pictures; picture++) {
    await copyFile(join(site, `tiles/${picture >> 10}/${picture}.jpg`), join(folder, nameOf(picture)));
  }
  return (await readPictures(site, mosaic)).map(nameOf);
}

/** A million cells; and exact nearest neighbour among their sources. */
export async function millionRows(bench: Bench): Promise<Row[]> {
  const { data, folder, runs } = bench;
  const [out, catalog] = [await fresh(join(folder, 'million')), await fresh(join(folder, 'catalog-tiny'))];
  const result = await build(bench, out, catalog, '--cell-size', '64', '--columns', '1225');
  const cells = result.grid.columns * result.grid.rows;
  const stages = Object.entries(result.stages).map(([stage, taken]) => `${stage} ${taken.toFixed(1)} s`);
  await fresh(out);
  const features = await catalogFeatures(data.tiny, catalog, 64);
  const nearest = await benchNearest(data.target, features, runs);
  return [
    {
      what: `peak memory of the whole build, ${countText(cells)} cells of 64 px (${stages.join(', ')})`,
      reach: '<= 600 MB',
      ours: '',
      theirs: '',
      result: `${Math.round(result.peakRssBytes / MB)} MB`,
    },
    {
      what: `exact nearest neighbour, 65,536 cells x ${countText(features.length / FEATURE_LENGTH)} sources, 48 dimensions; brute force beside it`,
      reach: '<= 10 s, identical distances',
      ours: seconds(nearest.seconds),
      theirs: `${nearest.bruteForceSeconds.toFixed(1)} s`,
      result: `${nearest.wrong} distances differ`,
    },
  ];
}
