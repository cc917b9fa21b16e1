import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { UserError } from '../errors.ts';
import { type Checksums } from '../format/checksums.ts';
import { originalParts } from '../format/original-index.ts';
import type { Closeup } from '../originals/closeups.ts';
import type { KeptOriginal } from '../originals/originals.ts';
import { countText } from '../messages.ts';
import { reasonText } from '../image/reasons.ts';
import { readMosaicJson } from '../site/read-site.ts';
import type { SiteRecord } from '../site/record.ts';
import { reportFolderOf } from '../staging/report-folder.ts';
import { stageFiles } from '../staging/staging.ts';
import { PatchStore } from '../store/patch-store.ts';
import { tileCount, type TileSet } from '../tiles/tile-set.ts';
import type { Problem } from '../verify/problems.ts';
import { verify, type VerifyOptions, type VerifyResult } from '../verify/verify.ts';
import { keptCloseups, keptOriginals } from './kept-originals.ts';
import { forgottenError, pictureIds, readSums, type Reopened, refuseForeign, reopen } from './reopen.ts';
import { differences, rewrite, writeDocuments } from './rewrite.ts';
import { CHECKSUMS_FILE, CLOSEUPS, closeupPath, FOLDERS, MOSAIC_FILE } from '../format/site-paths.ts';

/** Result of verifying and repairing a site. */
export interface RepairResult extends VerifyResult {
  /** Paths of rewritten files, relative to the site. `problems` are those that remain. */
  readonly repaired: readonly string[];
}

/**
 * Verifies a site, and rewrites damaged or missing files from its record and the catalog. Other files stay as they are. Files
 * that cannot be rewritten remain as problems, with the reason.
 *
 * @throws {UserError} `site` if the reports are missing or not those of the site; `catalog` if it no longer knows the images,
 *   and the checksums are damaged, too; `not-writable` or `disk-full`.
 */
export async function repair(options: VerifyOptions): Promise<RepairResult> {
  const repaired = new Set<string>();
  const hindered = new Map<string, string>();
  try {
    for (let pass = 1; ; pass++) {
      const found = await verifyIfSite(options);
      const left = found?.problems.filter(({ path }) => !hindered.has(path));
      if (found && (left?.length === 0 || pass > PASSES)) {
        return { ...found, problems: explained(found.problems, hindered), repaired: [...repaired] };
      }
      const damaged = new Set(found?.problems.map(({ path }) => path) ?? [MOSAIC_FILE]);
      const mended = await mend(options, damaged);
      for (const path of mended.files) repaired.add(path);
      for (const [path, why] of mended.hindered) hindered.set(path, why);
    }
  } catch (error) {
    if (error !== options.signal?.reason || repaired.size === 0) throw error;
    throw new UserError(
      'site',
      `Interrupted; damaged files of ${options.site} that are mended: ${countText(repaired.size)}`,
      'Run it again to go on.',
      { cause: error },
    );
  }
}

/** Most passes: a damaged `mosaic.json` or `checksums.bin` hides other damage until it is repaired. */
const PASSES = 3;

/** Lists the remaining problems, with the reasons why they could not be repaired. */
function explained(problems: readonly Problem[], hindered: ReadonlyMap<string, string>): Problem[] {
  const named = problems.map(({ path, problem }) => {
    const why = hindered.get(path);
    return { path, problem: why === undefined ? problem : `${problem}; not written anew: ${why}` };
  });
  const known = new Set(problems.map(({ path }) => path));
  const lost = [...hindered].filter(([path]) => !known.has(path));
  return [...named, ...lost.map(([path, why]) => ({ path, problem: `not written anew: ${why}` }))];
}

/** Rewritten files; and files that could not be rewritten, with the reasons. */
interface Mended {
  readonly files: readonly string[];
  readonly hindered: ReadonlyMap<string, string>;
}

/** Rewrites damaged files. */
async function mend(options: VerifyOptions, damaged: ReadonlySet<string>): Promise<Mended> {
  const { site, report = reportFolderOf(site), catalog = defaultCatalog() } = options;
  const { concurrency = availableParallelism(), signal = new AbortController().signal } = options;
  const staged = await stageFiles(site, signal);
  let reopened: Reopened | undefined;
  try {
    const mosaicOf = async (record: SiteRecord) => (damaged.has(MOSAIC_FILE) ? record.mosaic : readMosaicJson(site));
    reopened = await reopen(mosaicOf, { site, report, catalog, concurrency, signal });
    await refuseForeign(staged.place, reopened);
    const sums = await soundSums(staged.place, reopened.sets);
    const store = new PatchStore(staged.folder, staged.place, { option: '--out', path: site });
    const forgotten = forgottenError(reopened, () => true);
    if (forgotten && !sums) throw forgotten;
    const hindered = forgotten
      ? await mendDocuments(reopened, store, { sums: sums!, damaged, why: forgotten.message })
      : await mendAll(reopened, store, { sums, damaged, onProgress: options.onProgress ?? (() => {}) });
    const patch = differences(staged.folder, staged.place);
    await staged.commit(patch);
    return { files: patch.files.filter((path) => path !== CHECKSUMS_FILE || damaged.has(path)), hindered };
  } catch (error) {
    await staged.discard().catch(() => {});
    throw error;
  } finally {
    reopened?.catalog.close();
  }
}

