import { foldPairs } from '../catalog/pairs.ts';
import { Pictures } from '../catalog/pictures.ts';
import { spliceHeader } from '../catalog/recipe-key.ts';
import { updateCatalog } from '../catalog/update.ts';
import { oneThreadPerImage } from '../image/decoder-threads.ts';
import { siteSets } from '../layout/site-sets.ts';
import { measure } from '../measure/measure.ts';
import { renderPyramid } from '../pyramid/pyramid.ts';
import { REPORTS } from '../site/reports.ts';
import { openReportFolder, type ReportFolder } from '../staging/report-folder.ts';
import { stage } from '../staging/staging.ts';
import { FolderStore } from '../store/folder-store.ts';
import type { Placement } from '../types.ts';
import { chooseLayouts } from './choose-layouts.ts';
import { fewerCropsNote } from './crops-in-use.ts';
import { describeMosaic } from './describe.ts';
import type { BuildOptions, ResolvedOptions } from './options.ts';
import { originalsOf } from './originals.ts';
import { captionsOf, readPageFiles, tourOf } from './page-facts.ts';
import { PlacingFacts, placeSources } from './place.ts';
import { inputsOf, type Plan, planBuild } from './plan.ts';
import { publishSite } from './publish.ts';
import { resolveOptions } from './resolve-options.ts';
import { type BuildResult, resultOf } from './result.ts';
import { runUnchanged } from './run-unchanged.ts';
import { BUILD_STAGES, StageClock } from './stage-clock.ts';

/**
 * Builds a mosaic of `images` that shows `target`, as a static site in `out`. Prints nothing. Reports progress to
 * `onProgress`. `signal` stops the build and leaves the content of `out` unchanged.
 *
 * @throws {UserError} if the user can mend the cause; `signal`'s reason if aborted.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const resolved = resolveOptions(options);
  return await oneThreadPerImage(() => runUnchanged((suspects) => run(resolved, suspects)));
}

/** @param suspects paths of images to read again, even if the catalog knows their size and times. */
async function run(options: ResolvedOptions, suspects: ReadonlySet<string>): Promise<BuildResult> {
  const { signal, concurrency, catalog: folder, lenient } = options;
  const clock = new StageClock(BUILD_STAGES, options.onProgress, signal);
  const pageFiles = await readPageFiles(options);
  const plan = await planBuild(options, clock);
  const { target, background, files, recipe, grid } = plan;
  const { cell } = recipe;

  const staging = await stage({ ...options, inputs: inputsOf(options, plan.found) });
  const opened: { close(): void }[] = [];
  try {
    const report = await openReports(options, plan);
    const indexing = { folder, background, lenient, concurrency, signal, recipe, suspects };
    const catalog = await clock.time('catalog', async (onProgress) =>
      foldPairs(await updateCatalog(files, { ...indexing, onProgress })),
    );
    opened.push(catalog);
    const placed = await placeSources(options, plan, { clock, facts: new PlacingFacts(catalog, plan) });
    const { placement, pictures } = await clock.time('catalog', (onProgress) =>
      Pictures.of(catalog, placed, { ...indexing, files, onProgress }),
    );
    opened.push(pictures);
    const places = { sources: catalog.sources, names: placed.names, grid, shown: sourcesOf(placement, pictures) };
    const { tour, notes: ofTour } = tourOf(pageFiles, places);
    const page = { captions: await captionsOf(pageFiles, options, places), tour };
    const { alike } = placed;
    const quality = await clock.time('measure', (onProgress) =>
      measure({ target, cell, placement, sources: pictures, origins: pictures.origins, alike, onProgress, signal }),
    );
    const header = await spliceHeader(recipe);
    const { layouts, warnings: ofLayouts } = chooseLayouts({ options, recipe, placement, pictures, header });
    const shape = { grid, recipe, pictures: pictures.count, layouts, baseUrl: options.baseUrl, names: options.names };
    const store = new FolderStore(staging.folder, { option: '--out', path: options.out });
    const { fullLevel } = options;
    const tileSums = await clock.time('pyramid', (onProgress) => {
      const sets = siteSets(shape);
      return renderPyramid({ placement, pictures, sets, header, fullLevel, store, concurrency, onProgress, signal });
    });
    const originals = await clock.time('originals', (onProgress) => {
      const nameOf = (path: string) => placed.names.nameOf(path);
      return originalsOf({ options, recipe, pictures, background, store, nameOf, onProgress });
    });
    const facts = { options, grid, recipe, layouts, catalog, pictures, background, alike, quality, page };
    const mosaic = describeMosaic({ ...facts, originals: originals.originals, found: files.length });
    const site = {
      options,
      plan,
      catalog,
      placed,
      placement,
      pictures,
      shape,
      mosaic,
      page,
      originals,
      tileSums,
      store,
    };
    const usage = await clock.time('site', (onProgress) => publishSite(site, { staging, report }, onProgress));
    const ofCrops = fewerCropsNote(options, placed.crops);
    const warnings = [...pictures.notes, ...ofCrops, ...ofLayouts, ...ofTour, ...originals.warnings];
    return resultOf(site, { usage, seconds: clock.seconds, warnings });
  } catch (error) {
    // The first error is reported, even if the working folder cannot be removed.
    const first = staging.explain(error);
    await staging.discard().catch(() => {});
    throw first;
  } finally {
    for (const one of opened) one.close();
  }
}

/** Returns the source id of each cell. */
function sourcesOf({ cells }: Placement, { origins }: Pictures): Uint32Array {
  return cells.map((picture) => origins[picture]!);
}

async function openReports(options: ResolvedOptions, { found }: Plan): Promise<ReportFolder> {
  // The placement may be a report in this folder; it is read before the reports are replaced.
  const inputs = inputsOf({ ...options, placement: undefined }, []);
  return await openReportFolder({ ...options, names: REPORTS, inputs, images: found.map(({ path }) => path) });
}
