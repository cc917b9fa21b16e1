import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { count } from '../numbers.ts';
import type { MosaicJson } from '../mosaic-json.ts';
import { blockPath, blockScript, blocksOf } from './cell-blocks.ts';
import { type ReportParts, reportsOf } from './reports.ts';

/** Where a site's files go; paths are relative, with `/`. */
export interface SiteStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file block by block. */
  writeBlocks(path: string, blocks: Iterable<Uint8Array>): void;
}

/** What the site stage writes around the pyramid. */
export interface SiteParts extends ReportParts {
  /** Descriptors of layouts, `checksums.bin`, …: by their paths; texts in blocks. */
  readonly files: ReadonlyMap<string, Iterable<string> | Uint8Array>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Writes descriptors, placement, viewer and reports: everything but tiles. */
export function writeSite(store: SiteStore, parts: SiteParts): void {
  const { mosaic, placement, files } = parts;
  const text = (path: string, content: string) => store.write(path, Buffer.from(content));
  for (const [path, content] of files) {
    if (content instanceof Uint8Array) store.write(path, content);
    else store.writeBlocks(path, buffersOf(content));
  }
  text('mosaic.json', `${JSON.stringify(mosaic, undefined, 2)}\n`);
  for (const block of blocksOf(mosaic.grid, mosaic.placement.block)) {
    text(blockPath(mosaic.placement, block), blockScript(placement, block, mosaic.placement));
  }
  for (const [name, blocks] of reportsOf(parts)) store.writeBlocks(`report/${name}`, blocks);
  text('index.html', page(mosaic));
  for (const { name, path } of viewerFiles()) store.write(`viewer/${name}`, readFileSync(path));
}

function* buffersOf(blocks: Iterable<string>): Generator<Buffer> {
  for (const block of blocks) yield Buffer.from(block);
}

function page(mosaic: MosaicJson): string {
  const { grid, sources, width, height } = mosaic;
  const description = `A photomosaic of ${count(grid.columns * grid.rows)} cells and ${count(sources.used)} images, ${count(width)} x ${count(height)} px. Zoom in: every image is there, unaltered.`;
  const fill: Record<string, string> = {
    title: escapeHtml(mosaic.title),
    description: escapeHtml(description),
    preview: previewOf(mosaic),
    mosaic: JSON.stringify(mosaic, withoutAddress).replaceAll('<', String.raw`\u003c`),
  };
  const template = readFileSync(join(ROOT, 'viewer', 'index.html'), 'utf8');
  return template.replaceAll(/\{\{(title|description|preview|mosaic)\}\}/g, (_, name: string) => fill[name]!);
}

/** A page is the same wherever it is published. */
function withoutAddress(key: string, value: unknown): unknown {
  return key === 'baseUrl' ? undefined : value;
}

/** The whole picture as one tile. */
function previewOf({ layouts, levels, tile }: MosaicJson): string {
  const name = layouts.dzi ? 'mosaic' : 'overview';
  const has = (layouts.dzi ?? layouts.compact)?.levels;
  const whole = has?.findLast(({ level, tile: { width, height } }) => {
    const { width: across, height: down } = levels[level]!;
    return across <= width && down <= height;
  });
  return whole ? `${name}_files/${whole.level}/0_0.${tile.extension}` : 'iiif/image/full/max/0/default.jpg';
}

function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => names[character]!);
}

/** What goes into `viewer/`: our style and script, and OpenSeadragon. */
function viewerFiles(): { name: string; path: string }[] {
  const script = join(ROOT, 'dist', 'viewer', 'viewer.js');
  if (!existsSync(script)) throw new Error(`${script} is missing: run \`npm run build\` first`);
  const main = createRequire(import.meta.url).resolve('openseadragon');
  return [
    { name: 'viewer.js', path: script },
    { name: 'viewer.css', path: join(ROOT, 'viewer', 'viewer.css') },
    { name: 'openseadragon.min.js', path: join(dirname(main), 'openseadragon.min.js') },
    { name: 'openseadragon-license.txt', path: join(dirname(main), '..', '..', 'LICENSE.txt') },
  ];
}
