import { PAINTED_PX_BYTES } from '../image/encode.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { Size } from '../types.ts';
import type { Usage } from './usage.ts';

/** What is known of a mosaic's pictures before its tiles are written. */
export interface KnownPictures {
  /** How often each stands. */
  readonly uses: Uint32Array;
  /** Bytes of a picture at a size that is not painted. */
  readonly bytesOf: (picture: number, size: Size) => number;
  /** Bytes of a spliced tile beside its pieces. */
  readonly headerBytes: number;
}

/** Page, viewer and placement: files beside the tiles, and bytes; of each cell, those of its place in a block and of its tile's checksum. */
const [OTHER_FILES, OTHER_BYTES, CELL_BYTES] = [15, 400_000, 10];
/** Of the viewer, about. */
const [LARGEST_BYTES, VIEWER_FILES] = [360_000, 4];

/** What a site of such tiles will take up, about. */
export function estimateUsage(sets: readonly TileSet[], known: KnownPictures): Usage {
  const cells = known.uses.reduce((sum, times) => sum + times, 0);
  let [files, bytes] = [OTHER_FILES, OTHER_BYTES + cells * CELL_BYTES];
  let largestFile = { path: 'viewer/openseadragon.min.js', bytes: LARGEST_BYTES };
  let fullestFolder = { path: 'viewer', entries: VIEWER_FILES };
  for (const set of sets) {
    const { columns, rows, name } = set;
    const tiles = columns * rows;
    const own = setBytes(set, known);
    files += tiles;
    bytes += own;
    const mean = own / tiles;
    if (mean > largestFile.bytes) largestFile = { path: name, bytes: Math.round(mean) };
    // Only Deep Zoom puts all tiles of a level into one folder.
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
