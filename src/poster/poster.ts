import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { CHECKSUMS_FILE, MOSAIC_FILE } from '../format/site-paths.ts';
import { oneThreadPerImage } from '../image/decoder-threads.ts';
import { readMosaicJson } from '../site/read-site.ts';
import { realPath } from '../staging/real-path.ts';
import { PictureFile } from '../store/picture-file.ts';
import { peakMemory } from '../threads/peak-memory.ts';
import type { Layout, Size } from '../types.ts';
import { writeJpeg } from './jpeg.ts';
import { smallestLevel } from './level.ts';
import type { Made, Making } from './making.ts';
import { type PosterFormat, type PosterOptions, posterSize, type ResolvedPoster, resolvePoster } from './options.ts';
import { checkPosterFile } from './out.ts';
import { writePng } from './png.ts';
import { Shrunk } from './shrunk.ts';
import { SiteLevel } from './site-level.ts';
import { writeTiff } from './tiff.ts';

/** Sizes of a printed poster. */
export interface PosterPrint {
  /** Px per inch. */
  readonly dpi: number;
  /** Size of the poster, cm. */
  readonly width: number;
  readonly height: number;
  /** Size of a cell, mm. */
  readonly cell: Size;
}

/** Result of a poster; `--json` prints it. */
export interface PosterResult {
  readonly site: string;
  /** Path of the poster, as given in the options. */
  readonly out: string;
  readonly format: PosterFormat;
  /** Size of the poster, px. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** Size of a cell, px; may be fractions. */
  readonly cell: Size;
  /** The layout and level of the site that the poster was made of, with its size in px; larger than the poster if that was shrunk. */
  readonly from: Size & { readonly layout: Layout; readonly level: number };
  /** Part of the poster's area whose JPEG data is the site's own, as it is, 0..1. */
  readonly copied: number;
  /** Sizes at 150 and 300 px per inch. */
  readonly prints: readonly PosterPrint[];
  readonly seconds: number;
  /** Peak memory of the process, bytes. */
  readonly peakRssBytes: number;
}

/** Px per inch that sizes are told at. */
const PRINTS = [150, 300];
const WRITERS: Readonly<Record<PosterFormat, (making: Making) => Promise<Made>>> = {
  jpeg: writeJpeg,
  tiff: (making) => writeTiff(making),
  png: writePng,
};

/**
 * Renders a site as one picture for print, band by band: memory does not grow with its height. Needs nothing but the site, in any
 * layout. Where the site has the poster's px as JPEG data, a JPEG or TIFF consists of that data; other sizes are shrunk in linear
 * light from the next larger level. Prints nothing. Reports progress to `onProgress`. `signal` stops it; nothing is then written to
 * `out`.
 *
 * @throws {UserError} `usage`, `not-a-site`, `site` if a file of it is missing or damaged, `changed` if it is built anew meanwhile,
 *   `out-exists`, `not-writable` or `disk-full`; `signal`'s reason if aborted.
 */
export async function poster(options: PosterOptions): Promise<PosterResult> {
  const resolved = resolvePoster(options);
  resolved.signal.throwIfAborted();
  return await oneThreadPerImage(() => run(resolved));
}

async function run(options: ResolvedPoster): Promise<PosterResult> {
  const { site, out, format, signal } = options;
  const started = performance.now();
  const mosaic = await readMosaicJson(site);
  const root = realPath(site);
  const before = stampOf(root);
  const size = posterSize(mosaic, options);
  await checkPosterFile(out, site);
  const level = smallestLevel(mosaic, size);
  const ofSite = new SiteLevel(root, mosaic, level);
  const isShrunk = level.width !== size.width || level.height !== size.height;
  const file = await PictureFile.open(out);
  try {
    const making: Making = {
      file,
      px: isShrunk ? new Shrunk(ofSite, exactSize(mosaic, level.level), size) : ofSite,
      own: isShrunk ? undefined : ofSite,
      subsampling: mosaic.tile.format === 'jpeg' ? mosaic.tile.subsampling : undefined,
      quality: options.quality,
      signal,
      onDone: progressOf(options, size),
    };
    const { copied } = await WRITERS[format](making);
    signal.throwIfAborted();
    if (stampOf(root) !== before) throw changed(site);
    await file.finish();
    const from = { layout: level.layout, level: level.level, width: level.width, height: level.height };
    const seconds = (performance.now() - started) / 1000;
    const facts = { site, out, format, ...size, bytes: file.length, from, copied, seconds, peakRssBytes: peakMemory() };
    return { ...facts, ...sizesOf(size, mosaic) };
  } catch (error) {
    await file.discard();
    throw error instanceof UserError && stampOf(root) !== before ? changed(site) : error;
  }
}

/** Size of what a level shows, px: its own sides are rounded up. */
function exactSize({ width, height, levels }: MosaicJson, level: number): Size {
  const factor = 2 ** (levels.length - 1 - level);
  return { width: width / factor, height: height / factor };
}

function progressOf({ onProgress }: ResolvedPoster, { width, height }: Size): Making['onDone'] {
  let px = 0;
  let told = -1;
  return (more) => {
    px += more;
    // Px are too many to be told one by one.
    const done = Math.floor((1000 * px) / (width * height));
    if (done !== told) onProgress({ stage: 'poster', done, total: 1000, unit: 'parts' });
    told = done;
  };
}

/** Returns the sizes of a cell and of prints. */
function sizesOf({ width, height }: Size, { grid }: MosaicJson): Pick<PosterResult, 'cell' | 'prints'> {
  const cell = { width: width / grid.columns, height: height / grid.rows };
  const prints = PRINTS.map((dpi) => {
    const cm = (px: number) => (px / dpi) * 2.54;
    const ofCell = { width: cm(cell.width) * 10, height: cm(cell.height) * 10 };
    return { dpi, width: cm(width), height: cm(height), cell: ofCell };
  });
  return { cell, prints };
}

/** Returns what changes if the site is built anew, mended or rebased. */
function stampOf(root: string): string {
  return [MOSAIC_FILE, CHECKSUMS_FILE]
    .map((file) => statSync(join(root, file), { bigint: true, throwIfNoEntry: false }))
    .map((stat) => (stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs].join() : ''))
    .join(';');
}

function changed(site: string): UserError {
  return new UserError('changed', `${site} was changed while the poster was made of it`, 'Run it again.');
}
