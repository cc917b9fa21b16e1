import type { MosaicJson } from '../format/mosaic-json.ts';
import { countText, plural } from '../messages.ts';
import type { Names } from '../types.ts';
import type { IiifAbout } from './iiif.ts';

/** Returns the facts for IIIF documents. `nameOf` returns the name of a cell's source. */
export function aboutOf(
  { title, grid, sources, width, height }: MosaicJson,
  { credit, rights, names }: Pick<IiifAbout, 'credit' | 'rights'> & { readonly names: Names },
  nameOf: (cell: number) => string,
): IiifAbout {
  const cells = plural(grid.columns * grid.rows, 'cell');
  const summary = `A photomosaic of ${cells} and ${plural(sources.used, 'image')}, ${countText(width)} x ${countText(height)} px.`;
  return { title, credit, rights, summary, ...(names === 'all' && { names: nameOf }) };
}
