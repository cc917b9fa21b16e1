import type { Pictures } from '../catalog/pictures.ts';
import type { ScannedFile, Size } from '../types.ts';

/** Effect that originals would have on a site without them. */
export interface OriginalsGain {
  /** Px of an original per px of its cell, along a side: the median of the pictures in use, and the largest. At least 1. */
  readonly closer: number;
  readonly closest: number;
  /** Sum of the sizes of the images in use, bytes. Without their metadata, originals take about as much. */
  readonly bytes: number;
}

/** Computes what `--originals` would add to a site. `files` are those that the images were read from. */
export function originalsGain(
  pictures: Pick<Pictures, 'shown'>,
  cell: Size,
  files: readonly ScannedFile[],
): OriginalsGain {
  const shown = pictures.shown();
  const closer = shown
    .map(({ crop }) => Math.max(1, Math.min(crop.width / cell.width, crop.height / cell.height)))
    .toSorted((a, b) => a - b);
  const paths = new Set(shown.map(({ source }) => source.path));
  const bytes = files.reduce((sum, { path, size }) => sum + (paths.has(path) ? size : 0), 0);
  return { closer: closer[(closer.length - 1) >> 1] ?? 1, closest: closer.at(-1) ?? 1, bytes };
}
