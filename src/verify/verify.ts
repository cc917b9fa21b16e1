import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import { checkPaths } from '../messages.ts';
import { blockCount } from '../format/cell-blocks.ts';
import { type Checksums } from '../format/checksums.ts';
import { type MosaicJson } from '../format/mosaic-json.ts';
import { originalPartCount } from '../format/original-index.ts';
import { expectedLayouts, siteSets } from '../layout/site-sets.ts';
import type { SiteShape } from '../layout/site-shape.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { tileCount, type TileSet } from '../tiles/tile-set.ts';
import { checkAgreement } from './named-files.ts';
import { expectedOf, readOriginals } from './originals.ts';
import { readPlacement } from './placement.ts';
import { type Checking, type Problem, Problems, TooManyProblems } from './problems.ts';
import { readDescription } from './read-mosaic.ts';
import { SiteFiles } from './site-files.ts';
import { type Expected, TileChecker } from './tile-checker.ts';
import { tilesOf } from './tiles.ts';
import { CHECKSUMS_FILE, MOSAIC_FILE } from '../format/site-paths.ts';

export interface VerifyOptions {
  /** Folder of the site. */
  site: string;
  /** Re-create every tile from the catalog, too, and compare. */
  deep?: boolean;
  /**
   * With `deep`: folder of the site's reports, by default beside the site; folder of the catalog, by default in the user's
   * cache directory.
   */
  report?: string;
  catalog?: string;
  /** Number of tiles decoded at once; by default the number of processors. */
  concurrency?: number;
  onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  signal?: AbortSignal;
}

export interface VerifyResult {
  readonly site: string;
  /**
   * Number of checked tiles and files of originals; and number of distinct files decoded (the full-resolution tiles of one
   * picture count once).
   */
  readonly tiles: number;
  readonly decoded: number;
  /** Empty if the site is intact; at most one per file. */
  readonly problems: readonly Problem[];
}

/**
 * Proves that a site is intact: every file exists and equals its checksum (CRC-32); every tile of every layout and every
 * original decodes to the right size; every full-resolution tile is that of the picture in the placement. Foreign files are
 * ignored.
 *
 * @throws {UserError} `not-a-site`; `usage` if an option is no path.
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const { site, report, catalog } = options;
  checkPaths({ report, catalog });
  const files = new SiteFiles(site);
  const problems = new Problems();
  const checker = new TileChecker(files, problems);
  let tiles = 0;
  try {
    const { mosaic, sums } = await readDescription(site, files, problems);
    if (mosaic) tiles = await verifyFiles(mosaic, sums, { ...options, files, problems, checker });
  } catch (error) {
    if (!(error instanceof TooManyProblems)) throw error;
  }
  if (options.deep && problems.all.length === 0) await verifyDeep(options, problems);
  return { site, tiles, decoded: checker.decoded, problems: problems.all };
}

/** Reports tiles that differ from those made of the catalog. Everything else is proven by the checksums. */
async function verifyDeep(options: VerifyOptions, problems: Problems): Promise<void> {
  const { site, report = reportFolderOf(site), catalog = defaultCatalog(), onProgress = () => {} } = options;
  const { concurrency = availableParallelism(), signal = new AbortController().signal } = options;
  const { deepDifferences } = await import('../mend/deep.ts');
  const { paths } = await deepDifferences({
    site,
    report,
    catalog,
    concurrency,
    signal,
    onProgress: (done, total) => onProgress({ done, total }),
  });
  for (const path of paths) problems.add(path, 'is not what the catalog gives');
}

/** Options and tools of one verification. */
interface Verifying extends VerifyOptions, Checking {
  readonly checker: TileChecker;
}

/** Checks all files. Returns the number of checked tiles and files of originals. */
async function verifyFiles(mosaic: MosaicJson, sums: Checksums | undefined, verifying: Verifying): Promise<number> {
  const { files, problems, checker, concurrency = availableParallelism(), onProgress = () => {}, signal } = verifying;
  const shape = shapeOf(mosaic);
  const sets = siteSets(shape);
  // If the checksums do not fit `mosaic.json`, the expected files are unknown.
  if (sums && !fits(sums, sets, mosaic)) {
    if (!problems.has(MOSAIC_FILE)) problems.add(CHECKSUMS_FILE, 'does not fit mosaic.json');
    return 0;
  }
  if (!problems.has(MOSAIC_FILE)) {
    if (!isDeepStrictEqual(shape.layouts, mosaic.layouts)) {
      problems.add(MOSAIC_FILE, 'has layouts that do not follow from the grid');
    }
    checkAgreement(files, shape, problems);
  }
  const cells = readPlacement(mosaic, sums?.cells, verifying);
  const originals = readOriginals(mosaic, sums?.originals, verifying);
  const total = tileCount(sets) + originals.reduce((sum, original) => sum + originalPartCount(original), 0);
  let done = 0;
  const check = async (alike: readonly Expected[]) => {
    for (const one of alike) await checker.check(one);
  };
  const expected = concat(tilesOf({ shape, sets, sums: sums?.tiles, cells }), each(expectedOf(originals, verifying)));
  for await (const _ of mapOrdered(expected, concurrency, check)) {
    done++;
    if (done % 64 === 0 || done === total) onProgress({ done, total });
    signal?.throwIfAborted();
  }
  return done;
}

/** Derives what the files of a site follow from. The layouts are those that a build would write. */
function shapeOf({ grid, cell, tileSize, tile, pictures, layouts, baseUrl, names }: MosaicJson): SiteShape {
  const recipe = { cell, tileSize, format: tile.format, subsampling: tile.subsampling };
  const expected = expectedLayouts({ grid, recipe, pictures, layouts });
  return { grid, recipe, pictures, layouts: expected, baseUrl, names };
}

/** Tells whether the checksums have as many tiles and blocks as `mosaic.json` requires. */
function fits({ tiles, cells }: Checksums, sets: readonly TileSet[], { grid, placement }: MosaicJson): boolean {
  return tiles.length === tileCount(sets) && cells.length === blockCount(grid, placement.block);
}

function* concat<Item>(first: Iterable<Item>, second: Iterable<Item>): Generator<Item> {
  yield* first;
  yield* second;
}

function* each<Item>(items: Iterable<Item>): Generator<Item[]> {
  for (const item of items) yield [item];
}
