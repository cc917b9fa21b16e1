import sharp from 'sharp';
import { spliceHeader } from './catalog/recipe-key.ts';
import type { Catalog } from './catalog/catalog.ts';
import { updateCatalog } from './catalog/update.ts';
import { UserError } from './errors.ts';
import { describeMosaic, warningsOf } from './describe.ts';
import { checkDziLimits, dziDescriptor, dziTilePath } from './layout/dzi.ts';
import { checkCells, checkRules, match } from './match/match.ts';
import { openTarget, type Target } from './match/target.ts';
import { type BuildOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { peakMemory } from './peak-memory.ts';
import { CHECKSUMS_FILE, packChecksums } from './pyramid/checksums.ts';
import { renderPyramid } from './pyramid/pyramid.ts';
import { scan } from './scan/scan.ts';
import { stage } from './site/staging.ts';
import { writeSite } from './site/site.ts';
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
  const stages = { scan: 0, catalog: 0, match: 0, pyramid: 0, site: 0 };
  const timed = async <T>(name: Stage, work: (progress: (done: number, total: number) => void) => Promise<T>) => {
    signal.throwIfAborted();
    const start = performance.now();
    try {
      return await work((done, total) => options.onProgress({ stage: name, done, total, unit: UNITS[name] }));
    } finally {
      stages[name] += (performance.now() - start) / 1000;
    }
  };

  const target = await openTarget(options.target);
  const grid = gridOf(options, target);
  checkDziLimits(grid, recipe);
  checkCells(grid);
  const background = options.background ?? target.mean;
  const levels = levelsOf(grid, recipe.cellSize, recipe);
  const { concurrency } = options;

  const files = await timed('scan', (onProgress) => scan(options.images, { onProgress, signal }));
  const inputs = [options.target, ...files.map(({ path }) => path)];
  const staging = await stage(options.out, options.force, inputs);
  let catalog: Catalog | undefined;
  try {
    catalog = await timed('catalog', (onProgress) =>
      updateCatalog(files, { folder: options.catalog, recipe, background, concurrency, onProgress, signal }),
    );
    refuseNone(catalog);
    const { sources } = catalog;
    const { maxUses, minDistance } = options;
    checkRules(sources.length, { grid, maxUses, minDistance });
    const features = catalog.features();
    const placement = await timed('match', (onProgress) =>
      match(target, features, { grid, maxUses, minDistance, concurrency, onProgress, signal }),
    );
    const store = new FolderStore(staging.folder, { option: '--out', path: options.out });
    const extension = extensionOf(recipe.format);
    const header = await spliceHeader(recipe);
    const open = catalog;
    const checksums = await timed('pyramid', (onProgress) =>
      renderPyramid({
        placement,
        catalog: open,
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
    const mosaic = describeMosaic({ options, grid, levels, catalog, placement, background, found: files.length });
    await timed('site', async (onProgress) => {
      onProgress(0, 2);
      writeSite(store, {
        mosaic,
        placement,
        skipped: open.skipped,
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
      stages,
      files: store.files,
      linkedFiles: store.linkedFiles,
      bytes: store.bytes,
      peakRssBytes: peakMemory(),
      quality: mosaic.quality,
      background: mosaic.background,
      warnings: warningsOf(mosaic, open, options, store),
    };
  } catch (error) {
    await staging.discard();
    throw error;
  } finally {
    catalog?.close();
  }
}

const UNITS: Record<Stage, string> = {
  scan: 'files',
  catalog: 'images',
  match: 'cells',
  pyramid: 'tiles',
  site: 'steps',
};

/** The grid asked for, or as many columns as asked for and the rows that keep the target's shape. */
function gridOf({ grid, columns }: ResolvedOptions, target: Target): Grid {
  return grid ?? { columns, rows: Math.max(1, Math.round((columns * target.height) / target.width)) };
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
