import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { count } from '../numbers.ts';
import type { MosaicJson, Placement } from '../types.ts';
import { type ReportParts, reportsOf } from './reports.ts';

/** Where a site's files go; paths are relative, with `/`. */
export interface SiteStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file block by block. */
  writeBlocks(path: string, blocks: Iterable<Uint8Array>): void;
}

/** What the site stage writes around the pyramid. */
export interface SiteParts extends ReportParts {
  /** `mosaic.dzi`. */
  readonly descriptor: string;
  /** `checksums.bin`; its name in the site, and its bytes. */
  readonly checksums: { readonly name: string; readonly bytes: Uint8Array };
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Writes descriptors, viewer and reports: everything but tiles. */
export function writeSite(store: SiteStore, parts: SiteParts): void {
  const { mosaic, placement, descriptor, checksums } = parts;
  const text = (path: string, content: string) => store.write(path, Buffer.from(content));
  text('mosaic.dzi', descriptor);
  text('mosaic.json', `${JSON.stringify(mosaic, undefined, 2)}\n`);
  text(mosaic.placement.file, placementScript(placement, mosaic.placement.type));
  store.write(checksums.name, checksums.bytes);
  for (const [name, blocks] of reportsOf(parts)) store.writeBlocks(`report/${name}`, blocks);
  text('index.html', page(mosaic));
  for (const { name, path } of viewerFiles()) store.write(`viewer/${name}`, readFileSync(path));
}

/** `placement.js`: a script, since pages opened from disk can load nothing else. */
function placementScript({ cells }: Placement, type: 'u16' | 'u32'): string {
  const width = type === 'u16' ? 2 : 4;
  const bytes = Buffer.alloc(cells.length * width);
  for (const [i, id] of cells.entries()) bytes.writeUIntLE(id, i * width, width);
  return `zoomosaicPlacement("${bytes.toString('base64')}");\n`;
}

function page(mosaic: MosaicJson): string {
  const { grid, sources, width, height } = mosaic;
  const description = `A photomosaic of ${count(grid.columns * grid.rows)} cells and ${count(sources.used)} images, ${count(width)} x ${count(height)} px. Zoom in: every image is there, unaltered.`;
  const fill: Record<string, string> = {
    title: escapeHtml(mosaic.title),
    description: escapeHtml(description),
    preview: previewOf(mosaic),
    mosaic: JSON.stringify(mosaic).replaceAll('<', String.raw`\u003c`),
  };
  const template = readFileSync(join(ROOT, 'viewer', 'index.html'), 'utf8');
  return template.replaceAll(/\{\{(title|description|preview|mosaic)\}\}/g, (_, name: string) => fill[name]!);
}

/** The whole picture as one tile. */
function previewOf({ levels, tile }: MosaicJson): string {
  const { level } = levels.findLast(({ columns, rows }) => columns === 1 && rows === 1)!;
  return `mosaic_files/${level}/0_0.${tile.extension}`;
}

function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => names[character]!);
}

/** What goes into `viewer/`: our style and compiled scripts, and OpenSeadragon. */
function viewerFiles(): { name: string; path: string }[] {
  const compiled = join(ROOT, 'dist', 'viewer');
  if (!existsSync(compiled)) throw new Error(`${compiled} is missing: run \`npm run build\` first`);
  const scripts = readdirSync(compiled).filter((name) => name.endsWith('.js'));
  const main = createRequire(import.meta.url).resolve('openseadragon');
  return [
    ...scripts.toSorted().map((name) => ({ name, path: join(compiled, name) })),
    { name: 'viewer.css', path: join(ROOT, 'viewer', 'viewer.css') },
    { name: 'openseadragon.min.js', path: join(dirname(main), 'openseadragon.min.js') },
    { name: 'openseadragon-license.txt', path: join(dirname(main), '..', '..', 'LICENSE.txt') },
  ];
}
