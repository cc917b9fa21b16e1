/** The facts of a mosaic in the caption, and the scale. */
import type OpenSeadragon from 'openseadragon';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { viewOf } from './frame.ts';
import type { Texts } from './strings.ts';

/** Formats the facts: “43,776 cells · 1,000 images · 2.9 gigapixels”. */
export function factsOf({ grid, sources, width, height }: MosaicJson, texts: Texts): string {
  const px = width * height;
  const short = (value: number) =>
    value < 10 ? texts.number(Number(value.toFixed(1))) : texts.number(Math.round(value));
  const size =
    px >= 1e9 ? texts.of('gigapixels', { count: short(px / 1e9) }) : texts.of('megapixels', { count: short(px / 1e6) });
  const cells = texts.count('cell', 'cells', grid.columns * grid.rows);
  return [cells, texts.count('image', 'images', sources.used), size].join(' · ');
}

/** Returns the scale: number of cells across the view. */
export function scaleText(viewer: OpenSeadragon.Viewer, mosaic: MosaicJson, texts: Texts): string {
  const across = Math.min(mosaic.grid.columns, viewOf(viewer, mosaic, true).width);
  const count = across < 10 ? Number(across.toFixed(1)) : Math.round(across);
  return texts.count('acrossOne', 'across', count);
}
