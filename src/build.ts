import sharp from 'sharp';
import { spliceHeader } from './catalog/recipe-key.ts';
import type { Catalog } from './catalog/catalog.ts';
import { updateCatalog } from './catalog/update.ts';
import { UserError } from './errors.ts';
import { describeMosaic, warningsOf } from './describe.ts';
import { checkDziLimits, dziDescriptor, dziTilePath } from './layout/dzi.ts';
import { groupAlike } from './catalog/near-duplicates.ts';
import { Pictures } from './catalog/pictures.ts';
import { judge, match } from './match/match.ts';
import { checkCells, checkRules } from './match/rules.ts';
import { turnsOf } from './match/turns.ts';
import { measure } from './measure/measure.ts';
import { openTarget, type Target } from './target.ts';
import { type BuildOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { givenCells, type PlacedImage, pinnedCells, readPlacementFile } from './pins.ts';
import { peakMemory } from './peak-memory.ts';
import { CHECKSUMS_FILE, packChecksums } from './pyramid/checksums.ts';
import { renderPyramid } from './pyramid/pyramid.ts';
import { ban } from './scan/ban.ts';
import { scan } from './scan/scan.ts';
import { stage } from './site/staging.ts';
import { writeSite } from './site/site.ts';
import { SourceNames } from './source-names.ts';
import { StageClock } from './stage-clock.ts';
import { FolderStore } from './store/folder-store.ts';
import { extensionOf, levelsOf } from './tile-plan.ts';
import type { Grid, Quality, SourceCounts, Stage } from './types.ts';

/** What a build made; the CLI's `--json` prints it as it is. */
export interface BuildResult {
  /** Folder of the site, as it was asked for. */
  readonly out: string;
  readonly grid: Grid;
  readonly cellSize: number;
  readonly tileSize: number;
  /** Px of the whole mosaic. */
  readonly width: number;
  readonly height: number;
  /** Levels of the pyramid. */
  readonly levels: number;
  readonly sources: SourceCounts & { readonly enlarged: number; readonly verbatim: number };
  /** Seconds that each stage took. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** Files in the site; of them, tiles that are links to (or copies of) a source's one tile. */
  readonly files: number;
  readonly linkedFiles: number;
  /** Bytes of the site; what links share is counted once. */
  readonly bytes: number;
  /** Most memory the process has held, bytes. */
  readonly peakRssBytes: number;
  readonly quality: Quality;
  /** What transparent images were laid over, `#rrggbb`. */
  readonly background: string;
  /** What people should know: files skipped, images enlarged, links refused, … */
  readonly warnings: readonly string[];
}

/**
 * Builds a mosaic of `images` that shows `target`, as a static site in `out`. Prints nothing; `onProgress` is told what
 * is going on, and `signal` stops it, leaving whatever was in `out` as it was.
 *
 * @throws {UserError} for whatever the caller can mend; `signal`'s reason if aborted.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const resolved = resolveOptions(options);
  // One thread per image: images are many, and libvips' own threads would only compete for the processors.
  const threads = sharp.concurrency();
  sharp.concurrency(1);
  try {
    return await run(resolved);
  } finally {
    sharp.concurrency(threads);
  }
}

async function run(options: ResolvedOptions): Promise<BuildResult> {
  const { signal, recipe } = options;
  const clock = new StageClock(options.onProgress, signal);

  const target = await openTarget(options.target);
  const given = options.placement === undefined ? undefined : await readPlacementFile(options.placement, PLACEMENT);
  const grid = gridOf(options, target, given);
  checkDziLimits(grid, recipe);
  checkCells(grid);
  const background = options.background ?? target.mean;
  const levels = levelsOf(grid, recipe.cellSize, recipe);
  const { concurrency } = options;

  const found = await clock.time('scan', (onProgress) => scan(options.images, { onProgress, signal }));
  const { kept: files, idle: idleBans } = ban(found, options.ban);
  if (files.length === 0) throw allBanned(found.length);
  // What even all files would be too few for, is refused before they are read.
  if (!given) checkRules({ ...options, ...asIfUsable(files.length), grid });
  const inputs = [options.target, ...files.map(({ path }) => path)];
  const staging = await stage(options.out, options.force, inputs);
  let catalog: Catalog | undefined;
  let pictures: Pictures | undefined;
  try {
    const indexing = { folder: options.catalog, background, concurrency, signal };
    catalog = await clock.time('catalog', (onProgress) => updateCatalog(files, { ...indexing, recipe, onProgress }));
    refuseNone(catalog);
    const open = catalog;
    const usable = catalog.sources.length;
    const names = new SourceNames(
      files.map(({ path }) => path),
      (path) => open.idOf(path),
    );
    const features = catalog.features();
    const alone = Uint32Array.from({ length: usable }, (_, id) => id);
    const alike = options.nearDuplicates === 'group' ? groupAlike(catalog.hashes(), features) : alone;
    const placement = given
      ? await judge(target, features, { grid, cells: givenCells(given, grid, names, usable, PLACEMENT) })
      : await clock.time('match', (onProgress) =>
          match(target, features, {
            ...options,
            grid,
            alike,
            turns: turnsOf(options),
            pins: pinnedCells(options.pins, grid, names),
            onProgress,
          }),
        );
    pictures = placement.cells.some((id) => id >= usable)
      ? await clock.time('catalog', (onProgress) =>
          Pictures.of(open, placement.cells, files, { ...indexing, recipe, onProgress }),
        )
      : Pictures.upright(catalog);
    const shown = pictures;
    const quality = await clock.time('measure', (onProgress) =>
      measure({ target, placement, sources: shown, alike, onProgress, signal }),
    );
    const store = new FolderStore(staging.folder, { option: '--out', path: options.out });
    const extension = extensionOf(recipe.format);
    const header = await spliceHeader(recipe);
    const checksums = await clock.time('pyramid', (onProgress) =>
      renderPyramid({
        placement,
        catalog: shown,
        levels,
        header,
        fullLevel: options.fullLevel,
        store,
        tilePath: (level, column, row) => dziTilePath(level, column, row, extension),
        concurrency,
        onProgress,
        signal,
      }),
    );
    const mosaic = describeMosaic({
      options,
      grid,
      levels,
      catalog,
      placement,
      background,
      alike,
      quality,
      found: files.length,
    });
    await clock.time('site', async (onProgress) => {
      onProgress(0, 2);
      writeSite(store, {
        mosaic,
        placement,
        sources: open.sources,
        skipped: open.skipped,
        nameOf: (path) => names.nameOf(path),
        descriptor: dziDescriptor(mosaic.width, mosaic.height, recipe),
        checksums: { name: CHECKSUMS_FILE, bytes: packChecksums(checksums) },
      });
      onProgress(1, 2);
      signal.throwIfAborted();
      await staging.commit();
      onProgress(2, 2);
    });
    return {
      out: options.out,
      grid,
      cellSize: recipe.cellSize,
      tileSize: recipe.tileSize,
      width: mosaic.width,
      height: mosaic.height,
      levels: levels.length,
      sources: mosaic.sources,
      stages: clock.seconds,
      files: store.files,
      linkedFiles: store.linkedFiles,
      bytes: store.bytes,
      peakRssBytes: peakMemory(),
      quality: mosaic.quality,
      background: mosaic.background,
      warnings: warningsOf(mosaic, open, options, store, idleBans),
    };
  } catch (error) {
    await staging.discard();
    throw error;
  } finally {
    (pictures ?? catalog)?.close();
  }
}

const PLACEMENT = '--placement';

/**
 * The grid asked for, or that a given placement has, or as many columns as asked for and the rows that keep the target's
 * shape.
 */
function gridOf({ grid, columns }: ResolvedOptions, target: Target, given: readonly PlacedImage[] | undefined): Grid {
  if (given && !grid) {
    if (given.length === 0) {
      throw new UserError(
        'usage',
        `${PLACEMENT} names no cell`,
        'Name an image for every cell, as report/placement.csv does.',
      );
    }
    const most = (values: Iterable<number>) => {
      let value = 0;
      for (const one of values) value = Math.max(value, one + 1);
      return value;
    };
    return { columns: most(given.map(({ column }) => column)), rows: most(given.map(({ row }) => row)) };
  }
  return grid ?? { columns, rows: Math.max(1, Math.round((columns * target.height) / target.width)) };
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

function refuseNone({ sources, skipped }: Catalog): void {
  if (sources.length > 0) return;
  const reasons = skipped.slice(0, 3).map(({ path, reason }) => `${path}: ${reason}`);
  throw new UserError(
    'no-images',
    `None of ${skipped.length} images can be used (${reasons.join('; ')}${skipped.length > 3 ? '; …' : ''})`,
    'Name images that can be decoded: JPEG, PNG, WebP, AVIF, TIFF, GIF or SVG.',
  );
}
