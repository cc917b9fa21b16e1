import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { UserError } from '../errors.ts';
import { type Checksums, CHECKSUMS_FILE, unpackChecksums } from '../format/checksums.ts';
import { MOSAIC_FILE } from '../format/mosaic-json.ts';
import { originalParts } from '../format/original-index.ts';
import type { KeptOriginal } from '../originals/originals.ts';
import { count } from '../numbers.ts';
import { readMosaicJson } from '../site/read-site.ts';
import type { SiteRecord } from '../site/record.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import { stageFiles } from '../staging/staging.ts';
import { PatchStore } from '../store/patch-store.ts';
import { tileCount, type TileSet } from '../tile-set.ts';
import { verify, type VerifyOptions, type VerifyResult } from '../verify/verify.ts';
import { keptOriginals } from './kept-originals.ts';
import { pictureIds, type Reopened, refuseForeign, refuseForgotten, reopen } from './reopen.ts';
import { differences, rewrite } from './rewrite.ts';

/** What was found in a site, and what was mended of it. */
export interface RepairResult extends VerifyResult {
  /** Files that were written anew, relative to the site; `problems` are what is left. */
  readonly repaired: readonly string[];
}

/**
 * Verifies a site, and writes what is damaged or missing anew from the catalog; all else stays as it is.
 *
 * @throws {UserError} `site` if the reports are not those of the site, or there are none; `catalog` if that no longer knows the
 *   images; `not-writable` or `disk-full`.
 */
export async function repair(options: VerifyOptions): Promise<RepairResult> {
  const repaired = new Set<string>();
  try {
    for (let pass = 1; ; pass++) {
      const found = await verifyIfSite(options);
      if (found && (found.problems.length === 0 || pass > PASSES)) return { ...found, repaired: [...repaired] };
      const damaged = new Set(found?.problems.map(({ path }) => path) ?? [MOSAIC_FILE]);
      for (const path of await mend(options, damaged)) repaired.add(path);
    }
  } catch (error) {
    if (error !== options.signal?.reason || repaired.size === 0) throw error;
    throw new UserError(
      'site',
      `Interrupted; damaged files of ${options.site} that are mended: ${count(repaired.size)}`,
      'Run it again to go on.',
      { cause: error },
    );
  }
}

/** What a site is has to be known before all that is damaged can be found. */
const PASSES = 3;

/** Writes damaged files anew; tells which. */
async function mend(options: VerifyOptions, damaged: ReadonlySet<string>): Promise<readonly string[]> {
  const { site, report = reportFolderOf(site), catalog = defaultCatalog() } = options;
  const { concurrency = availableParallelism(), signal = new AbortController().signal } = options;
  const staged = await stageFiles(site, signal);
  let reopened: Reopened | undefined;
  try {
    const mosaicOf = async (record: SiteRecord) => (damaged.has(MOSAIC_FILE) ? record.mosaic : readMosaicJson(site));
    reopened = await reopen(mosaicOf, { site, report, catalog, concurrency, signal });
    refuseForgotten(reopened, () => true);
    await refuseForeign(staged.place, reopened);
    const { mosaic, cells, costs, sets, names, record } = reopened;
    const sums = await soundSums(staged.place, sets);
    const { gap, distanceCost, minDistance } = mosaic.quality;
    const isDamaged = (set: TileSet, column: number, row: number) =>
      set.pathsOf(column, row).some((path) => damaged.has(path));
    const written = await rewrite(reopened, {
      mosaic,
      placement: { grid: mosaic.grid, cells, costs, gap, distanceCost, minDistance },
      ids: pictureIds(reopened),
      // Without checksums nobody knows what is damaged.
      wants: sums ? isDamaged : () => true,
      sums: sums ?? NO_SUMS,
      kept: sums ? soundOriginals(record, sums, damaged) : new Map<string, KeptOriginal>(),
      nameOf: (picture) => names[record.pictures[picture]![0]]!,
      store: new PatchStore(staged.folder, staged.place, { option: '--out', path: site }),
      onProgress: (done, total) => options.onProgress?.({ done, total }),
    });
    written.pictures.close();
    const patch = differences(staged.folder, staged.place, [], new Set());
    await staged.commit(patch);
    return patch.files.filter((path) => path !== CHECKSUMS_FILE || damaged.has(path));
  } catch (error) {
    await staged.discard().catch(() => {});
    throw error;
  } finally {
    reopened?.catalog.close();
  }
}

const NO_SUMS: Checksums = {
  tiles: new Uint32Array(0),
  cells: new Uint32Array(0),
  originals: new Map(),
  files: new Map(),
};

/** What is wrong with a site; undefined if it cannot even be told what it is. */
async function verifyIfSite(options: VerifyOptions): Promise<VerifyResult | undefined> {
  try {
    return await verify(options);
  } catch (error) {
    if (error instanceof UserError && error.code === 'not-a-site') return undefined;
    throw error;
  }
}

/** A site's checksums, if they can be used. */
async function soundSums(site: string, sets: readonly TileSet[]): Promise<Checksums | undefined> {
  try {
    const sums = unpackChecksums(await readFile(join(site, CHECKSUMS_FILE)));
    return sums.tiles.length === tileCount(sets) ? sums : undefined;
  } catch {
    return undefined;
  }
}

/** Originals of which no file is damaged. */
function soundOriginals(record: SiteRecord, sums: Checksums, damaged: ReadonlySet<string>): Map<string, KeptOriginal> {
  const kept = keptOriginals(record, sums);
  for (const [hash, original] of kept) {
    for (const { path } of originalParts(original)) if (damaged.has(path)) kept.delete(hash);
  }
  return kept;
}
