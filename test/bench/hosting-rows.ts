import { spawn } from 'node:child_process';
import { join } from 'node:path';
import sharp from 'sharp';
import type { BuildResult } from '../../src/index.ts';
import { countText } from '../../src/messages.ts';
import { findBrowser, launchBrowser } from '../helpers/browser.ts';
import { settle } from '../helpers/page.ts';
import { filesOf } from './data.ts';
import { inTurns, runCommand } from './measure.ts';
import { BIN, type Bench, fresh, type Row, seconds, times } from './rows.ts';
import { SHARED_DATA } from './shared-data.ts';

const MB = 1e6;

/** Builds with the command line, as users do. */
async function build(target: string, images: readonly string[], out: string, ...more: string[]): Promise<BuildResult> {
  const args = ['build', target, ...images, '-o', out, '--json', '--quiet', ...more];
  return JSON.parse((await runCommand(process.execPath, [BIN, ...args])).stdout) as BuildResult;
}

/** The layout compact beside dzi: what a host stores, what it takes to write, what a first view loads. */
export async function compactRows({ data, folder, runs }: Bench): Promise<Row[]> {
  const catalog = join(folder, 'catalog');
  const site = (layout: string, run: number) => join(folder, `${layout}-${run}`);
  const results: Record<string, BuildResult> = {};
  const make = (layout: string) => async (run: number) => {
    await runCommand('sync', []);
    const more = ['--columns', '256', '--cell-size', '256', '--layout', layout, '--catalog', catalog];
    const result = await build(data.target, [data.photos], site(layout, run), ...more);
    results[layout] = result;
    return result.stages.pyramid;
  };
  const compared = await inTurns(runs, make('compact'), make('dzi'));
  const [compact, dzi] = ['compact', 'dzi'].map((layout) => results[layout]!.fit.whole) as [Usage, Usage];
  const cells = countText(results['dzi']!.grid.columns * results['dzi']!.grid.rows);
  const view = findBrowser() ? await firstView(site('compact', 0)) : undefined;
  for (let run = 0; run < runs; run++) for (const layout of ['compact', 'dzi']) await fresh(site(layout, run));
  return [
    {
      what: `layout compact, ${cells} cells, 1,000 images / dzi, as a host stores them`,
      reach: '<= 1/25 of the bytes, <= 1/35 of the files',
      ours: `${(compact.bytes / MB).toFixed(1)} MB, ${countText(compact.files)} files`,
      theirs: `${(dzi.bytes / MB).toFixed(0)} MB, ${countText(dzi.files)} files`,
      result: `1/${(dzi.bytes / compact.bytes).toFixed(0)} of the bytes, 1/${(dzi.files / compact.files).toFixed(0)} of the files`,
    },
    {
      what: 'the same: pyramid stage, compact / dzi',
      reach: '<= 0.5',
      ours: seconds(compared.ours),
      theirs: seconds(compared.theirs),
      result: times(compared.ratio),
    },
    {
      what: 'the same: first view in Chromium at 1280 x 800, nothing cached, until all is drawn, viewer apart',
      reach: '<= 1.5 MB, <= 40 requests',
      ours: '',
      theirs: '',
      result: view ? `${(view.bytes / MB).toFixed(2)} MB, ${view.requests} requests` : 'no Chromium here',
    },
  ];
}

type Usage = BuildResult['fit']['whole'];

/** What a browser loads of a site until all that it shows is there; page, style and scripts are not counted. */
async function firstView(site: string): Promise<{ bytes: number; requests: number }> {
  const port = 8_700 + (process.pid % 200);
  const server = spawn(process.execPath, [BIN, 'serve', site, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const browser = await launchBrowser();
  try {
    const url = await new Promise<string>((done) => {
      server.stdout.on('data', (text: Buffer) => {
        const found = /http:\S+/.exec(text.toString())?.[0];
        if (found) done(found);
      });
    });
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    const sizes: Promise<number>[] = [];
    page.on('requestfinished', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname === '/' || pathname.startsWith('/viewer/')) return;
      sizes.push(
        request.sizes().then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
      );
    });
    await page.goto(url);
    await settle(page);
    const bytes = await Promise.all(sizes);
    return { bytes: bytes.reduce((sum, size) => sum + size, 0), requests: bytes.length };
  } finally {
    await browser.close();
    server.kill();
  }
}

