import type { AspectChoice } from '../tiles/cell-shape.ts';
import type { CellChoice } from './auto-cell.ts';
import { originalsGain, type OriginalsGain } from './originals-gain.ts';
import { type FitResult, fitOf } from '../fit/fit.ts';
import type { SiteUsage } from '../fit/usage.ts';
import { leftOutOf } from '../catalog/left-out.ts';
import { peakMemory } from '../threads/peak-memory.ts';
import type { BuiltSite } from './publish.ts';
import { warningsOf } from './warnings.ts';
import type { BuildStage, Grid, Layout, LeftOut, Names, Quality, Size, SourceCounts } from '../types.ts';

/** Result of a build; `--json` prints it. */
export interface BuildResult {
  /** Folder of the site, as given in the options. */
  readonly out: string;
  /** Folder of the reports: placement.csv, sources.csv, skipped.csv, quality.json. */
  readonly report: string;
  /** Names of image files in the site. */
  readonly names: Names;
  readonly layouts: readonly Layout[];
  readonly grid: Grid;
  /** Size of a cell at full resolution, px. */
  readonly cell: Size;
  /** Width of a cell, px. */
  readonly cellSize: number;
  /** With `cellSize` `auto`: the choice of that size. */
  readonly cellChoice?: CellChoice;
  readonly tileSize: number;
  /** With `cellAspect` `auto`: effect of each aspect on the images. */
  readonly aspects: readonly AspectChoice[];
  /** Size of the mosaic, px. */
  readonly width: number;
  readonly height: number;
  /** Number of levels of the pyramid. */
  readonly levels: number;
  /** Without originals: what they would add. */
  readonly originalsGain?: OriginalsGain;
  readonly sources: SourceCounts & { readonly enlarged: number; readonly verbatim: number };
  /** Number of files that cannot be used, by kind, with the remedies. */
  readonly leftOut: readonly LeftOut[];
  /** Duration of each stage, seconds. */
  readonly stages: Readonly<Record<BuildStage, number>>;
  /** Number of files in the site. */
  readonly files: number;
  /** Number of tiles that are links to (or copies of) the one tile of a picture. */
  readonly linkedFiles: number;
  /** Size of the site, bytes; linked files count once. */
  readonly bytes: number;
  /** Hosts that accept the site, and the limits that each layout exceeds. */
  readonly fit: FitResult;
  /** Peak memory of the process, bytes. */
  readonly peakRssBytes: number;
  readonly quality: Quality;
  /** Colour behind transparent images, `#rrggbb`. */
  readonly background: string;
  /** Warnings for users: files skipped, images enlarged, links refused, … */
  readonly warnings: readonly string[];
}

/** Facts of a build besides its site, after publishing. */
export interface BuildEnd {
  readonly usage: SiteUsage;
  /** Duration of each stage, seconds. */
  readonly seconds: Readonly<Record<BuildStage, number>>;
  /** Warnings of the stages. */
  readonly warnings: readonly string[];
}

/** Assembles the result of a build. */
export function resultOf(
  { options, plan, catalog, pictures, shape, mosaic, store }: BuiltSite,
  { usage, seconds, warnings }: BuildEnd,
): BuildResult {
  const { recipe, aspects, cellChoice, idleBans, files } = plan;
  const { cell, tileSize } = recipe;
  return {
    out: options.out,
    report: options.report,
    names: options.names,
    layouts: Object.keys(shape.layouts) as Layout[],
    grid: plan.grid,
    cell,
    cellSize: cell.width,
    ...(cellChoice && { cellChoice }),
    tileSize,
    aspects,
    width: mosaic.width,
    height: mosaic.height,
    levels: mosaic.levels.length,
    ...(options.originals === 'none' && { originalsGain: originalsGain(pictures, cell, files) }),
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
