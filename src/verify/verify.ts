import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { systemCode, UserError } from '../errors.ts';
import { iiifMembers } from '../layout/iiif.ts';
import { descriptorsOf, layoutProblem, siteSets } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { mapOrdered } from '../ordered.ts';
import { BLOCKS, CHECKSUMS_FILE, type Checksums, unpackChecksums } from '../pyramid/checksums.ts';
import { blockPath, blocksOf, readBlock } from '../site/cell-blocks.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { extensionOf, levelsOf } from '../tile-plan.ts';
import { pictureFile, tileCount, tileRect, type TileSet } from '../tile-set.ts';
import type { MosaicJson } from '../mosaic-json.ts';
import { explain } from '../reasons.ts';
import { filesOf, readOriginals } from './originals.ts';
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
  /** Tiles and originals looked at, and distinct ones decoded (full-resolution tiles of one source are one). */
  readonly tiles: number;
  readonly decoded: number;
  /** None if the site is whole. */
  readonly problems: readonly Problem[];
}

/**
 * Proves that a site is whole: its descriptors agree, and every tile of every layout exists, is what was written (CRC-32),
 * decodes, and has the right size; every full-resolution tile is that of the picture that the placement puts there; and so do
 * originals.
 *
 * @throws {UserError} `not-a-site`.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { site, onProgress = () => {}, signal } = options;
  const mosaic = await readMosaicJson(site);
  const problems: Problem[] = [];
  const shape = shapeOf(mosaic);
  checkShape(mosaic, shape, problems);
  const sets = siteSets(shape);
  const blocks = [...blocksOf(mosaic.grid, mosaic.placement.block)];
  const checksums = await readChecksums(site, sets, blocks.length, problems);
  const cells = await readPlacement(site, mosaic, checksums?.get(BLOCKS), problems);
  await checkFiles(site, shape, problems);
  const tiles = new TileChecker(site);
  const { originals, problems: ofOriginals } = mosaic.originals
    ? await readOriginals(site, mosaic.pictures, mosaic.originals.block)
    : { originals: [], problems: [] };
  problems.push(...ofOriginals);
  const total = tileCount(sets) + originals.length;
  let done = 0;
  const expected = concat(
    tilesOf(shape, sets, checksums, cells),
    originals.map((original) => [...filesOf(original)]),
  );
  const concurrency = options.concurrency ?? availableParallelism();
  const check = async (alike: readonly Tile[]) => (await Promise.all(alike.map((tile) => tiles.check(tile)))).flat();
  for await (const found of mapOrdered(expected, concurrency, check)) {
    problems.push(...found);
    done++;
    if (done % 64 === 0 || done === total) onProgress({ done, total });
    signal?.throwIfAborted();
  }
  return { site, tiles: done, decoded: tiles.decoded, problems };
}

function shapeOf({ grid, cell, tileSize, tile, pictures, layouts }: MosaicJson): SiteShape {
  return { grid, recipe: { cell, tileSize, format: tile.format, subsampling: tile.subsampling }, pictures, layouts };
}

function checkShape(mosaic: MosaicJson, shape: SiteShape, problems: Problem[]): void {
  const levels = levelsOf(mosaic.grid, mosaic.cell);
  const deepest = levels.at(-1);
  const agree = JSON.stringify(levels) === JSON.stringify(mosaic.levels);
  if (!agree || deepest?.width !== mosaic.width || deepest.height !== mosaic.height) {
    problems.push({ path: 'mosaic.json', problem: 'levels or size do not follow from the grid' });
  }
  const problem = layoutProblem(shape);
  if (problem) problems.push({ path: 'mosaic.json', problem });
}

async function readChecksums(
  site: string,
  sets: readonly TileSet[],
  blocks: number,
  problems: Problem[],
): Promise<Checksums | undefined> {
  try {
    return unpackChecksums(await readFile(join(site, CHECKSUMS_FILE)), sets, blocks);
  } catch (error) {
    const problem = error instanceof UserError ? error.message : explain(error);
    problems.push({ path: CHECKSUMS_FILE, problem: systemCode(error) === 'ENOENT' ? 'missing' : problem });
    return undefined;
  }
}

async function readPlacement(
  site: string,
  mosaic: MosaicJson,
  sums: Uint32Array | undefined,
  problems: Problem[],
): Promise<Uint32Array | undefined> {
  const { grid, placement, pictures } = mosaic;
  const cells = new Uint32Array(grid.columns * grid.rows);
  const before = problems.length;
  for (const [i, block] of [...blocksOf(grid, placement.block)].entries()) {
    const path = blockPath(placement, block);
    try {
      const text = await readFile(join(site, path), 'utf8');
      if (!readBlock(text, block, placement, grid, cells)) problems.push({ path, problem: 'does not fit mosaic.json' });
      else if (sums && crc32(text) !== sums[i]) problems.push({ path, problem: 'damaged: its checksum is another' });
    } catch (error) {
      problems.push({ path, problem: systemCode(error) === 'ENOENT' ? 'missing' : 'damaged' });
    }
  }
  if (cells.some((picture) => picture >= pictures)) {
    problems.push({ path: placement.folder, problem: 'names pictures that do not exist' });
  }
  return problems.length === before ? cells : undefined;
}

/** The descriptors, the page, and all that the page loads. */
async function checkFiles(site: string, shape: SiteShape, problems: Problem[]): Promise<void> {
  const read = async (path: string) => {
    try {
      const text = await readFile(join(site, path), 'utf8');
      if (text === '') problems.push({ path, problem: 'empty' });
      return text;
    } catch (error) {
      problems.push({ path, problem: systemCode(error) === 'ENOENT' ? 'missing' : explain(error) });
      return undefined;
    }
  };
  for (const [path, expected] of descriptorsOf(shape)) {
    const text = await read(path);
    if (text && text !== expected.join('')) problems.push({ path, problem: 'does not agree with mosaic.json' });
  }
  for (const [path, members] of iiifMembers(shape)) {
    const text = await read(path);
    if (text && !hasMembers(text, members))
      problems.push({ path, problem: 'is damaged, or of another image or address than mosaic.json' });
  }
  const page = (await read('index.html')) ?? '';
  for (const [, path] of page.matchAll(/(?:src|href)="(viewer\/[^"]+)"/g)) await read(path!);
}

