import { basename } from 'node:path';
import type { BuildResult } from './build-result.ts';
import type { Catalog } from './catalog/catalog.ts';
import { leftOutOf, leftOutText } from './catalog/left-out.ts';
import { groupAlike } from './catalog/near-duplicates.ts';
import { foldPairs } from './catalog/pairs.ts';
import { Pictures } from './catalog/pictures.ts';
import { spliceHeader } from './catalog/recipe-key.ts';
import { ShardDamage } from './catalog/shard-reader.ts';
import { updateCatalog } from './catalog/update.ts';
import { aboutOf, describeMosaic, warningsOf } from './describe.ts';
import { SourceChanged, UserError } from './errors.ts';
import { fitOf } from './fit/fit.ts';
import { usageOf } from './fit/usage.ts';
import { gridOf, refuseQuarterTurns } from './grid.ts';
import { chooseLayouts } from './layouts.ts';
import { checkLimits } from './layout/dzi.ts';
import { iiifDocuments } from './layout/iiif.ts';
import { descriptorsOf, siteSets } from './layout/site-sets.ts';
import { judge, match } from './match/match.ts';
import { checkCells, checkRules } from './match/rules.ts';
import { turnsOf } from './match/turns.ts';
import { measure } from './measure/measure.ts';
import type { BuildOptions, ResolvedOptions } from './options.ts';
import { peakMemory } from './peak-memory.ts';
import { oneThreadPerImage } from './image/decoder-threads.ts';
import { originalsOf } from './originals-of.ts';
import { givenCells, pinnedCells, PLACEMENT, readPlacementFile } from './pins.ts';
import { renderPyramid } from './pyramid/pyramid.ts';
import { reasonText } from './reasons.ts';
import { chooseRecipe } from './recipe.ts';
import { resolveOptions } from './resolve-options.ts';
import { ban } from './scan/ban.ts';
import { scan } from './scan/scan.ts';
import { REPORTS, reportsOf } from './site/reports.ts';
import { type RecordedRules, recordsOf, targetJpeg } from './site/record.ts';
import { writeSite } from './site/site.ts';
import { SourceNames } from './source-names.ts';
import { StageClock } from './stage-clock.ts';
import { openReportFolder } from './staging/report-folder.ts';
import { stage } from './staging/staging.ts';
import { FolderStore } from './store/folder-store.ts';
import { openTarget } from './target.ts';
import type { Layout, ScannedFile, Size } from './types.ts';

/**
 * Builds a mosaic of `images` that shows `target`, as a static site in `out`. Prints nothing; `onProgress` is told what
 * is going on, and `signal` stops it, leaving whatever was in `out` as it was.
 *
 * @throws {UserError} for whatever the caller can mend; `signal`'s reason if aborted.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const resolved = resolveOptions(options);
  return await oneThreadPerImage(() => runUnchanged(resolved));
}

/** How often a build begins anew because an image, or the catalog, changed while it was used. */
const RUNS_MAX = 3;

/** Runs a build; begins anew, and says so, if images change meanwhile, or somebody takes something out of the catalog. */
async function runUnchanged(options: ResolvedOptions): Promise<BuildResult> {
  const notes: string[] = [];
  const suspects = new Set<string>();
  for (let runs = 1; ; runs++) {
    try {
      const result = await run(options, suspects);
      return notes.length > 0 ? { ...result, warnings: [...notes, ...result.warnings] } : result;
    } catch (error) {
      if (runs === RUNS_MAX) throw error;
      if (error instanceof SourceChanged) {
        suspects.add(error.path);
        notes.push(`${basename(error.path)} changed while it was being used; it was read again`);
      } else if (error instanceof ShardDamage)
        notes.push('the catalog changed while it was being used; it was read again');
      else throw error;
    }
  }
}

