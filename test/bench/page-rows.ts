import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { type BuildResult, serve } from '../../src/index.ts';
import { countText } from '../../src/messages.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { filesOf } from '../helpers/levels.ts';
import { figuresOf, inTurns, runCommand } from './measure.ts';
import { framesOf, loading, lookAtCells, memoryOf, pan, visit } from './page-visits.ts';
import { BIN, type Bench, fresh, type Row, seconds, times } from './rows.ts';

/** Minutes of the tour; its memory is compared with that of the second one. */
const TOUR_MINUTES = 10;
/** Frames longer than this are seen, ms. */
const LONG = 50;
/** Px of a cell in the views that are panned. */
const PANNED = [4, 30, 128];
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
  const photos = await build(
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
    for (const part of [...parts, () => tourRow(bench, browser), () => costRow(bench, photos)]) {
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
  const opened = await visit(browser, { processor: 4 });
  const { page } = opened;
  await page.goto(`${server.url}?layout=compact`);
  await page.waitForFunction(() => (window as unknown as { sharpAt?: number }).sharpAt);
  let [all, long] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const frames = await framesOf(page, () => page.keyboard.press('Enter'), 1500);
    for (const [i, { at }] of frames.entries()) {
      if (i === 0) continue;
      all++;
      if (at - frames[i - 1]!.at > LONG) long++;
    }
    await page.keyboard.press('Escape');
    await page.keyboard.press('0');
    await page.waitForTimeout(2500);
  }
  await page.context().close();
  await server.close();
  return [
    {
      what: 'a flight from the whole to a cell, processor 4 times slower: frames of more than 50 ms',
      reach: '<= 5 %',
      ours: `${long} of ${all}`,
      theirs: '',
      result: `${((100 * long) / all).toFixed(1)} %`,
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
  const figures: number[][] = [];
  for (const { out, grid } of [small, large]) {
    const server = await serve({ site: out, port: 0 });
    const { page } = await visit(browser, { processor: 4 });
    await page.goto(server.url);
    await page.waitForFunction(() => (window as unknown as { sharpAt?: number }).sharpAt);
    const own: number[] = [];
    for (const px of PANNED) {
      await lookAtCells(page, px, grid.columns);
      const frames = (await pan(page, 6000)).map(({ script }) => script).toSorted((a, b) => a - b);
      own.push(frames[Math.floor(frames.length * 0.95)]!);
    }
    figures.push(own);
    await page.context().close();
    await server.close();
    await fresh(out);
  }
  const [few, many] = figures as [number[], number[]];
  const cells = countText(large.grid.columns * large.grid.rows);
  const texts = (values: readonly number[]) => `${values.map((value) => value.toFixed(1)).join(', ')} ms`;
  return [
    {
      what: `${cells} cells / 9,600, processor 4 times slower: scripts per frame while panning, 95th percentile, cells of ${PANNED.join(', ')} px`,
      reach: '<= 8 ms; <= 1.2',
      ours: texts(many),
      theirs: texts(few),
      result: many.map((value, i) => (value / few[i]!).toFixed(2)).join(', '),
    },
  ];
}

async function tourRow({ folder }: Bench, browser: Browser): Promise<Row[]> {
  const server = await serve({ site: join(folder, 'page'), port: 0 });
  const opened = await visit(browser, { processor: 1 });
  await opened.page.goto(`${server.url}?layout=compact&tour`);
  await opened.page.waitForTimeout(2 * 60_000);
  const early = await memoryOf(opened, browser);
  await opened.page.waitForTimeout((TOUR_MINUTES - 2) * 60_000);
  const late = await memoryOf(opened, browser);
  await opened.page.context().close();
  await server.close();
  const text = (one: typeof early) => `${(one.heap / MB).toFixed(1)}, ${Math.round(one.process / MB)} MB`;
  return [
    {
      what: `${TOUR_MINUTES} minutes of touring / the second minute: heap of scripts, memory of the page's process`,
      reach: '<= 1.3',
      ours: text(late),
      theirs: text(early),
      result: [late.heap / early.heap, late.process / early.process].map((ratio) => ratio.toFixed(2)).join(', '),
    },
  ];
}

/** What the page's own parts add to a build: the stage that writes them, and their bytes. */
async function costRow({ folder }: Bench, { stages, fit }: BuildResult): Promise<Row[]> {
  const site = join(folder, 'page');
  const own = (await filesOf(site)).filter((path) =>
    /^(?:sources\/|compare\.jpg|preview\.jpg|viewer\/[ve])/.test(path),
  );
  let bytes = 0;
  for (const path of own) bytes += (await stat(join(site, path))).size;
  const compact = fit.layouts.find(({ layout }) => layout === 'compact')!;
  const total = Object.values(stages).reduce((sum, stage) => sum + stage, 0);
  return [
    {
      what: 'parts of the page: time of the stage that writes them / all stages; bytes / those of the layout compact',
      reach: '<= 5 %; <= 3 %',
      ours: `${stages.site.toFixed(2)} s, ${(bytes / MB).toFixed(2)} MB`,
      theirs: `${total.toFixed(1)} s, ${(compact.bytes / MB).toFixed(1)} MB`,
      result: `${((100 * stages.site) / total).toFixed(1)} %; ${((100 * bytes) / compact.bytes).toFixed(1)} %`,
    },
  ];
}