/** Rewrites tiles, originals and documents. Returns the files that could not be rewritten, with the reasons. */
async function mendAll(
  reopened: Reopened,
  store: PatchStore,
  {
    sums,
    damaged,
    onProgress,
  }: {
    readonly sums: Checksums | undefined;
    readonly damaged: ReadonlySet<string>;
    readonly onProgress: NonNullable<VerifyOptions['onProgress']>;
  },
): Promise<Map<string, string>> {
  const { record, catalog } = reopened;
  const isDamaged = (set: TileSet, column: number, row: number) =>
    set.pathsOf(column, row).some((path) => damaged.has(path));
  const former = sums && keptOriginals(record, sums);
  const closeups = sums ? keptCloseups(record, sums) : new Map<string, Closeup>();
  const { pictures, leftOut } = await rewrite(reopened, {
    ...contentOf(reopened),
    ids: pictureIds(reopened),
    // Without checksums, damage cannot be located: make all tiles.
    wants: sums ? isDamaged : () => true,
    sums: sums ?? NO_SUMS,
    kept: undamaged(former, damaged),
    ...(former && { former }),
    closeups,
    isIntact: (path) => !damaged.has(path),
    store,
    onProgress: (done, total) => onProgress({ done, total }),
  });
  pictures.close();
  const hashes = new Map(catalog.sources.map(({ path, hash }) => [path, hash]));
  const hindered = new Map<string, string>();
  for (const { path, reason } of leftOut) {
    const hash = hashes.get(path)!;
    const closeup = closeups.get(hash);
    const original = former?.get(hash);
    if (closeup) hindered.set(closeupPath(closeup.number), reasonText(reason));
    // Without checksums, the former original is unknown, so its files cannot be named.
    else if (!original) hindered.set('originals', `the originals of some images: ${reasonText(reason)}`);
    else
      for (const part of originalParts(original))
        if (damaged.has(part.path)) hindered.set(part.path, reasonText(reason));
  }
  return hindered;
}

/** Rewrites the files that need no catalog. Returns the other damaged files, with the reason. */
async function mendDocuments(
  reopened: Reopened,
  store: PatchStore,
  { sums, damaged, why }: { readonly sums: Checksums; readonly damaged: ReadonlySet<string>; readonly why: string },
): Promise<Map<string, string>> {
  const kept = [`${FOLDERS.originals}/`, `${CLOSEUPS}/`];
  const files = new Map([...sums.files].filter(([path]) => kept.some((folder) => path.startsWith(folder))));
  const numbers = [...keptCloseups(reopened.record, sums)].map(([hash, { number }]) => [hash, number] as const);
  const closeups = new Map(numbers);
  await writeDocuments(reopened, reopened.shape, { ...contentOf(reopened), closeups, store, sums: { ...sums, files } });
  const lost = [...damaged].filter((path) => !existsSync(join(store.root, path)));
  return new Map(lost.map((path) => [path, why]));
}

/** Returns the content of a site from its record. */
function contentOf({ mosaic, cells, costs, record }: Reopened) {
  const { gap, distanceCost, afarCost = 0, minDistance } = mosaic.quality;
  return {
    mosaic,
    placement: { grid: mosaic.grid, cells, costs, gap, distanceCost, afarCost, minDistance },
    shown: {
      origins: record.pictures.map(([source]) => source),
      variants: record.pictures.map(([, variant]) => variant),
    },
  };
}

const NO_SUMS: Checksums = {
  tiles: new Uint32Array(0),
  cells: new Uint32Array(0),
  originals: new Map(),
  files: new Map(),
};

/** Verifies a site; undefined if nothing describes it. */
async function verifyIfSite(options: VerifyOptions): Promise<VerifyResult | undefined> {
  try {
    return await verify(options);
  } catch (error) {
    if (error instanceof UserError && error.code === 'not-a-site') return undefined;
    throw error;
  }
}

/** Reads a site's checksums; undefined if they cannot be used. */
async function soundSums(site: string, sets: readonly TileSet[]): Promise<Checksums | undefined> {
  try {
    const sums = await readSums(site);
    return sums.tiles.length === tileCount(sets) ? sums : undefined;
  } catch {
    return undefined;
  }
}

/** Selects the originals none of whose files is damaged. */
function undamaged(
  originals: ReadonlyMap<string, KeptOriginal> | undefined,
  damaged: ReadonlySet<string>,
): Map<string, KeptOriginal> {
  return new Map(
    [...(originals ?? [])].filter(([, original]) =>
      [...originalParts(original)].every(({ path }) => !damaged.has(path)),
    ),
  );
}
