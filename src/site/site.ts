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
import { addressTags, escapeHtml } from '../format/page-address.ts';
import { Directory, type DirectoryFacts } from './directory.ts';
import {
  CHECKSUMS_FILE,
  FOLDERS,
  MOSAIC_FILE,
  OFFLINE_FILE,
  PAGE_FILE,
  PREVIEW_FILE,
  TARGET_FILE,
} from '../format/site-paths.ts';
import { type Previews, previewsOf } from './previews.ts';

/** Writes the files of a site. Paths are relative, with `/`. */
export interface SiteStore {
  /** Reads a file of the site as it will be. */
  read(path: string): Uint8Array;
  write(path: string, bytes: Uint8Array): void;
  /** Writes a file block by block. */
  writeBlocks(path: string, blocks: Iterable<Uint8Array>): void;
}

/** Parts that the site stage writes around the tiles and originals. */
export interface SiteParts {
  readonly mosaic: MosaicJson;
  readonly placement: Placement;
  /** What the directory of sources is made of. */
  readonly directory: Pick<DirectoryFacts, 'pictures' | 'table' | 'closeups'>;
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
 * @returns paths of all files with names of their own.
 * @throws {UserError} `not-a-site` if `mosaic.json` would not pass its own reader.
 */
export async function writeSite(store: SiteStore, parts: SiteParts): Promise<ReadonlySet<string>> {
  const { mosaic, placement, sums } = parts;
  checkMosaic(mosaic);
  const files = new Map(sums.files);
  const previews = await previewsOf(mosaic, (path) => store.read(path));
  for (const [path, blocks] of namedFiles(parts, previews)) {
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
  return new Set(files.keys());
}

/** Makes the files that have names of their own: path, blocks. */
function* namedFiles(
  { mosaic, placement, directory, target, files }: SiteParts,
  previews: Previews,
): Generator<readonly [path: string, Iterable<string | Uint8Array>]> {
  yield* files;
  yield* new Directory({ ...directory, mosaic, cells: placement.cells }).files();
  yield [MOSAIC_FILE, [`${JSON.stringify(mosaic, undefined, 2)}\n`]];
  if (target) yield [TARGET_FILE, [target]];
  if (mosaic.offline) yield [OFFLINE_FILE, [readFileSync(built('offline.js'))]];
  yield [PAGE_FILE, [page(mosaic, previews)]];
  yield [PREVIEW_FILE, [previews.jpeg]];
  for (const { name, path } of viewerFiles()) yield [`${FOLDERS.viewer}/${name}`, [readFileSync(path)]];
}

function page(mosaic: MosaicJson, { inline }: Previews): string {
  const { grid, sources, width, height } = mosaic;
  const description = `A photomosaic of ${countText(grid.columns * grid.rows)} cells and ${countText(sources.used)} images, ${countText(width)} x ${countText(height)} px. Zoom in: every image is there, unaltered.`;
  const fill: Record<string, string> = {
    language: mosaic.language,
    title: escapeHtml(mosaic.title),
    description: escapeHtml(description),
    addresses: addressTags(mosaic.baseUrl),
    width: String(width),
    height: String(height),
    inline,
    mosaic: JSON.stringify(mosaic, withoutAddress).replaceAll('<', String.raw`\u003c`),
  };
  const template = readFileSync(join(ROOT, 'viewer', PAGE_FILE), 'utf8');
  return template.replaceAll(
    /\{\{(language|title|description|addresses|width|height|inline|mosaic)\}\}/g,
    (_, name: string) => fill[name]!,
  );
}

/** Leaves the address out of the page's copy: `addressTags` are the only place in the page that has it. */
function withoutAddress(key: string, value: unknown): unknown {
  return key === 'baseUrl' ? undefined : value;
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
