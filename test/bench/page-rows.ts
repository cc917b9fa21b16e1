import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { type BuildResult, serve } from '../../src/index.ts';
import { countText } from '../../src/messages.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { filesOf } from '../helpers/levels.ts';
import { figuresOf, inTurns, runCommand } from './measure.ts';
import { flightOf, loading, lookAtCells, memoryOf, pan, visit } from './page-visits.ts';
import { BIN, type Bench, fresh, type Row, seconds, times } from './rows.ts';

/** Minutes of the tour; its memory is compared with that of the second one. */
const TOUR_MINUTES = 10;
/** Number of times that memory is looked at in a minute. */
const SAMPLES = 6;
/** Frames longer than this are seen, ms: three of a screen of 60 Hz, and what clocks are off by. */
const LONG = 50.5;
/** Where flights begin, px of the window. */
const CLICKED = [
  [640, 400],
  [420, 300],
  [860, 520],
] as const;
/** Px of a cell in the views that are panned. */
const PANNED = [12, 30, 64];
const MB = 1e6;

/** OpenSeadragon as its documentation shows it. */
const PLAIN = `<!doctype html><meta charset="utf-8" /><style>html, body { margin: 0 } #plain { position: fixed; inset: 0 }</style>
<div id="plain"></div><script src="viewer/openseadragon.min.js"></script>
<script>window.viewer = OpenSeadragon({ id: 'plain', tileSources: 'mosaic.dzi', showNavigationControl: false });</script>
`;

/** The page of a site: how soon it is there, how smooth it is, and what it holds. */
export async function pageRows(bench: Bench): Promise<Row[]> {
  if (!findBrowser()) return [];
  const { folder, data, say } = bench;
  const catalog = join(folder, 'catalog');
  await build(
    [data.target, data.photos, join(folder, 'page')],
    `--columns 256 --cell-size 256 --layout dzi,compact --catalog ${catalog}`,
  );
  await writeFile(join(folder, 'page', 'plain.html'), PLAIN);
  const browser = await launchBrowser();
  try {
    const rows: Row[] = [];
    const parts = [
      () => loadingRows(bench, browser),
      () => flightRow(bench, browser),
      () => millionRow(bench, browser),
    ];
    for (const part of [...parts, () => tourRow(bench, browser), () => costRow(bench)]) {
      rows.push(...(await part()));
      say(rows.at(-1)?.result ?? '');
    }
    return rows;
  } finally {
    await browser.close();
    await fresh(join(folder, 'page'));
  }
}

async function build([target, images, out]: readonly [string, string, string], options: string): Promise<BuildResult> {
  const args = ['build', target, images, '-o', await fresh(out), '--json', '--quiet', ...options.split(' ')];
  return JSON.parse((await runCommand(process.execPath, [BIN, ...args])).stdout) as BuildResult;
}

async function loadingRows({ folder, runs }: Bench, browser: Browser): Promise<Row[]> {
  const server = await serve({ site: join(folder, 'page'), port: 0 });
  const sharpest: Record<string, number[]> = { ours: [], theirs: [] };
  const load = (who: string, path: string) => async () => {
    const opened = await visit(browser, { processor: 4, network: true });
    const { first, sharp } = await loading(opened, server.url + path);
    sharpest[who]!.push(sharp);
    await opened.page.context().close();
    return first;
  };
  const first = await inTurns(runs, load('ours', '?layout=compact'), load('theirs', 'plain.html'));
  await server.close();
  const [ours, theirs] = [figuresOf(sharpest['ours']!), figuresOf(sharpest['theirs']!)];
  const what =
    '1.6 Mbit/s, 150 ms, processor 4 times slower, 43,776 cells, the page (compact) / OpenSeadragon alone (dzi)';
  return [
    {
      what: `${what}: first picture`,
      reach: '<= 0.35',
      ours: seconds(first.ours),
      theirs: seconds(first.theirs),
      result: times(first.ratio),
    },
    {
      what: 'the same: all that is visible is sharp',
      reach: '<= 0.6',
      ours: seconds(ours),
      theirs: seconds(theirs),
      result: (ours.median / theirs.median).toFixed(2),
    },
  ];
}

async function flightRow({ folder, runs }: Bench, browser: Browser): Promise<Row[]> {
  const server = await serve({ site: join(folder, 'page'), port: 0 });
  const [first, later]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    const { page } = await visit(browser, { processor: 4 });
    await page.goto(`${server.url}?layout=compact`);
    await page.waitForFunction(() => (window as unknown as { sharpAt?: number }).sharpAt);
    await page.waitForTimeout(8000); // what the page loads when it has time
    for (const [i, [x, y]] of CLICKED.entries()) {
      (i === 0 ? first : later).push(...(await flightOf(page, () => page.mouse.click(x, y))));
      await page.waitForTimeout(1500);
      await page.keyboard.press('Escape');
      await page.keyboard.press('0');
      await page.waitForTimeout(2500);
    }
    await page.context().close();
  }
  await server.close();
  const text = (frames: readonly number[]) => `${frames.filter((ms) => ms > LONG).length} of ${frames.length}`;
  const all = [...first, ...later];
  return [
    {
      what: 'flights from the whole to a cell, processor 4 times slower, no graphics card: frames of more than 50 ms; of a first flight, of others',
      reach: '<= 5 %',
      ours: `${text(first)}; ${text(later)}`,
      theirs: '',
      result: `${((100 * all.filter((ms) => ms > LONG).length) / all.length).toFixed(1)} %`,
    },
  ];
}

