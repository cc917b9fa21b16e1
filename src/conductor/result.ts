import type { AspectChoice } from '../tiles/cell-shape.ts';
import { type FitResult, fitOf } from '../fit/fit.ts';
import type { SiteUsage } from '../fit/usage.ts';
import { leftOutOf } from '../catalog/left-out.ts';
import { peakMemory } from '../threads/peak-memory.ts';
import type { BuiltSite } from './publish.ts';
import { warningsOf } from './warnings.ts';
import type { Grid, Layout, LeftOut, Names, Quality, Size, SourceCounts, Stage } from '../types.ts';

/** What a build made; the CLI's `--json` prints it as it is. */
export interface BuildResult {
  /** Folder of the site, as it was asked for. */
  readonly out: string;
  /** Folder of the reports: placement.csv, sources.csv, skipped.csv, quality.json. */
  readonly report: string;
  /** Whether the site tells the names of image files. */
  readonly names: Names;
  readonly layouts: readonly Layout[];
  readonly grid: Grid;
  /** A cell at full resolution, px. */
  readonly cell: Size;
  /** Its width, px: its side, where cells are square. */
  readonly cellSize: number;
  readonly tileSize: number;
  /** With `cellAspect` `auto`: what each aspect would do to the images. */
  readonly aspects: readonly AspectChoice[];
  /** Px of the whole mosaic. */
  readonly width: number;
  readonly height: number;
  /** Levels of the pyramid. */
  readonly levels: number;
  readonly sources: SourceCounts & { readonly enlarged: number; readonly verbatim: number };
  /** What of the files found cannot be used, by kind, with what would bring it in. */
  readonly leftOut: readonly LeftOut[];
  /** Seconds that each stage took. */
  readonly stages: Readonly<Record<Stage, number>>;
  /** Files in the site; of them, tiles that are links to (or copies of) a picture's one tile. */
  readonly files: number;
  readonly linkedFiles: number;
  /** Bytes of the site; what links share is counted once. */
  readonly bytes: number;
  /** Where the site can be published, and what for each layout stands against it. */
  readonly fit: FitResult;
  /** Most memory the process has held, bytes. */
  readonly peakRssBytes: number;
  readonly quality: Quality;
  /** What transparent images were laid over, `#rrggbb`. */
  readonly background: string;
  /** What people should know: files skipped, images enlarged, links refused, … */
  readonly warnings: readonly string[];
}

/** What is known of a build besides its site, once that is published. */
export interface BuildEnd {
  readonly usage: SiteUsage;
  /** Seconds that each stage took. */
  readonly seconds: Readonly<Record<Stage, number>>;
  /** Warnings of the stages. */
  readonly warnings: readonly string[];
}

/** The result of a build. */
export function resultOf(
  { options, plan, catalog, shape, mosaic, store }: BuiltSite,
  { usage, seconds, warnings }: BuildEnd,
): BuildResult {
  const { recipe, aspects, idleBans } = plan;
  const { cell, tileSize } = recipe;
  return {
    out: options.out,
    report: options.report,
    names: options.names,
    layouts: Object.keys(shape.layouts) as Layout[],
    grid: plan.grid,
    cell,
    cellSize: cell.width,
    tileSize,
    aspects,
    width: mosaic.width,
    height: mosaic.height,
    levels: mosaic.levels.length,
    sources: mosaic.sources,
    leftOut: leftOutOf(catalog.skipped),
    stages: seconds,
    files: store.files,
    linkedFiles: store.linkedFiles,
    bytes: store.bytes,
    fit: fitOf({ site: options.out, usage, cellSize: cell.width, tileSize }),
    peakRssBytes: peakMemory(),
    quality: mosaic.quality,
    background: mosaic.background,
    warnings: [
      ...options.notes,
      ...plan.warnings,
      ...warnings,
      ...warningsOf({ options, mosaic, catalog, store, idleBans }),
    ],
  };
}