/** @param suspects paths of images whose content is not what the catalog says, whatever their size and times. */
async function run(options: ResolvedOptions, suspects: ReadonlySet<string>): Promise<BuildResult> {
  const { signal, concurrency } = options;
  const clock = new StageClock(options.onProgress, signal);

  const target = await openTarget(options.target);
  const given = options.placement === undefined ? undefined : await readPlacementFile(options.placement, PLACEMENT);
  const background = options.background ?? target.mean;
  const found = await clock.time('scan', (onProgress) => scan(options.images, { onProgress, signal }));
  const { kept: files, idle: idleBans } = ban(found, options.ban);
  if (files.length === 0) throw allBanned(found.length);
  const { recipe, aspects, warnings } = await clock.time('scan', (onProgress) =>
    chooseRecipe(options, files, onProgress),
  );
  const grid = gridOf(options, recipe.cell, target, given);
  checkLimits(grid, recipe, options.layout !== 'auto' && options.layout.includes('dzi'));
  checkCells(grid);
  // What even all files would be too few for, is refused before they are read.
  if (!given) checkRules({ ...options, ...asIfUsable(files.length), grid });
  refuseQuarterTurns(given, recipe.cell);

  const staging = await stage({ ...options, inputs: inputsOf(options, found) });
  let catalog: Catalog | undefined;
  let pictures: Pictures | undefined;
  try {
    // A placement may be one of the reports there, which is then written anew.
    const precious = inputsOf({ ...options, placement: undefined }, []);
    const report = await openReportFolder({
      ...options,
      names: REPORTS,
      inputs: precious,
      images: found.map(({ path }) => path),
    });
    const { catalog: folder, lenient } = options;
    const indexing = { folder, background, lenient, concurrency, signal, recipe, suspects };
    const opened = await clock.time('catalog', async (onProgress) =>
      foldPairs(await updateCatalog(files, { ...indexing, onProgress })),
    );
    catalog = opened;
    const names = new SourceNames(
      files.map(({ path }) => path),
      (path) => opened.idOf(path),
      options.images,
    );
    refuseNone(opened, names);
    const { sources } = opened;
    const features = opened.features();
    const alone = Uint32Array.from({ length: sources.length }, (_, id) => id);
    const alike = options.nearDuplicates === 'group' ? groupAlike(opened.hashes(), features) : alone;
    const { cell } = recipe;
    const { seen, weights, ...chosen } = await clock.time('match', (onProgress) =>
      given
        ? judge(target, features, { grid, cell, cells: givenCells(given, grid, names, sources.length, PLACEMENT) })
        : match(target, features, {
            ...options,
            grid,
            cell,
            alike,
            turns: turnsOf(options, cell),
            pins: pinnedCells(options.pins, grid, names),
            onProgress,
          }),
    );
    const targetJpg = await targetJpeg(seen.px, grid);
    const numbered = await clock.time('catalog', (onProgress) =>
      Pictures.of(opened, features, chosen, files, { ...indexing, onProgress }),
    );
    const { placement } = numbered;
    const shown = numbered.pictures;
    pictures = shown;
    const quality = await clock.time('measure', (onProgress) =>
      measure({ target, cell, placement, sources: shown, origins: shown.origins, alike, onProgress, signal }),
    );
    const header = await spliceHeader(recipe);
    const { layouts, warnings: ofLayouts } = chooseLayouts({ options, recipe, placement, pictures: shown, header });
    const shape = { grid, recipe, pictures: shown.count, layouts, names: options.names };
    const sets = siteSets(shape);
    const store = new FolderStore(staging.folder, { option: '--out', path: options.out });
    const { fullLevel } = options;
    const tileSums = await clock.time('pyramid', (onProgress) =>
      renderPyramid({ placement, pictures: shown, sets, header, fullLevel, store, concurrency, onProgress, signal }),
    );
    const {
      originals,
      warnings: ofOriginals,
      ...ofFiles
    } = await clock.time('originals', (onProgress) =>
      originalsOf({
        options,
        recipe,
        pictures: shown,
        background,
        store,
        nameOf: (path) => names.nameOf(path),
        onProgress,
      }),
    );
    const facts = { options, grid, recipe, layouts, catalog: opened, pictures: shown, background, alike, quality };
    const mosaic = describeMosaic({ ...facts, originals, found: files.length });
    const usage = await clock.time('site', async (onProgress) => {
      onProgress(0, 3);
      writeSite(store, {
        mosaic,
        placement,
        files: new Map<string, Iterable<string>>([
          ...descriptorsOf(shape),
          ...iiifDocuments(
            shape,
            aboutOf(mosaic, options, (at) => names.nameOf(shown.sourceOf(placement.cells[at]!).path)),
          ),
        ]),
        sums: { tiles: tileSums, originals: ofFiles.sums, files: ofFiles.indexSums },
      });
      onProgress(1, 3);
      const taken = await usageOf(staging.folder, Object.keys(layouts) as Layout[], signal);
      onProgress(2, 3);
      signal.throwIfAborted();
      const nameOf = (path: string) => names.nameOf(path);
      const parts = { mosaic, placement, pictures: shown, sources, skipped: opened.skipped, nameOf };
      const rules = rulesOf(options, cell, placement.minDistance);
      const { credit, rights } = options;
      const record = { ...parts, credit, rights, recipe, rules, weights, targetJpg };
      await staging.commit({ found: taken.whole.files, written: store.files }, () =>
        report.write(() => new Map([...reportsOf(parts), ...recordsOf(record)])),
      );
      onProgress(3, 3);
      return taken;
    });
    return {
      out: options.out,
      report: options.report,
      names: options.names,
      layouts: Object.keys(layouts) as Layout[],
      grid,
      cell,
      cellSize: cell.width,
      tileSize: recipe.tileSize,
      aspects,
      width: mosaic.width,
      height: mosaic.height,
      levels: mosaic.levels.length,
      sources: mosaic.sources,
      leftOut: leftOutOf(opened.skipped),
      stages: clock.seconds,
      files: store.files,
      linkedFiles: store.linkedFiles,
      bytes: store.bytes,
      fit: fitOf({ site: options.out, usage, cellSize: cell.width, tileSize: recipe.tileSize }),
      peakRssBytes: peakMemory(),
      quality: mosaic.quality,
      background: mosaic.background,
      warnings: [
        ...warnings,
        ...shown.notes,
        ...ofLayouts,
        ...ofOriginals,
        ...warningsOf(mosaic, opened, options, store, idleBans),
      ],
    };
  } catch (error) {
    // The first error is the one to tell, whatever becomes of the working folder.
    const first = staging.explain(error);
    await staging.discard().catch(() => {});
    throw first;
  } finally {
    (pictures ?? catalog)?.close();
  }
}

