import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import type { Placement } from '../../src/types.ts';
import { runCommand } from './measure.ts';
import {
  geometricMean,
  likenessOf,
  mean,
  mostShare,
  type OpenCatalog,
  openCatalog,
  place,
  scenes,
  type Scene,
  rastersOf,
  usedOf,
} from './mosaics.ts';
import { type Bench, fresh, type Row } from './rows.ts';

const two = (values: readonly number[]) =>
  `${geometricMean(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
const percent = (part: number) => `${(100 * part).toFixed(1)} %`;

/** How like their targets mosaics are: by default against the nearest everywhere, and against metapixel. */
export async function likenessRows(bench: Bench): Promise<Row[]> {
  const { data, folder } = bench;
  const open = await openCatalog(data.photos, join(folder, 'catalog'), 256);
  return [await defaultRow(bench, open), await afarRow(bench, open), ...(await metapixelRows(bench, open))];
}

async function defaultRow({ data }: Bench, open: OpenCatalog): Promise<Row> {
  const [ratios, shares, nearestShares]: [number[], number[], number[]] = [[], [], []];
  for (const scene of await scenes({ across: 128 }, data.target)) {
    const [chosen, nearest] = [
      await place(open, scene),
      await place(open, scene, { variety: 0, minDistance: 0, afar: 0, perSource: Infinity }),
    ];
    const [ours, theirs] = [
      await likenessOf(rastersOf(open), scene, chosen),
      await likenessOf(rastersOf(open), scene, nearest),
    ];
    ratios.push(ours.ssim / theirs.ssim);
    shares.push(mostShare(chosen, open));
    nearestShares.push(mostShare(nearest, open));
  }
  return {
    what: `default options / the nearest image for every cell, 128 columns, 1,000 photographs, ${ratios.length} targets: SSIM at 2 px per cell; share of the cells that one image fills`,
    reach: '>= 0.9 times; <= 2 %',
    ours: `at most ${percent(Math.max(...shares))}`,
    theirs: `up to ${percent(Math.max(...nearestShares))}`,
    result: `${two(ratios)} times; ${percent(Math.max(...shares))}`,
  };
}

/** The default against that of one crop, and of --afar, whose errors of neighbouring cells cancel. */
async function afarRow({ data }: Bench, open: OpenCatalog): Promise<Row> {
  const [ssim, colour, afar, shares]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (const scene of await scenes({ across: 128 }, data.target)) {
    const [by, without] = [await place(open, scene), await place(open, scene, { crops: 'none', afar: 0 })];
    const [ours, theirs] = [
      await likenessOf(rastersOf(open), scene, by),
      await likenessOf(rastersOf(open), scene, without),
    ];
    ssim.push(ours.ssim / theirs.ssim);
    colour.push(ours.ciede2000 / theirs.ciede2000);
    afar.push(ours.afar / theirs.afar);
    shares.push(mostShare(by, open));
  }
  return {
    what: `default options / --crops none --afar 0, 128 columns, 1,000 photographs, ${afar.length} targets: SSIM at 2 px per cell; mean CIEDE2000 from afar; share of the most used image; mean CIEDE2000 at 2 px`,
    reach: '>= 1.12 times; <= 0.70 times; <= 2 %',
    ours: '',
    theirs: '',
    result: `${two(ssim)} times; ${two(afar)} times; ${percent(Math.max(...shares))}; ${two(colour)} times`,
  };
}

/** What --variety, --min-distance, --afar and --adapt trade; for choosing, and for docs/choosing.md. */
export async function varietyRows({ data, folder }: Bench): Promise<Row[]> {
  const open = await openCatalog(data.photos, join(folder, 'catalog'), 256);
  const all = await scenes({ across: 128 }, data.target);
  const rows: Row[] = [];
  for (const { name, options } of TRADES) {
    const told: { ssim: number; colour: number; afar: number; share: number; used: number }[] = [];
    for (const scene of all) {
      const placement = await place(open, scene, options);
      const { ssim, ciede2000, afar } = await likenessOf(rastersOf(open), scene, placement);
      told.push({ ssim, colour: ciede2000, afar, share: mostShare(placement, open), used: usedOf(placement, open) });
    }
    const average = (value: (one: (typeof told)[number]) => number, digits: number) =>
      mean(told.map(value)).toFixed(digits);
    rows.push({
      what: name,
      reach: '',
      ours: `SSIM ${average(({ ssim }) => ssim, 3)}, CIEDE2000 ${average(({ colour }) => colour, 2)}, from afar ${average(({ afar }) => afar, 2)}`,
      theirs: '',
      result: `${average(({ used }) => used, 0)} of ${open.alike.length} images, one in ${average(({ share }) => 100 * share, 2)} % of the cells`,
    });
  }
  return rows;
}

const TRADES = [
  { name: '--variety 0 --min-distance 0 --afar 0', options: { variety: 0, minDistance: 0, afar: 0 } },
  ...[0, 0.25, 0.5, 0.75, 0.9, 1].map((variety) => ({ name: `--variety ${variety}`, options: { variety } })),
  ...[0, 2, 3, 5].map((minDistance) => ({ name: `--min-distance ${minDistance}`, options: { minDistance } })),
  ...[0, 0.5, 0.75, 1].map((afar) => ({ name: `--afar ${afar}`, options: { afar } })),
  ...[0.25, 0.5, 1].map((adapt) => ({ name: `--adapt ${adapt}`, options: { adapt } })),
  { name: '--weights auto', options: { weights: 'auto' } },
];

/** Px of metapixel's cells. */
const THEIR_CELL = 32;
const DISTANCE = 5;

/** The same images, cut to the same squares, in the same cells, by metapixel's own protocol of what it chose. */
async function metapixelRows({ data, folder, say }: Bench, open: OpenCatalog): Promise<Row[]> {
  const installed = await runCommand('metapixel', ['--version']).catch(() => undefined);
  if (!installed) {
    say('metapixel is not installed: its rows are left out (apt-get install -y metapixel)');
    return [];
  }
  const library = await prepare(open, join(folder, 'metapixel'));
  const ways = [
    {
      name: 'default options',
      reach: '>= 1.30 times; <= 0.80 times; <= 0.60 times',
      options: {},
      ssim: [] as number[],
      colour: [] as number[],
      afar: [] as number[],
    },
    {
      name: '--crops all',
      reach: '>= 1.45 times; <= 0.70 times; <= 0.45 times',
      options: { crops: 'all' as const },
      ssim: [] as number[],
      colour: [] as number[],
      afar: [] as number[],
    },
    {
      name: '--crops none --afar 0',
      reach: '',
      options: { crops: 'none' as const, afar: 0 },
      ssim: [] as number[],
      colour: [] as number[],
      afar: [] as number[],
    },
  ];
  for (const scene of await scenes({ longer: 96 }, data.target)) {
    const theirs = await likenessOf(rastersOf(open), scene, await metapixel(scene, library, join(folder, 'metapixel')));
    for (const { options, ssim, colour, afar } of ways) {
      const placement = await place(open, scene, { minDistance: DISTANCE, ...options });
      const ours = await likenessOf(rastersOf(open), scene, placement);
      ssim.push(ours.ssim / theirs.ssim);
      colour.push(ours.ciede2000 / theirs.ciede2000);
      afar.push(ours.afar / theirs.afar);
    }
  }
  return ways.map(({ name, reach, ssim, colour, afar }) => ({
    what: `${name} / metapixel (${installed.stdout.split('\n')[0]}): 96 cells along the longer side, distance ${DISTANCE}, ${ssim.length} targets: SSIM and mean CIEDE2000 at 2 px per cell; mean CIEDE2000 from afar`,
    reach,
    ours: '',
    theirs: '',
    result: `${two(ssim)} times; ${two(colour)} times; ${two(afar)} times`,
  }));
}

/** Has metapixel index the catalog's images, as squares named after their ids; returns its library. */
async function prepare({ catalog }: OpenCatalog, folder: string): Promise<string> {
  const [squares, library] = [join(await fresh(folder), 'squares'), join(folder, 'library')];
  for (const path of [squares, library]) await mkdir(path, { recursive: true });
  for (const [id, { path, crop }] of catalog.sources.entries()) {
    const square = sharp(path).autoOrient().toColourspace('srgb').flatten().extract(crop);
    await square
      .resize(2 * THEIR_CELL, 2 * THEIR_CELL)
      .png({ compressionLevel: 1 })
      .toFile(join(squares, `${id}.png`));
  }
  await runCommand('metapixel-prepare', [`--width=${THEIR_CELL}`, `--height=${THEIR_CELL}`, squares, library]);
  return library;
}

async function metapixel({ name, target, grid }: Scene, library: string, folder: string): Promise<Placement> {
  const [picture, out, protocol] = ['png', 'out.png', 'protocol'].map((end) => join(folder, `${name}.${end}`)) as [
    string,
    string,
    string,
  ];
  const [width, height] = [grid.columns * THEIR_CELL, grid.rows * THEIR_CELL];
  await writeFile(picture, await sharp(target.path).resize(width, height, { fit: 'cover' }).png().toBuffer());
  const size = ['--width', String(THEIR_CELL), '--height', String(THEIR_CELL), '--distance', String(DISTANCE)];
  await runCommand('metapixel', ['--library', library, ...size, `--out=${protocol}`, '--metapixel', picture, out]);
  const cells = new Uint32Array(grid.columns * grid.rows);
  let found = 0;
  for (const line of (await readFile(protocol, 'utf8')).matchAll(/\((\d+) (\d+) 1 1 "([^"]+)"/g)) {
    const [, column, row, path] = line as unknown as [string, string, string, string];
    cells[Number(row) * grid.columns + Number(column)] = Number.parseInt(basename(path), 10);
    found++;
  }
  if (found !== cells.length) throw new Error(`metapixel placed ${found} of ${cells.length} cells`);
  return {
    grid,
    cells,
    costs: new Float32Array(cells.length),
    gap: 0,
    distanceCost: 0,
    afarCost: 0,
    minDistance: DISTANCE,
  };
}