async function millionRow(bench: Bench, browser: Browser): Promise<Row[]> {
  const { data, folder } = bench;
  const common = `--layout compact --catalog ${join(folder, 'catalog-page')}`;
  const small = await build(
    [data.target, data.photos, join(folder, 'page-small')],
    `${common} --columns 120 --cell-size 256`,
  );
  const large = await build(
    [data.target, data.tiny, join(folder, 'page-large')],
    `${common} --columns 1225 --cell-size 64 --variety 0 --min-distance 0`,
  );
  const figures: { own: number[]; means: number[] }[] = [];
  for (const { out, grid } of [small, large]) {
    const server = await serve({ site: out, port: 0 });
    const opened = await visit(browser, { processor: 4 });
    const { page } = opened;
    await page.goto(server.url);
    await page.waitForFunction(() => (window as unknown as { sharpAt?: number }).sharpAt);
    const [own, means]: [number[], number[]] = [[], []];
    for (const px of PANNED) {
      await lookAtCells(page, px, grid.columns);
      const { frames, mean } = await pan(opened, 6000);
      own.push(frames.toSorted((a, b) => a - b)[Math.floor(frames.length * 0.95)]!);
      means.push(mean);
    }
    figures.push({ own, means });
    await page.context().close();
    await server.close();
    await fresh(out);
  }
  const [few, many] = figures as [(typeof figures)[0], (typeof figures)[0]];
  const cells = countText(large.grid.columns * large.grid.rows);
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(', ');
  const texts = ({ own, means }: typeof few) => `${list(own)} ms (${list(means)})`;
  return [
    {
      what: `${cells} cells / 9,600, processor 4 times slower: scripts per frame while panning, 95th percentile (mean of all scripts), cells of ${PANNED.join(', ')} px`,
      reach: '<= 8 ms; <= 1.2',
      ours: texts(many),
      theirs: texts(few),
      result: many.own.map((value, i) => (value / few.own[i]!).toFixed(2)).join(', '),
    },
  ];
}

async function tourRow({ folder }: Bench, browser: Browser): Promise<Row[]> {
  const server = await serve({ site: join(folder, 'page'), port: 0 });
  const opened = await visit(browser, { processor: 1 });
  await opened.page.goto(`${server.url}?layout=compact&tour`);
  /** The mean of a minute. */
  const minute = async () => {
    const samples: { heap: number; process: number }[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      await opened.page.waitForTimeout(60_000 / SAMPLES);
      samples.push(await memoryOf(opened, browser));
    }
    const mean = (part: 'heap' | 'process') => samples.reduce((sum, one) => sum + one[part], 0) / SAMPLES;
    return { heap: mean('heap'), process: mean('process') };
  };
  await opened.page.waitForTimeout(60_000);
  const early = await minute();
  await opened.page.waitForTimeout((TOUR_MINUTES - 3) * 60_000);
  const late = await minute();
  await opened.page.context().close();
  await server.close();
  const text = (one: typeof early) => `${(one.heap / MB).toFixed(1)}, ${Math.round(one.process / MB)} MB`;
  return [
    {
      what: `the tour's minute ${TOUR_MINUTES} / its second minute: heap of scripts, memory of the page's process`,
      reach: '<= 1.3',
      ours: text(late),
      theirs: text(early),
      result: [late.heap / early.heap, late.process / early.process].map((ratio) => ratio.toFixed(2)).join(', '),
    },
  ];
}

/** What the page's own parts add to a build: the stage that writes them, and their bytes. */
async function costRow({ folder, data }: Bench): Promise<Row[]> {
  const out = join(folder, 'page-compact');
  const options = `--columns 256 --cell-size 256 --layout compact --catalog ${join(folder, 'catalog-cost')}`;
  const { stages, fit } = await build([data.target, data.photos, out], options);
  const own = (await filesOf(out)).filter((path) => /^(?:sources\/|compare\.jpg|preview\.jpg|viewer\/[ve])/.test(path));
  let bytes = 0;
  for (const path of own) bytes += (await stat(join(out, path))).size;
  await fresh(out);
  const total = Object.values(stages).reduce((sum, stage) => sum + stage, 0);
  return [
    {
      what: 'parts of the page, layout compact: the stage that writes them / all stages of a first build; bytes / all of them',
      reach: '<= 5 %; <= 3 %',
      ours: `${stages.site.toFixed(2)} s, ${(bytes / MB).toFixed(2)} MB`,
      theirs: `${total.toFixed(1)} s, ${(fit.whole.bytes / MB).toFixed(1)} MB`,
      result: `${((100 * stages.site) / total).toFixed(1)} %; ${((100 * bytes) / fit.whole.bytes).toFixed(1)} %`,
    },
  ];
}
