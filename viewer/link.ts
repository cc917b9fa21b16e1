/**
 * Links into a mosaic, in the fragment of the page's address:
 *
 *     #c=12,34          the cell in column 12 and row 34, counted from 0
 *     #s=NAME           the source of that name, percent-encoded; without names, its number
 *     #v=X,Y,WIDTH      a view: its centre and its width, in cells
 */
import type { Grid } from '../src/types.ts';
import type { CellPlace } from './cell-image.ts';

/** A view: its centre and its width, in cells. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** What a link shows. */
export type Link =
  | { readonly kind: 'cell'; readonly cell: CellPlace }
  | { readonly kind: 'source'; readonly name: string }
  | { readonly kind: 'view'; readonly view: View };

/** Reads the fragment of an address; undefined if it shows nothing of the mosaic. */
export function readLink(fragment: string, { columns, rows }: Grid): Link | undefined {
  const [, kind, text = ''] = /^#?([csv])=(.*)$/s.exec(fragment) ?? [];
  if (kind === 's') return readName(text);
  const numbers = text.split(',').map(Number);
  if (text === '' || !numbers.every(Number.isFinite)) return undefined;
  if (kind === 'c' && numbers.length === 2) {
    const [column, row] = numbers as [number, number];
    const isCell = Number.isInteger(column) && Number.isInteger(row) && column >= 0 && row >= 0;
    return isCell && column < columns && row < rows ? { kind: 'cell', cell: { column, row } } : undefined;
  }
  if (kind !== 'v' || numbers.length !== 3) return undefined;
  const [x, y, width] = numbers as [number, number, number];
  const within = (value: number, most: number) => Math.max(0, Math.min(most, value));
  return width > 0 ? { kind: 'view', view: { x: within(x, columns), y: within(y, rows), width } } : undefined;
}

function readName(text: string): Link | undefined {
  try {
    const name = decodeURIComponent(text);
    return name === '' ? undefined : { kind: 'source', name };
  } catch {
    return undefined;
  }
}

/** Writes the fragment of a link. */
export function linkText(link: Link): string {
  if (link.kind === 'cell') return `#c=${link.cell.column},${link.cell.row}`;
  if (link.kind === 'source') return `#s=${encodeURIComponent(link.name)}`;
  const { x, y, width } = link.view;
  const short = (value: number) => String(Number(value.toFixed(value < 10 ? 3 : 2)));
  return `#v=${short(x)},${short(y)},${short(width)}`;
}