/** A million cells, compact: by default, and the closest image everywhere. */
export async function compactMillionRows({ data, folder }: Bench): Promise<Row[]> {
  const catalog = join(folder, 'catalog-tiny');
  const rows: Row[] = [];
  const ways = [
    { name: 'the closest image everywhere', more: ['--variety', '0', '--min-distance', '0'] },
    { name: 'by default', more: [] },
  ];
  for (const { name, more } of ways) {
    const out = await fresh(join(folder, 'million'));
    const options = ['--cell-size', '64', '--columns', '1225', '--layout', 'compact', '--catalog', catalog, ...more];
    const result = await build(data.target, [data.tiny], out, ...options);
    const { catalog: _, ...others } = result.stages;
    const beyond = Object.values(others).reduce((sum, stage) => sum + stage, 0);
    const { files, bytes } = result.fit.whole;
    const cells = countText(result.grid.columns * result.grid.rows);
    rows.push({
      what: `${cells} cells of 64 px, 25,000 images, layout compact, ${name}: files; bytes; build beyond the catalog`,
      reach: '<= 40,000; <= 400 MB; <= 60 s',
      ours: '',
      theirs: '',
      result: `${countText(files)}; ${Math.round(bytes / MB)} MB; ${beyond.toFixed(1)} s (match ${result.stages.match.toFixed(1)} s)`,
    });
    await fresh(out);
  }
  return rows;
}

/** Cells that are not square; and native cells of large images. */
export async function shapeRows(bench: Bench): Promise<Row[]> {
  // In this order: deleting what native cells take keeps a disk busy for a while.
  return [await aspectRow(bench), ...(await nativeRows(bench))];
}

async function aspectRow({ data, folder, runs }: Bench): Promise<Row> {
  const site = (aspect: string, run: number) => join(folder, `aspect-${aspect.replace(':', '-')}-${run}`);
  const make = (aspect: string) => async (run: number) => {
    await runCommand('sync', []);
    const size = ['--columns', '256', '--cell-size', '256', '--cell-aspect', aspect];
    const more = [...size, '--catalog', join(folder, 'catalog')];
    const result = await build(data.target, [data.photos], site(aspect, run), ...more);
    return result.stages.pyramid;
  };
  const compared = await inTurns(runs, make('4:3'), make('1:1'));
  for (let run = 0; run < runs; run++) for (const aspect of ['4:3', '1:1']) await fresh(site(aspect, run));
  return {
    what: 'pyramid stage, dzi, 58,368 cells of 256 x 192 px / 43,776 of 256 x 256 px: as many px',
    reach: '<= 2',
    ours: seconds(compared.ours),
    theirs: seconds(compared.theirs),
    result: times(compared.ratio),
  };
}

async function nativeRows({ data, folder }: Bench): Promise<Row[]> {
  const large = await filesOf(join(SHARED_DATA, 'large')).catch(() => []);
  if (large.length === 0) return [];
  const out = await fresh(join(folder, 'native'));
  const options = ['--columns', '64', '--cell-size', 'native', '--catalog', join(folder, 'catalog')];
  const result = await build(data.target, large, out, ...options);
  const { grid, cell, sources, width, height, files, stages, peakRssBytes } = result;
  let lost = 0;
  for (const file of large) {
    const side = await sharp(file)
      .metadata()
      .then((image) => Math.min(image.width, image.height))
      .catch(() => 0);
    if (side > cell.width) lost++;
  }
  const taken = Object.values(stages).reduce((sum, stage) => sum + stage, 0);
  await fresh(out);
  return [
    {
      what: `--cell-size native, ${sources.usable} large images in ${grid.columns} x ${grid.rows} cells, dzi: ${countText(width)} x ${countText(height)} px, ${countText(files)} files`,
      reach: 'no source loses detail, <= 700 MB of memory',
      ours: `${taken.toFixed(0)} s`,
      theirs: '',
      result: `cells of ${cell.width} px: ${lost > 0 ? `${lost} lose` : 'none loses'} detail; ${Math.round(peakRssBytes / MB)} MB`,
    },
  ];
}
