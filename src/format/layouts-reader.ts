import type { Layout, Level, Size, TileFormat } from '../types.ts';
import { exactly, type Fields, isWhole, list, malformed, object, oneOf, whole } from './fields.ts';
import type { LayoutLevel } from './mosaic-json.ts';

/** Least and greatest side of a tile, px. */
export const TILE_SIDES = [16, 8192] as const;

const LAYOUTS: readonly Layout[] = ['dzi', 'compact', 'iiif'];
/**
 * Origins of levels that are written as tiles of the mosaic; and origins of the compact layout's deeper levels, which are
 * not.
 */
const WRITTEN: readonly LayoutLevel['from'][] = ['reference', 'splice', 'paint'];
const SHARED: readonly LayoutLevel['from'][] = ['reference', 'sheets'];
/** Most cells along a side of a tile that is composed from sheets, and most pictures along a side of a sheet. */
const SHEET_CELLS_MAX = 64;

/** Facts of a mosaic that its layouts must agree with. */
interface MosaicShape {
  /** Levels computed from the grid, coarsest first. */
  readonly levels: readonly Level[];
  readonly tileSize: number;
  readonly format: TileFormat;
}

/**
 * Checks `layouts` of a `mosaic.json`: there is at least one, its levels are the mosaic's, and a viewer can show its tiles.
 * `verify` checks further that they are exactly those that a build would write.
 *
 * @throws {UserError} `not-a-site`.
 */
export function checkLayouts(layouts: Fields, shape: MosaicShape): void {
  const names = Object.keys(layouts);
  if (names.length === 0) throw malformed('layouts', `one of ${LAYOUTS.join(', ')}`, 'none');
  for (const name of names) {
    const layout = object(`layouts.${oneOf('a name in layouts', name, LAYOUTS)}`, layouts[name]);
    if (name === 'dzi') checkDzi(layout, shape);
    else if (name === 'compact') checkCompact(layout, shape);
    else checkIiif(layout, shape);
  }
}

function checkDzi({ levels, fullLevel }: Fields, shape: MosaicShape): void {
  const name = 'layouts.dzi.levels';
  const told = list(name, levels);
  exactly(`the number of ${name}`, told.length, shape.levels.length);
  for (const [i, level] of shape.levels.entries()) {
    const { tile } = checkLevel(`${name}[${i}]`, told[i], { ...level, origins: WRITTEN });
    exactly(`${name}[${i}].tile.width`, tile.width, shape.tileSize);
    exactly(`${name}[${i}].tile.height`, tile.height, shape.tileSize);
  }
  oneOf('layouts.dzi.fullLevel', fullLevel, ['link', 'copy']);
}

function checkCompact({ levels, overview, sheets }: Fields, shape: MosaicShape): void {
  const name = 'layouts.compact.levels';
  const told = list(name, levels);
  exactly(`the number of ${name}`, told.length, shape.levels.length);
  const deepest = shape.levels.length - 1;
  const last = whole('layouts.compact.overview', overview, [0, deepest]);
  const inSheets = new Set<number>();
  for (const [i, level] of shape.levels.entries()) {
    const { from } = checkLevel(`${name}[${i}]`, told[i], { ...level, origins: i <= last ? WRITTEN : SHARED });
    if (from === 'sheets') inSheets.add(i);
  }
  const sizes = list('layouts.compact.sheets', sheets);
  exactly('the number of layouts.compact.sheets', sizes.length, inSheets.size);
  for (const [i, sheet] of sizes.entries()) {
    const at = `layouts.compact.sheets[${i}]`;
    const { level, side } = object(at, sheet);
    whole(`${at}.level`, level, [last + 1, deepest]);
    if (!inSheets.delete(level as number)) throw malformed(`${at}.level`, 'a level from sheets', level);
    whole(`${at}.side`, side, [1, SHEET_CELLS_MAX]);
  }
}

function checkIiif({ levels }: Fields, { levels: all, format }: MosaicShape): void {
  const name = 'layouts.iiif.levels';
  const told = list(name, levels);
  whole(`the number of ${name}`, told.length, [1, all.length]);
  const own = all.slice(all.length - told.length);
  for (const [i, level] of own.entries()) checkLevel(`${name}[${i}]`, told[i], { ...level, origins: WRITTEN });
  oneOf('tile.format', format, ['jpeg']);
}

/** Checks a level of a layout: its number, the size of its tiles, and that tiles of this origin can have that size. */
function checkLevel(
  name: string,
  value: unknown,
  { level, cell, origins }: Level & { readonly origins: readonly LayoutLevel['from'][] },
): LayoutLevel {
  const told = object(name, value);
  exactly(`${name}.level`, told['level'], level);
  const size = object(`${name}.tile`, told['tile']);
  const tile = {
    width: whole(`${name}.tile.width`, size['width'], TILE_SIDES),
    height: whole(`${name}.tile.height`, size['height'], TILE_SIDES),
  };
  const from = oneOf(`${name}.from`, told['from'], origins);
  const fits =
    from === 'reference' ? holds(cell, tile, Infinity) : from !== 'sheets' || holds(tile, cell, SHEET_CELLS_MAX);
  if (fits) return { level, tile, from };
  const what = from === 'sheets' ? 'tiles of whole cells' : 'cells of whole tiles';
  throw malformed(name, what, `${tile.width} x ${tile.height}`);
}

/**
 * Tells whether a size is a whole multiple of another in both directions, at most `most` times. Sides of `part` must be whole
 * px.
 */
function holds(size: Size, part: Size, most: number): boolean {
  const times = (length: number, of: number) => Number.isInteger(of) && isWhole(length / of, 1, most);
  return times(size.width, part.width) && times(size.height, part.height);
}
