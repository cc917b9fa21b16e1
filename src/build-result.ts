import type { AspectChoice } from './cell-shape.ts';
import type { FitResult } from './fit/fit.ts';
import type { Grid, Layout, LeftOut, Names, Quality, Size, SourceCounts, Stage } from './types.ts';

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
