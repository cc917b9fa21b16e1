import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { openTarget } from '../../dist/image/target.js';
import { countText } from '../../src/messages.ts';
import { filesOf } from './data.ts';
import {
  likenessOf,
  mostShare,
  openCatalog,
  place,
  type PlaceOptions,
  rastersOf,
  type Scene,
  scenes,
} from './mosaics.ts';
import { type Bench, build, peer, type Row } from './rows.ts';
import { SHARED_DATA } from './shared-data.ts';

const [DARK_IMAGES, DARK_COLUMNS] = [5500, 128];

/** Crops: what a match of them takes, and what they add to a site; and the dial of --variety. */
export async function cropRows(bench: Bench): Promise<Row[]> {
  return [
    await matchRow(bench, { across: 192, crops: 'all', reach: '<= 10 s' }),
    await matchRow(bench, { across: 313, crops: 'close', tiny: true, reach: '<= 60 s, <= 700 MB' }),
    await bytesRow(bench),
    await evenRow(bench),
    ...(existsSync(SHARED_DATA) ? [await darkRow(bench)] : []),
  ];
}

/** What the match stage takes by itself, in a process of its own. */
async function matchRow(
  { data, folder, say }: Bench,
  { across, crops, tiny = false, reach }: { across: number; crops: string; tiny?: boolean; reach: string },
): Promise<Row> {
  const [images, catalog] = tiny ? [data.tiny, 'tiny-catalog'] : [data.photos, 'catalog'];
  const script = [
    './peer-match.ts',
    images,
    join(folder, catalog),
    String(tiny ? 64 : 256),
    String(across),
    crops,
  ] as const;
  await peer(...script); // brings the catalog up to date
  const ran = await peer(...script);
  const { cells, sources, seconds, bytes } = JSON.parse(ran.stdout) as Record<string, number>;
  say(ran.stdout);
  return {
    what: `match stage: ${countText(cells!)} cells, ${countText(sources!)} sources, --crops ${crops}: seconds; peak memory of the process`,
    reach,
    ours: '',
    theirs: '',
    result: `${seconds!.toFixed(1)} s; ${Math.round(bytes! / 1e6)} MB`,
  };
}

async function bytesRow(bench: Bench): Promise<Row> {
  const catalog = join(bench.folder, 'crops-catalog');
  const common = ['--layout', 'compact', '--columns', '256'];
  const [one, many] = [
    await build(bench, join(bench.folder, 'one'), catalog, ...common, '--crops', 'none'),
    await build(bench, join(bench.folder, 'many'), catalog, ...common),
  ];
  return {
    what: 'compact site, 43,776 cells, 1,000 photographs, default / --crops none: bytes',
    reach: '<= 2.5 times',
    ours: `${(many.bytes / 1e6).toFixed(1)} MB`,
    theirs: `${(one.bytes / 1e6).toFixed(1)} MB`,
    result: `${(many.bytes / one.bytes).toFixed(2)} times`,
  };
}

/** --variety 1 against --max-uses of the same share. */
async function evenRow({ data, folder }: Bench): Promise<Row> {
  const open = await openCatalog(data.photos, join(folder, 'catalog'), 256);
  const scene = (await scenes({ across: 192 }, data.target)).toReversed()[0]!;
  const timed = async (options: PlaceOptions) => {
    const start = performance.now();
    const placement = await place(open, scene, options);
    const seconds = (performance.now() - start) / 1000;
    const { ssim } = await likenessOf(rastersOf(open), scene, placement);
    return { placement, seconds, ssim };
  };
  const even = await timed({ variety: 1 });
  const maxUses = Math.round(mostShare(even.placement, open) * even.placement.cells.length);
  const capped = await timed({ maxUses });
  return {
    what: `--variety 1 / --max-uses ${maxUses}, ${countText(even.placement.cells.length)} cells, 1,000 photographs: match time; SSIM at 2 px per cell`,
    reach: '<= 1.5 times; >= 1.0 times',
    ours: `${even.seconds.toFixed(1)} s, ${even.ssim.toFixed(3)}`,
    theirs: `${capped.seconds.toFixed(1)} s, ${capped.ssim.toFixed(3)}`,
    result: `${(even.seconds / capped.seconds).toFixed(2)} times; ${(even.ssim / capped.ssim).toFixed(3)} times`,
  };
}

/** A dark target of bright images: the default against the closest image everywhere. */
async function darkRow({ folder }: Bench): Promise<Row> {
  const images = await brightImages(join(folder, '..', 'data', 'bright'));
  const open = await openCatalog(images, join(folder, 'bright-catalog'), 64);
  const path = join(folder, 'dark.png');
  await sharp(join(SHARED_DATA, 'targets', 'astronaut.png'))
    .linear(0.4, 0)
    .png()
    .toFile(path);
  const target = await openTarget(path);
  const rows = Math.round((DARK_COLUMNS * target.height) / target.width);
  const scene: Scene = { name: 'dark', target, grid: { columns: DARK_COLUMNS, rows } };
  const judged = async (options: PlaceOptions) => {
    const placement = await place(open, scene, { cellSize: 64, ...options });
    return { ...(await likenessOf(rastersOf(open), scene, placement)), share: mostShare(placement, open) };
  };
  const [ours, closest] = [await judged({}), await judged({ variety: 0 })];
  return {
    what: `${countText(DARK_IMAGES)} bright, saturated images (of clothes and icons), a dark target: default / --variety 0: mean CIEDE2000 at 2 px per cell; from afar`,
    reach: '<= 1.08 times; <= 1.05 times',
    ours: `most used ${(100 * ours.share).toFixed(1)} %`,
    theirs: `${(100 * closest.share).toFixed(1)} %`,
    result: `${(ours.ciede2000 / closest.ciede2000).toFixed(3)} times; ${(ours.afar / closest.afar).toFixed(3)} times`,
  };
}

/** Makes bright, saturated images: clothes in other hues, and icons on bright grounds. */
async function brightImages(folder: string): Promise<string> {
  if (existsSync(join(folder, `${DARK_IMAGES - 1}.jpg`))) return folder;
  await mkdir(folder, { recursive: true });
  const files = (await Promise.all(['clothes', 'icons'].map(async (name) => await filesOf(join(SHARED_DATA, name)))))
    .flat()
    .filter((file) => /\.(?:jpe?g|webp)$/i.test(file));
  let state = 1;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  for (let i = 0; i < DARK_IMAGES; i++) {
    const background = `hsl(${Math.floor(random() * 360)}, 85%, ${Math.floor(60 + 30 * random())}%)`;
    await sharp(files[i % files.length])
      .flatten({ background })
      .resize(192, 160, { fit: 'cover' })
      .modulate({
        brightness: 1.15 + 0.25 * random(),
        saturation: 1.3 + 0.5 * random(),
        hue: Math.floor(random() * 360),
      })
      .jpeg({ quality: 85 })
      .toFile(join(folder, `${i}.jpg`));
  }
  return folder;
}
