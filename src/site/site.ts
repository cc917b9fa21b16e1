import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { count } from '../numbers.ts';
import type { MosaicJson, Placement, SkippedFile } from '../types.ts';

/** Where a site's files go; paths are relative, with `/`. */
export interface SiteStore {
  write(path: string, bytes: Uint8Array): void;
}

/** What the site stage writes around the pyramid. */
export interface SiteParts {
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  readonly skipped: readonly SkippedFile[];
  /** `mosaic.dzi`. */
  readonly descriptor: string;
  /** `checksums.bin`; its name in the site, and its bytes. */
  readonly checksums: { readonly name: string; readonly bytes: Uint8Array };
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Writes descriptors, viewer and reports: everything but tiles. */
export function writeSite(store: SiteStore, { mosaic, placement, skipped, descriptor, checksums }: SiteParts): void {
  const text = (path: string, content: string) => store.write(path, Buffer.from(content));
  text('mosaic.dzi', descriptor);
  text('mosaic.json', `${JSON.stringify(mosaic, undefined, 2)}\n`);
  text(mosaic.placement.file, placementScript(placement, mosaic.placement.type));
  store.write(checksums.name, checksums.bytes);
  text('report/skipped.csv', skippedCsv(skipped));
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

/** RFC 4180; paths relative to the working directory where they lie in it, so that no more is told than needed. */
function skippedCsv(skipped: readonly SkippedFile[]): string {
  const field = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const shown = (path: string) => {
    const near = relative(process.cwd(), path);
    return near.startsWith('..') ? path : near;
  };
  return ['path,reason', ...skipped.map(({ path, reason }) => `${field(shown(path))},${field(reason)}`), ''].join(
    '\r\n',
  );
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
