import type { MosaicJson } from '../format/mosaic-json.ts';
import { check, checkSitePath, countText, expected, PATH } from '../messages.ts';
import type { Progress, Size } from '../types.ts';

/** Options of {@link poster}. */
export interface PosterOptions {
  /** Folder of the site. */
  site: string;
  /**
   * Path of the poster; its ending decides its format: `.jpg`, `.tif` or `.png`. An older poster there is replaced; any other file
   * is not.
   */
  out: string;
  /** Width of the poster, px, at most that of the mosaic; by default the greatest width up to 30,000 that the site has. */
  width?: number;
  /** Quality of the JPEG data that is encoded, 1 to 100; by default 90. Data that the site has is taken as it is. */
  quality?: number;
  /** Called with the progress. */
  onProgress?: (progress: Progress) => void;
  /** Stops the poster; nothing is then written to `out`. */
  signal?: AbortSignal;
}

/** Formats of posters, by the ending of their names. */
const FORMATS = { jpg: 'jpeg', jpeg: 'jpeg', tif: 'tiff', tiff: 'tiff', png: 'png' } as const;
/** Format of a poster. */
export type PosterFormat = (typeof FORMATS)[keyof typeof FORMATS];

/** Default of the quality; greatest width that is chosen without `width`, px. */
export const [POSTER_QUALITY, POSTER_WIDTH] = [90, 30_000] as const;

/** Longest side of a poster, px, by format. */
const SIDES = {
  jpeg: 65_535, // its header has 16 bits for each
  png: 1_000_000, // libpng reads no larger ones by default
  tiff: Infinity,
} as const;

/** Checked options of a poster. */
export interface ResolvedPoster extends Required<Omit<PosterOptions, 'width'>> {
  readonly format: PosterFormat;
  readonly width: number | undefined;
}

/**
 * Checks the options of a poster as far as they do not depend on the site.
 *
 * @throws {UserError} `usage`.
 */
export function resolvePoster(given: PosterOptions): ResolvedPoster {
  if (typeof given !== 'object' || given === null) throw expected('options', 'an object', given);
  const { site, out, width, quality = POSTER_QUALITY } = given;
  const { onProgress = () => {}, signal = new AbortController().signal } = given;
  checkSitePath(site);
  check('out', out, PATH);
  const ending = /\.(jpe?g|tiff?|png)$/i.exec(out)?.[1]?.toLowerCase();
  if (ending === undefined) throw expected('out', 'the name of a picture that ends in .jpg, .tif or .png', out);
  const format = FORMATS[ending as keyof typeof FORMATS];
  const isWhole = (value: unknown, most: number) =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
  if (width !== undefined)
    check('width', width, { what: 'a whole number from 1', is: (value) => isWhole(value, Infinity) });
  check('quality', quality, { what: 'a whole number from 1 to 100', is: (value) => isWhole(value, 100) });
  if (format === 'png' && given.quality !== undefined)
    throw expected('quality', 'nothing beside a name that ends in .png, which loses nothing,', quality);
  return { site, out, width, quality, onProgress, signal, format };
}

/**
 * Computes the size of a poster of a mosaic, px.
 *
 * @throws {UserError} `usage` if the mosaic has fewer px, or the format holds no such side.
 */
export function posterSize(
  { width: full, height: fullHeight, levels }: Pick<MosaicJson, 'width' | 'height' | 'levels'>,
  { width: asked, format }: Pick<ResolvedPoster, 'width' | 'format'>,
): Size {
  const ofSite = levels.findLast((level) => level.width <= POSTER_WIDTH && level.height <= SIDES[format]) ?? levels[0]!;
  const width = asked ?? ofSite.width;
  if (width > full) throw expected('width', `at most ${countText(full)}, the width of the mosaic,`, width);
  const level = levels.find((one) => one.width === width);
  const height = level?.height ?? Math.max(1, Math.round((width / full) * fullHeight));
  const side = Math.max(width, height);
  if (side > SIDES[format]) {
    const instead = format === 'jpeg' ? '; a name that ends in .tif has no such limit' : '';
    const what = `a width for a ${format.toUpperCase()}, whose sides have at most ${countText(SIDES[format])} px${instead},`;
    throw expected(asked === undefined ? 'out' : 'width', what, `${countText(width)} x ${countText(height)} px`);
  }
  return { width, height };
}