/** What a report remembers of the rules that cells were filled by. */
function rulesOf(options: ResolvedOptions, cell: Size, minDistance: number): RecordedRules {
  const { maxUses, variety, useAll, nearDuplicates, adapt } = options;
  const most = Number.isFinite(maxUses) ? maxUses : null;
  return { maxUses: most, minDistance, variety, useAll, nearDuplicates, adapt, turns: turnsOf(options, cell) };
}

/** What a site must not be written over. */
function* inputsOf(options: ResolvedOptions, found: readonly ScannedFile[]): Generator<string> {
  const { target, catalog, placement, weights, pins } = options;
  yield target;
  yield catalog;
  if (placement !== undefined) yield placement;
  if (weights !== undefined && weights !== 'auto') yield weights;
  yield* new Set(pins.flatMap(({ file }) => file ?? []));
  for (const { path } of found) yield path;
}

/** Files as if all of them could be used, and no two were alike. */
function asIfUsable(files: number) {
  const own = Uint32Array.from({ length: files }, (_, id) => id);
  return { usable: files, distinct: files, alike: own, sharing: own, pins: new Map<number, number>(), found: true };
}

function allBanned(found: number): UserError {
  return new UserError(
    'no-images',
    `All ${found} images are banned`,
    'Ban fewer: --ban takes globs of images to leave out.',
  );
}

function refuseNone({ sources, skipped }: Catalog, names: SourceNames): void {
  if (sources.length > 0) return;
  const reasons = skipped.slice(0, 3).map(({ path, reason }) => `${names.nameOf(path)}: ${reasonText(reason)}`);
  throw new UserError(
    'no-images',
    `None of ${skipped.length} images can be used (${reasons.join('; ')}${skipped.length > 3 ? '; …' : ''})`,
    `What is there: ${leftOutText(leftOutOf(skipped))}.`,
  );
}
