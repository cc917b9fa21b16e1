import { PAINTED_PX_BYTES } from '../tiles/tile-plan.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { Recipe, Size } from '../types.ts';
import type { Usage } from './usage.ts';
import { FOLDERS } from '../format/site-paths.ts';

/** Facts of a mosaic's pictures before its tiles are written. */
export interface KnownPictures {
  /** Number of uses of each picture. */
  readonly uses: Uint32Array;
  /** Bytes of a picture at the size of a level that is not painted. */
  readonly bytesOf: (picture: number, size: Size) => number;
  /** Bytes of a spliced tile in addition to its pieces. */
  readonly headerBytes: number;
  /** Number of close-ups, and their longer side, px. */
  readonly closeups?: { readonly count: number; readonly side: number } | undefined;
}

/**
 * Estimates: number and bytes of the files besides tiles (page, its previews, viewer, placement); and bytes per cell, for its entry in
 * the placement and in the directory, for the target, and for the checksum of its tile.
 */
const [OTHER_FILES, OTHER_BYTES, CELL_BYTES] = [18, 600_000, 20];
/** Estimates for the directory: bytes per picture, and pictures per file. Sources have one to four pictures each. */
const [PICTURE_BYTES, PICTURES_PER_FILE] = [150, 400];
/** Bytes of a close-up per px of the square around it; photographs fill two thirds of that. */
const CLOSEUP_PX_BYTES = 0.2;
/** Estimates for the viewer: its largest file, bytes, and its number of files. */
const [LARGEST_BYTES, VIEWER_FILES] = [360_000, 4];

/**
 * Bytes per px of a tile before it is encoded, by quality up to the first number. Photographs take about two thirds of it:
 * 0.2 at quality 85, 0.4 at 95 and 0.8 at 100, by 20 of them.
 */
const PX_BYTES = [
  [85, 0.3],
  [95, 0.6],
  [100, 1.1],
] as const;
/** The same of PNG; and the factor of JPEG and AVIF without chroma subsampling. */
const [PNG_PX_BYTES, FULL_CHROMA] = [3, 1.4];

/** Estimates the bytes per px of a tile that shows a picture, on the safe side. */
export function tilePxBytes({
  format,
  quality,
  subsampling,
}: Pick<Recipe, 'format' | 'quality' | 'subsampling'>): number {
  if (format === 'png') return PNG_PX_BYTES;
  const [, bytes] = PX_BYTES.find(([most]) => quality <= most)!;
  return subsampling === '4:4:4' ? bytes * FULL_CHROMA : bytes;
}

/** Estimates the files and bytes of a site from its sets of tiles. */
export function estimateUsage(sets: readonly TileSet[], known: KnownPictures): Usage {
  const cells = known.uses.reduce((sum, times) => sum + times, 0);
  const pictures = known.uses.length;
  let files = OTHER_FILES + Math.ceil(pictures / PICTURES_PER_FILE);
  let bytes = OTHER_BYTES + cells * CELL_BYTES + pictures * PICTURE_BYTES;
  if (known.closeups) {
    files += known.closeups.count;
    bytes += known.closeups.count * known.closeups.side ** 2 * CLOSEUP_PX_BYTES;
  }
  let largestFile = { path: `${FOLDERS.viewer}/openseadragon.min.js`, bytes: LARGEST_BYTES };
  let fullestFolder = { path: 'viewer', entries: VIEWER_FILES };
  for (const set of sets) {
    const { columns, rows, name } = set;
    const tiles = columns * rows;
    const own = setBytes(set, known);
    files += tiles;
    bytes += own;
    const mean = own / tiles;
    if (mean > largestFile.bytes) largestFile = { path: name, bytes: Math.round(mean) };
    // Only Deep Zoom has all tiles of a level in one folder.
    if (set.shows === 'mosaic' && tiles > fullestFolder.entries) fullestFolder = { path: name, entries: tiles };
  }
  return { files, folders: 0, bytes: Math.round(bytes), largestFile, fullestFolder };
}

function setBytes({ shows, from, cell, width, height, columns, rows }: TileSet, known: KnownPictures): number {
  if (from === 'paint') return width * height * PAINTED_PX_BYTES;
  let bytes = from === 'splice' ? columns * rows * known.headerBytes : 0;
  for (const [picture, times] of known.uses.entries()) {
    bytes += known.bytesOf(picture, cell) * (shows === 'mosaic' ? times : 1);
  }
  return bytes;
}
