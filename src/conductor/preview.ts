import { basename } from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { leftOutOf, leftOutText } from '../catalog/left-out.ts';
import { foldPairs } from '../catalog/pairs.ts';
import { updateCatalog } from '../catalog/update.ts';
import { oneThreadPerImage } from '../image/decoder-threads.ts';
import { plural } from '../messages.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { peakMemory } from '../threads/peak-memory.ts';
import type { Grid, LeftOut, PreviewStage } from '../types.ts';
import { fewerCropsNote } from './crops-in-use.ts';
import { type Placed, PlacingFacts, placeSources } from './place.ts';
import { inputsOf, type Plan, planBuild, planGrid } from './plan.ts';
import { checkPictureFile, writePictureFile } from '../store/picture-file.ts';
import { type PreviewOptions, type ResolvedPreview, resolvePreview } from './preview-options.ts';
import { drawPreview } from './preview-picture.ts';
import { PreviewTarget } from './preview-target.ts';
import type { PreviewAlternative } from './preview-alternative.ts';
import { runUnchanged } from './run-unchanged.ts';
import { PREVIEW_STAGES, StageClock } from './stage-clock.ts';

/** Number of cells above which a placement is found quickly; below, the best one takes little time. */
const QUICK_ABOVE = 2048;

/** Result of a preview; `--json` prints it. */
export interface PreviewResult {
  /** Path of the picture, as given in the options. */
  readonly out: string;
  /** Size of the picture, px. */
  readonly width: number;
  readonly height: number;
  readonly alternatives: readonly PreviewAlternative[];
  readonly sources: { readonly found: number; readonly usable: number; readonly skipped: number };
  /** Number of files that cannot be used, by kind, with the remedies. */
  readonly leftOut: readonly LeftOut[];
  /** Duration of each stage, seconds. */
  readonly stages: Readonly<Record<PreviewStage, number>>;
  /** Peak memory of the process, bytes. */
  readonly peakRssBytes: number;
  readonly warnings: readonly string[];
}

/**
 * Draws one picture of the mosaic that {@link build} would make with the same options, or a contact sheet of several. The
 * placement is that of the build, or, of more than 2,048 cells without limits of uses, one of nearly the same likeness that is found
 * in a part of the time. The px of its cells are approximations. Images are indexed as for a build, which then finds
 * them in the catalog. Prints nothing. Reports progress to `onProgress`. `signal` stops it; nothing is then written to `out`.
 *
 * @throws {UserError} if the user can mend the cause; `signal`'s reason if aborted.
 */
export async function preview(options: PreviewOptions): Promise<PreviewResult> {
  const resolved = resolvePreview(options);
  return await oneThreadPerImage(() => runUnchanged((suspects) => run(resolved, suspects)));
}

async function run(asked: ResolvedPreview, suspects: ReadonlySet<string>): Promise<PreviewResult> {
  const { options } = asked;
  const { signal, concurrency, catalog: folder, lenient, onProgress: tell } = options;
  const clock = new StageClock(PREVIEW_STAGES, tell, signal);
  const plan = await planBuild(options, clock);
  const { background, files, recipe } = plan;
  await checkPictureFile(options.out, inputsOf(options, plan.found));
  const grids = asked.alternatives.map((alternative) => planGrid(alternative.options, plan));
  const indexing = { folder, background, lenient, concurrency, signal, recipe, suspects };
  const catalog = await clock.time('catalog', async (onProgress) =>
    foldPairs(await updateCatalog(files, { ...indexing, onProgress })),
  );
  try {
    const target = new PreviewTarget(plan.target, recipe.cell);
    const placed = await clock.time('match', (onProgress) =>
      placeAll(asked, { plan, grids, catalog, target, onProgress }),
    );
    const drawn = await clock.time('draw', async (onProgress) => {
      const facts = { catalog, placed, target, indexing: { ...indexing, files, onProgress: () => {} } };
      const picture = await drawPreview(asked, facts, onProgress);
      signal.throwIfAborted();
      await writePictureFile(options.out, picture.bytes);
      return picture;
    });
    const { width, height, alternatives, notes } = drawn;
    const ofCrops = asked.alternatives.flatMap((alternative, i) =>
      fewerCropsNote(alternative.options, placed[i]!.crops),
    );
    return {
      out: options.out,
      width,
      height,
      alternatives,
      sources: { found: files.length, usable: catalog.sources.length, skipped: catalog.skipped.length },
      leftOut: leftOutOf(catalog.skipped),
      stages: clock.seconds,
      peakRssBytes: peakMemory(),
      warnings: [...warningsOf(options.notes, plan, catalog), ...new Set(ofCrops), ...notes],
    };
  } finally {
    catalog.close();
  }
}

/** Facts of all placements. */
interface Placing {
  readonly plan: Plan;
  /** By alternative. */
  readonly grids: readonly Grid[];
  readonly catalog: Catalog;
  readonly target: PreviewTarget;
  readonly onProgress: (done: number, total: number) => void;
}

/** Places the sources for each alternative; several at a time, where there are processors for them. */
async function placeAll(
  { options: { concurrency, signal }, alternatives }: ResolvedPreview,
  { plan, grids, catalog, target, onProgress }: Placing,
): Promise<Placed[]> {
  const facts = new PlacingFacts(catalog, plan, (shape) => target.decode(shape));
  // Features with crops serve placements without crops, too.
  facts.features(alternatives.some(({ options }) => options.crops !== 'none'));
  const total = grids.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
  const done = new Uint32Array(alternatives.length);
  const atOnce = Math.min(alternatives.length, concurrency);
  const threads = Math.max(1, Math.floor(concurrency / atOnce));
  const failed = new AbortController();
  const place = async (i: number) => {
    const own = { ...alternatives[i]!.options, concurrency: threads, signal: AbortSignal.any([signal, failed.signal]) };
    const time = <T>(_: 'match', work: (onDone: (cells: number) => void) => Promise<T>) =>
      work((cells) => {
        done[i] = cells;
        onProgress(
          done.reduce((sum, each) => sum + each, 0),
          total,
        );
      });
    try {
      const quick = grids[i]!.columns * grids[i]!.rows > QUICK_ABOVE;
      return await placeSources(own, { ...plan, grid: grids[i]! }, { clock: { time }, facts, quick });
    } catch (error) {
      failed.abort(error); // ends the other matches
      throw error;
    }
  };
  const placed: Placed[] = [];
  for await (const one of mapOrdered(alternatives.keys(), atOnce, place)) placed.push(one);
  return placed;
}

function warningsOf(
  notes: readonly string[],
  { warnings, idleBans }: Plan,
  { notes: ofCatalog, skipped }: Catalog,
): string[] {
  const kinds = leftOutText(leftOutOf(skipped));
  const names = skipped.slice(0, 3).map(({ path }) => basename(path));
  const list = `${names.join(', ')}${skipped.length > 3 ? ', …' : ''}`;
  return [
    ...notes,
    ...warnings,
    ...ofCatalog,
    ...idleBans.map((glob) => `--ban ${glob} matches no image`),
    ...(skipped.length > 0 ? [`${plural(skipped.length, 'file')} cannot be used: ${kinds} (${list})`] : []),
  ];
}
