import type { Size } from '../types.ts';
import { type ByteSource, byteSource } from './byte-source.ts';
import type { ImageInput } from './open-image.ts';
import { type Directory, readDirectory, readNumbers, type TiffPlace, tiffStart } from './tiff-directories.ts';

/** Reduced copy of a TIFF's image in the same file, as image pyramids have them. */
export interface Overview extends Size {
  /** Where libvips finds it: the number of a page, or of a directory below the first page. */
  readonly at: { readonly page: number } | { readonly subifd: number };
}

const TAG = {
  REDUCED: 254,
  WIDTH: 256,
  HEIGHT: 257,
  STRIPS: 273,
  STRIP_BYTES: 279,
  TILES: 324,
  TILE_BYTES: 325,
  SUB_DIRECTORIES: 330,
} as const;
/** Largest number of directories that are looked at; pyramids have one per halving. */
const DIRECTORIES_MAX = 32;

/**
 * Finds the overviews of a TIFF or BigTIFF: the directories marked as reduced images (NewSubfileType, bit 0; TIFF 6.0,
 * section 8) that have the shape of the first one, either next to it (libvips, GDAL) or below it (OME-TIFF).
 *
 * @returns none for other formats, and for files that end before the last part of any of their images.
 */
export function tiffOverviews(input: ImageInput): Overview[] {
  const source = byteSource(input);
  try {
    return overviewsOf(source);
  } finally {
    source.close();
  }
}

function overviewsOf(source: ByteSource): Overview[] {
  const start = tiffStart(source);
  const first = start && readDirectory(source, start.offset, start);
  if (!start || !first || !isComplete(source, first, start)) return [];
  const overviews: Overview[] = [];
  const take = (directory: Directory, at: Overview['at']) => {
    const size = sizeOf(directory);
    if (isReduced(directory) && isShrunk(sizeOf(first), size) && isComplete(source, directory, start)) {
      overviews.push({ ...size, at });
    }
  };
  for (const [subifd, offset] of (first.numbers.get(TAG.SUB_DIRECTORIES) ?? []).entries()) {
    const directory = subifd < DIRECTORIES_MAX ? readDirectory(source, offset, start) : undefined;
    if (directory) take(directory, { subifd });
  }
  let at = first.next;
  for (let page = 1; at > 0 && page < DIRECTORIES_MAX; page++) {
    const directory = readDirectory(source, at, start);
    if (!directory) break;
    take(directory, { page });
    at = directory.next;
  }
  return overviews;
}

function sizeOf({ numbers }: Directory): Size {
  return { width: numbers.get(TAG.WIDTH)?.[0] ?? 0, height: numbers.get(TAG.HEIGHT)?.[0] ?? 0 };
}

function isReduced({ numbers }: Directory): boolean {
  return ((numbers.get(TAG.REDUCED)?.[0] ?? 0) & 1) === 1;
}

/** Tells whether a size is another one, shrunk by the same factor along both sides; halves are rounded up or down. */
function isShrunk(whole: Size, { width, height }: Size): boolean {
  if (width < 1 || height < 1 || width >= whole.width || height >= whole.height) return false;
  const factor = Math.max(whole.width, whole.height) / Math.max(width, height);
  return Math.abs(whole.width / factor - width) <= 1 && Math.abs(whole.height / factor - height) <= 1;
}

/** Tells whether all strips or tiles of a directory lie within the file. */
function isComplete(source: ByteSource, directory: Directory, place: TiffPlace): boolean {
  const tiled = directory.places.has(TAG.TILES);
  const starts = readNumbers(source, directory, { tag: tiled ? TAG.TILES : TAG.STRIPS, place });
  const sizes = readNumbers(source, directory, { tag: tiled ? TAG.TILE_BYTES : TAG.STRIP_BYTES, place });
  if (starts.length === 0 || starts.length !== sizes.length) return false;
  return starts.every((start, i) => start > 0 && start + sizes[i]! <= source.size);
}
