import type { PictureFile } from '../store/picture-file.ts';
import type { Rect, Size, Subsampling } from '../types.ts';
import type { PxSource, SiteLevel } from './site-level.ts';

/** What a poster is made of, and where it is written to. */
export interface Making {
  readonly file: PictureFile;
  /** Px of the poster. */
  readonly px: PxSource;
  /** The level of the site that has just these px; undefined if they are shrunk. */
  readonly own: SiteLevel | undefined;
  /** Subsampling of the site's tiles; undefined if they are no JPEGs. */
  readonly subsampling: Subsampling | undefined;
  /** Quality of JPEG data that is encoded. */
  readonly quality: number;
  readonly signal: AbortSignal;
  /** Reports that so many more px are done. */
  readonly onDone: (px: number) => void;
}

/** What was made. */
export interface Made {
  /** Part of the poster's area whose JPEG data is the site's own, 0..1. */
  readonly copied: number;
}

/** Print resolution that is noted in a poster, px per inch. */
export const DPI = 300;
/** Text that posters contain near their start: older posters may be replaced, other files not. */
export const MARK = 'zoomosaic poster';
/** Px of a band, bytes: it is read, encoded and written at once. */
export const BAND_BYTES = 2 ** 22;
/** Number of bands that are made at once. */
export const BANDS_AT_ONCE = 2;

/** Cuts a poster into bands of full width, each of `rows` rows but for the last. */
export function* bandsOf({ width, height }: Size, rows: number): Generator<Rect> {
  for (let top = 0; top < height; top += rows) yield { left: 0, top, width, height: Math.min(rows, height - top) };
}
