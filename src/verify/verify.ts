import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';
import { dziDescriptor, dziTilePath } from '../layout/dzi.ts';
import { mapOrdered } from '../ordered.ts';
import { CHECKSUMS_FILE, type Checksums, unpackChecksums } from '../pyramid/checksums.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { levelsOf, mipsOf, sourceTilePath } from '../tile-plan.ts';
import type { Level, MosaicJson, Recipe } from '../types.ts';
import { type Problem, type Tile, TileChecker } from './tile-checker.ts';

export interface VerifyOptions {
  /** Folder of the site. */
  site: string;
  /** Tiles decoded at the same time; by default the number of processors. */
  concurrency?: number;
  onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  signal?: AbortSignal;
}

export interface VerifyResult {
  readonly site: string;
  /** Tiles looked at, and distinct ones decoded (full-resolution tiles of one source are one). */
  readonly tiles: number;
  readonly decoded: number;
  /** None if the site is whole. */
  readonly problems: readonly Problem[];
}

/** Ways in which a source may stand; see `Turn`. */
const TURNS = 8;

/**
 * Proves that a site is whole: its descriptors agree, and every tile exists, is what was written (CRC-32), decodes, and has
 * the right size; every full-resolution tile is that of the source that `placement.js` puts there.
 *
 * @throws {UserError} `not-a-site`.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { site, onProgress = () => {}, signal } = options;
  const mosaic = await readMosaicJson(site);
  const problems: Problem[] = [];
  const levels = expectedLevels(mosaic, problems);
  const checksums = await readChecksums(site, levels, problems);
  const cells = await readPlacement(site, mosaic, problems);
  await checkFiles(site, mosaic, problems);
  const tiles = new TileChecker(site);
  const total = levels.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  let done = 0;
  const expected = tilesOf(mosaic, levels, checksums, cells);
  const concurrency = options.concurrency ?? availableParallelism();
  for await (const found of mapOrdered(expected, concurrency, (tile) => tiles.check(tile))) {
    problems.push(...found);
    done++;
    if (done % 64 === 0 || done === total) onProgress({ done, total });
    signal?.throwIfAborted();
  }
  return { site, tiles: done, decoded: tiles.decoded, problems };
}

function recipeOf({ cellSize, tileSize, tile, crop }: MosaicJson): Recipe {
  return { cellSize, tileSize, format: tile.format, quality: tile.quality, subsampling: tile.subsampling, crop };
}

function expectedLevels(mosaic: MosaicJson, problems: Problem[]): Level[] {
  const levels = levelsOf(mosaic.grid, mosaic.cellSize, recipeOf(mosaic));
  const deepest = levels.at(-1);
  const agree = JSON.stringify(levels) === JSON.stringify(mosaic.levels);
  if (!agree || deepest?.width !== mosaic.width || deepest.height !== mosaic.height) {
    problems.push({ path: 'mosaic.json', problem: 'levels or size do not follow from the grid' });
  }
  return levels;
}

async function readChecksums(site: string, levels: Level[], problems: Problem[]): Promise<Checksums | undefined> {
  try {
    return unpackChecksums(await readFile(join(site, CHECKSUMS_FILE)), levels);
  } catch (error) {
    problems.push({ path: CHECKSUMS_FILE, problem: systemCode(error) === 'ENOENT' ? 'missing' : messageOf(error) });
    return undefined;
  }
}

async function readPlacement(site: string, mosaic: MosaicJson, problems: Problem[]): Promise<number[] | undefined> {
  const { file, type } = mosaic.placement;
  const { columns, rows } = mosaic.grid;
  try {
    const text = await readFile(join(site, file), 'utf8');
    const base64 = /^zoomosaicPlacement\("([A-Za-z0-9+/=]*)"\);\n$/.exec(text)?.[1] ?? '';
    const bytes = Buffer.from(base64, 'base64');
    const width = type === 'u16' ? 2 : 4;
    const length = bytes.length === columns * rows * width ? columns * rows : 0;
    const cells = Array.from({ length }, (_, i) => bytes.readUIntLE(i * width, width));
    // Ids of pictures: of each way to stand, all sources.
    if (length && cells.every((id) => id < TURNS * mosaic.sources.usable)) return cells;
    problems.push({ path: file, problem: 'does not fit mosaic.json' });
  } catch (error) {
    problems.push({ path: file, problem: systemCode(error) === 'ENOENT' ? 'missing' : 'damaged' });
  }
  return undefined;
}

/** The descriptor, the page, and all that the page loads. */
async function checkFiles(site: string, mosaic: MosaicJson, problems: Problem[]): Promise<void> {
  const read = async (path: string) => {
    try {
      const text = await readFile(join(site, path), 'utf8');
      if (text === '') problems.push({ path, problem: 'empty' });
      return text;
    } catch (error) {
      problems.push({ path, problem: systemCode(error) === 'ENOENT' ? 'missing' : messageOf(error) });
      return undefined;
    }
  };
  const descriptor = await read('mosaic.dzi');
  if (descriptor && descriptor !== dziDescriptor(mosaic.width, mosaic.height, recipeOf(mosaic))) {
    problems.push({ path: 'mosaic.dzi', problem: 'does not agree with mosaic.json' });
  }
  const page = (await read('index.html')) ?? '';
  for (const [, path] of page.matchAll(/(?:src|href)="(viewer\/[^"]+)"/g)) await read(path!);
}

function* tilesOf(
  mosaic: MosaicJson,
  levels: readonly Level[],
  checksums: Checksums | undefined,
  cells: readonly number[] | undefined,
): Generator<Tile> {
  const recipe = recipeOf(mosaic);
  const { extension } = mosaic.tile;
  for (const { level, cell, width, height, columns, rows, from } of levels) {
    const mip = from === 'reference' ? mipsOf(recipe).find(({ size }) => size === cell) : undefined;
    for (let i = 0; i < columns * rows; i++) {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      let original: string | undefined;
      if (mip && cells) {
        const at = Math.floor(row / mip.tiles) * mosaic.grid.columns + Math.floor(column / mip.tiles);
        original = sourceTilePath(cells[at]!, mip, column % mip.tiles, row % mip.tiles, extension);
      }
      yield {
        path: dziTilePath(level, column, row, extension),
        width: Math.min(mosaic.tileSize, width - column * mosaic.tileSize),
        height: Math.min(mosaic.tileSize, height - row * mosaic.tileSize),
        sum: checksums?.[level]?.[i],
        original,
      };
    }
  }
}
