/** The image of a source for the panel: as large as the site has it, uncropped if it has originals. */
import { ORIGINAL_TILE, originalDepth, type OriginalFacts, originalTilePath } from '../src/format/original-index.ts';
import { closeupPath, originalPath } from '../src/format/site-paths.ts';
import { cropRect } from '../src/tiles/crops.ts';
import { cropOfVariant } from '../src/tiles/variants.ts';
import type { Rect, Size } from '../src/types.ts';
import { cellImage, type CellPlace, loadImage } from './cell-image.ts';
import type { ShownSource } from './directory.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** An image, and the part of it that the cell shows, if it shows more. */
export interface SourceImage {
  readonly image: HTMLImageElement | HTMLCanvasElement;
  readonly part?: Rect & { readonly of: Size };
  /** Address of the file, if it is one that browsers show. */
  readonly file?: string;
}

/** Longest side that is loaded of an original that is a pyramid, px. */
const PYRAMID_SIDE = 1024;

/** Loads the image of the source that a cell shows: its original, else its close-up, else the cell. */
export async function sourceImage(tiles: MosaicTileSource, place: CellPlace, shown: ShownSource): Promise<SourceImage> {
  const cell = () => ofCell(tiles, place);
  if (tiles.mosaic.originals) {
    await tiles.originals.load(shown.picture);
    const original = tiles.originals.of(shown.picture);
    if (original) return await originalImage(original, tiles.base).catch(cell);
  }
  const { closeup } = shown.source;
  return await (closeup === undefined ? cell() : closeupImage(tiles, shown, closeup).catch(cell));
}

async function closeupImage(tiles: MosaicTileSource, shown: ShownSource, closeup: number): Promise<SourceImage> {
  const { width, height, whole } = shown.source;
  const crop = cropOfVariant(shown.variant);
  const part = cropRect({ width, height, crop: whole }, crop, tiles.mosaic.crop);
  return { image: await loadImage(tiles.base + closeupPath(closeup)), part: { ...part, of: { width, height } } };
}

async function ofCell(source: MosaicTileSource, place: CellPlace): Promise<SourceImage> {
  return { image: await cellImage(source, place, Infinity) };
}

async function originalImage(original: OriginalFacts, base: string): Promise<SourceImage> {
  const { width, height, crop, ending } = original;
  const part = { ...crop, of: { width, height } };
  if (ending === '') return { image: await pyramidImage(original, base), part };
  const file = `${base}${originalPath(original.original)}.${ending}`;
  return { image: await loadImage(file), part, file };
}

/** Composes the level of a pyramid whose longer side is at most {@link PYRAMID_SIDE}. */
async function pyramidImage(original: OriginalFacts, base: string): Promise<HTMLCanvasElement> {
  const { width, height } = original;
  const deepest = originalDepth(original);
  const up = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / PYRAMID_SIDE)));
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width / 2 ** up);
  canvas.height = Math.ceil(height / 2 ** up);
  const context = canvas.getContext('2d')!;
  const drawn: Promise<void>[] = [];
  for (let row = 0; row * ORIGINAL_TILE < canvas.height; row++) {
    for (let column = 0; column * ORIGINAL_TILE < canvas.width; column++) {
      const tile = loadImage(base + originalTilePath(original.original, { level: deepest - up, column, row }));
      drawn.push(tile.then((image) => context.drawImage(image, column * ORIGINAL_TILE, row * ORIGINAL_TILE)));
    }
  }
  await Promise.all(drawn);
  return canvas;
}