/** Whether a JSON document has these members, besides others. */
function hasMembers(text: string, members: object): boolean {
  try {
    const document = JSON.parse(text) as Record<string, unknown>;
    return Object.entries(members).every(([name, value]) => isDeepStrictEqual(document[name], value));
  } catch {
    return false;
  }
}

function* concat<Item>(first: Iterable<Item>, second: Iterable<Item>): Generator<Item> {
  yield* first;
  yield* second;
}

/** Each tile, under all its paths. */
function* tilesOf(
  { recipe }: SiteShape,
  sets: readonly TileSet[],
  checksums: Checksums | undefined,
  cells: Uint32Array | undefined,
): Generator<Tile[]> {
  const extension = extensionOf(recipe.format);
  for (const set of sets) {
    const { name, shows, grid, cell, tile, from, columns, rows } = set;
    const [across, down] = [cell.width / tile.width, cell.height / tile.height];
    const refers = shows === 'mosaic' && from === 'reference' && cells;
    for (let i = 0; i < columns * rows; i++) {
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const { width, height } = tileRect(set, column, row);
      let original: string | undefined;
      if (refers) {
        const picture = cells[Math.floor(row / down) * grid.columns + Math.floor(column / across)]!;
        const piece = [column % across, row % down] as const;
        original = pictureFile(picture, { ...cell, across, down }, piece, recipe.cell, extension);
      }
      // What a source brought itself is not ours.
      const own = shows === 'pictures' && from === 'reference';
      const sum = checksums?.get(name)?.[i];
      yield set.pathsOf(column, row).map((path) => ({ path, width, height, sum, original, own }));
    }
  }
}
