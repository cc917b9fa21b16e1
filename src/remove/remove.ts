import { availableParallelism } from 'node:os';
import { defaultCatalog } from '../catalog/default-folder.ts';
import { forget } from '../catalog/forget.ts';
import type { Pictures } from '../catalog/pictures.ts';
import { UserError } from '../errors.ts';
import { checkPaths } from '../messages.ts';
import { keptCloseups, keptOriginals } from '../mend/kept-originals.ts';
import { isPlacementOf, readSums, refuseForeign, type Reopened, reopen } from '../mend/reopen.ts';
import { differences, originalPaths, rewrite } from '../mend/rewrite.ts';
import { isTouched } from '../mend/touched.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { stageFiles } from '../staging/staging.ts';
import { openReportFolder, reportFolderOf } from '../staging/report-folder.ts';
import { REPORTS } from '../site/reports.ts';
import { PatchStore } from '../store/patch-store.ts';
import { findImages } from './named-images.ts';
import { findTraces, type Found } from './prove.ts';
import { readSkipped, reportsWithout } from './reports.ts';
import { takeOut } from './take-out.ts';
import { provenTraces, tracesFor } from './traces-for.ts';

export interface RemoveOptions {
  /** Folder of the site. */
  site: string;
  /** Files, folders, or names as in `sources.csv` of the reports. */
  images: readonly string[];
  /** Folder of the site's reports; by default beside it. */
  report?: string;
  /** Folder of the index of images; by default in the user's cache directory. */
  catalog?: string;
  concurrency?: number;
  onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  signal?: AbortSignal;
}

/** Result of removing images. */
export interface RemoveResult {
  readonly site: string;
  /** Names of the removed images. */
  readonly images: readonly string[];
  /** Number of cells that were refilled. */
  readonly cells: number;
  /** Number of files of the site that were rewritten, and that were removed. */
  readonly written: number;
  readonly removed: number;
  /** Paths of files with the same content as a named image, but another name: they were removed with it. */
  readonly copies: readonly string[];
  /** Names of similar images, and paths of the same photographs in another format; these stay. */
  readonly alike: readonly string[];
  /** Number of files and bytes that were finally searched for traces of the images; none was found. */
  readonly searched: { readonly files: number; readonly bytes: number };
}

/**
 * Removes images from a site and from the catalog. Cells that showed them are refilled by the rules of the build; all others
 * stay. Then proves that no bytes of the images are left. The images' own files are not touched.
 *
 * @throws {UserError} `usage` if a text names no image of the site; `no-placement` if no image may fill its cells; `site` if
 *   the reports cannot be used, or traces were found.
 */
export async function remove(options: RemoveOptions): Promise<RemoveResult> {
  const { site, report = reportFolderOf(site), catalog = defaultCatalog(), onProgress = () => {} } = options;
  const unstopped = new AbortController().signal;
  const { concurrency = availableParallelism(), signal = unstopped } = options;
  checkPaths({ report, catalog });
  await readMosaicJson(site);
  const reports = await openReportFolder({ report, out: site, names: REPORTS, inputs: [] });
  const staged = await stageFiles(site, signal);
  let reopened: Reopened | undefined;
  let pictures: Pictures | undefined;
  try {
    const { place } = staged;
    const sums = await readSums(place);
    const opened = await reopen(() => readMosaicJson(site), { site, report, catalog, concurrency, signal });
    reopened = opened;
    const skipped = await readSkipped(report);
    const names = skipped.map(({ path }) => path);
    const named = await findImages(options.images, opened, names);
    const taken = await takeOut(opened, named, report);
    const traces = await tracesFor(named, opened);
    const { mosaic, placement, renumbered, changes } = taken;
    // An interrupted run may have changed the site but not the reports. So a site that has the new placement already is fine.
    if (!(await isPlacementOf(place, mosaic, placement.cells))) await refuseForeign(place, opened);
    const kept = keptOriginals(opened.record, sums);
    const closeups = keptCloseups(opened.record, sums);
    for (const hash of named.hashes) for (const map of [kept, closeups]) map.delete(hash);
    const written = await rewrite(opened, {
      mosaic,
      placement,
      ids: renumbered.ids,
      sums,
      kept,
      closeups,
      isIntact: () => true,
      wants: (set, column, row) => isTouched(changes, set, [column, row]),
      store: new PatchStore(staged.folder, place, { option: '--out', path: site }),
      shown: shownOf(renumbered.ids, opened),
      onProgress: (done, total) => onProgress({ done, total }),
    });
    pictures = written.pictures;
    const before = [...originalPaths(sums.originals), ...sums.files.keys()];
    const after = new Set([...originalPaths(written.originals), ...written.files]);
    const patch = differences(staged.folder, place, { before, after });
    await staged.commit(patch, () => reports.write(() => reportsWithout(opened, taken, { named, skipped })));
    pictures.close();
    await forget(catalog, named);
    // Not interruptible from here on: an interrupted command claims to have changed nothing.
    const searched = await findTraces([place, report, catalog], traces);
    if (searched.found.length > 0) {
      const now = await reopen(() => readMosaicJson(site), { site, report, catalog, concurrency, signal: unstopped });
      const left = await provenTraces(searched.found, now.catalog);
      now.catalog.close();
      if (left.length > 0) throw leftOver(left);
    }
    return {
      site,
      images: [...[...named.sources].map((source) => opened.names[source]!), ...named.skipped],
      cells: changes.cells.reduce((sum, changed) => sum + changed, 0),
      written: patch.files.length,
      removed: patch.gone.length,
      copies: named.copies,
      alike: [...taken.alike, ...named.twins.paths],
      searched: { files: searched.files, bytes: searched.bytes },
    };
  } catch (error) {
    await staged.discard().catch(() => {});
    throw error;
  } finally {
    (pictures ?? reopened?.catalog)?.close();
  }
}

/** Returns the source of each picture, by its id in the record, and its variant. */
function shownOf(ids: readonly number[], { idOf, catalog }: Reopened) {
  const usable = catalog.sources.length;
  const sources = new Map(idOf.flatMap((id, source) => (id === undefined ? [] : [[id, source] as const])));
  return {
    origins: ids.map((id) => sources.get(id % usable)!),
    variants: ids.map((id) => Math.floor(id / usable)),
  };
}

function leftOver(found: readonly Found[]): UserError {
  const { path, trace } = found[0]!;
  return new UserError(
    'site',
    `The images are taken out, but ${found.length} traces of them are left, the first in ${path}: ${trace.kind}`,
    'If that is a file of yours, take them out of it; else build the site again without the images, with a new --catalog.',
  );
}
