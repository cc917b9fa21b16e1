import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { blockScript } from '../format/block-script.ts';
import { blockPath, blocksOf } from '../format/cell-blocks.ts';
import { type Checksums, packChecksums } from '../format/checksums.ts';
import { countText } from '../messages.ts';
import { type MosaicJson } from '../format/mosaic-json.ts';
import { checkMosaic } from '../format/mosaic-reader.ts';
import type { Placement } from '../types.ts';
import { Directory, type DirectoryFacts } from './directory.ts';
import {
  CHECKSUMS_FILE,
  FOLDERS,
  IIIF_PATHS,
  MOSAIC_FILE,
  OFFLINE_FILE,
  PAGE_FILE,
  PYRAMIDS,
  TARGET_FILE,
  dziTilePath,
} from '../format/site-paths.ts';

/** Writes the files of a site. Paths are relative, with `/`. */
export interface SiteStore {
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file block by block. */
  writeBlocks(path: string, blocks: Iterable<Uint8Array>): void;
}

/** Parts that the site stage writes around the tiles and originals. */
export interface SiteParts {
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  /** What the directory of sources is made of. */
  readonly directory: Pick<DirectoryFacts, 'pictures' | 'table'>;
  /** The target to compare with; undefined if the site has none. */
  readonly target: Uint8Array | undefined;
  /** Descriptors and documents of the layouts: path -> blocks. */
  readonly files: ReadonlyMap<string, Iterable<string>>;
  /** CRC-32 of the files that earlier stages wrote. */
  readonly sums: Omit<Checksums, 'cells'>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Writes everything but tiles and originals: descriptors, `mosaic.json`, page, viewer and placement; last the checksums of
 * all files.
 *
 * @throws {UserError} `not-a-site` if `mosaic.json` would not pass its own reader.
 */
export function writeSite(store: SiteStore, parts: SiteParts): void {
  const { mosaic, placement, sums } = parts;
  checkMosaic(mosaic);
  const files = new Map(sums.files);
  for (const [path, blocks] of namedFiles(parts)) {
    let sum = 0;
    const summed = function* () {
      for (const block of blocks) {
        sum = crc32(block, sum);
        yield typeof block === 'string' ? Buffer.from(block) : block;
      }
    };
    store.writeBlocks(path, summed());
    files.set(path, sum);
  }
  const cells: number[] = [];
  for (const block of blocksOf(mosaic.grid, mosaic.placement.block)) {
    const script = Buffer.from(blockScript(placement, block, mosaic.placement));
    store.write(blockPath(block), script);
    cells.push(crc32(script));
  }
  store.write(CHECKSUMS_FILE, packChecksums({ ...sums, cells: Uint32Array.from(cells), files }));
}

/** Makes the files that have names of their own: path, blocks. */
function* namedFiles({
  mosaic,
  placement,
  directory,
  target,
  files,
}: SiteParts): Generator<readonly [path: string, Iterable<string | Uint8Array>]> {
  yield* files;
  yield* new Directory({ ...directory, mosaic, cells: placement.cells }).files();
  yield [MOSAIC_FILE, [`${JSON.stringify(mosaic, undefined, 2)}\n`]];
  if (target) yield [TARGET_FILE, [target]];
  if (mosaic.offline) yield [OFFLINE_FILE, [readFileSync(built('offline.js'))]];
  yield [PAGE_FILE, [page(mosaic)]];
  for (const { name, path } of viewerFiles()) yield [`${FOLDERS.viewer}/${name}`, [readFileSync(path)]];
}

function page(mosaic: MosaicJson): string {
  const { grid, sources, width, height } = mosaic;
  const description = `A photomosaic of ${countText(grid.columns * grid.rows)} cells and ${countText(sources.used)} images, ${countText(width)} x ${countText(height)} px. Zoom in: every image is there, unaltered.`;
  const fill: Record<string, string> = {
    language: mosaic.language,
    title: escapeHtml(mosaic.title),
    description: escapeHtml(description),
    preview: previewOf(mosaic),
    mosaic: JSON.stringify(mosaic, withoutAddress).replaceAll('<', String.raw`\u003c`),
  };
  const template = readFileSync(join(ROOT, 'viewer', PAGE_FILE), 'utf8');
  return template.replaceAll(/\{\{(language|title|description|preview|mosaic)\}\}/g, (_, name: string) => fill[name]!);
}

/** Leaves the address out of the page: it is the same wherever it is published. */
function withoutAddress(key: string, value: unknown): unknown {
  return key === 'baseUrl' ? undefined : value;
}

/** Path of the deepest tile that shows the whole mosaic; it serves as the preview. */
function previewOf({ layouts, levels, tile }: MosaicJson): string {
  const pyramid = layouts.dzi ? PYRAMIDS.dzi : PYRAMIDS.compact;
  const has = (layouts.dzi ?? layouts.compact)?.levels;
  const whole = has?.findLast(({ level, tile: { width, height } }) => {
    const { width: across, height: down } = levels[level]!;
    return across <= width && down <= height;
  });
  return whole
    ? dziTilePath(pyramid, { level: whole.level, column: 0, row: 0 }, tile.extension)
    : `${IIIF_PATHS.imageFolder}/full/max/0/default.jpg`;
}

function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => names[character]!);
}

/** Returns the path of a bundled script. */
function built(name: string): string {
  const path = join(ROOT, 'dist', 'viewer', name);
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\` first`);
  return path;
}

/** Files of `viewer/`: our style and script, and OpenSeadragon. */
function viewerFiles(): { name: string; path: string }[] {
  const main = createRequire(import.meta.url).resolve('openseadragon');
  return [
    { name: 'viewer.js', path: built('viewer.js') },
    { name: 'extras.js', path: built('extras.js') },
    { name: 'viewer.css', path: join(ROOT, 'viewer', 'viewer.css') },
    { name: 'openseadragon.min.js', path: join(dirname(main), 'openseadragon.min.js') },
    { name: 'openseadragon-license.txt', path: join(dirname(main), '..', '..', 'LICENSE.txt') },
  ];
}
