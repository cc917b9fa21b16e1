import { levelsOf, mipsOf, type Shape } from '../tiles/tile-plan.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { LayoutLevel, Layouts } from '../format/mosaic-json.ts';
import type { Grid, Level, Size } from '../types.ts';
import { type IiifImage, iiifImageOf, iiifTilePaths, iiifWholeSizes, infoJson } from '../format/iiif-image.ts';
import { ANNOTATIONS_MAX, annotationPageJson, manifestJson } from './iiif-manifest.ts';
import { levelSet, setOrigin, type SiteShape } from './site-shape.ts';
import { FOLDERS, IIIF_PATHS } from '../format/site-paths.ts';

/** Least width of a tile, px. */
const TILE_WIDTH = 256;

/**
 * Describes the static image of a mosaic. Tiles have the cells' shape, so that at full resolution each is made of whole
 * cells or of pieces of one.
 */
export function iiifImage(grid: Grid, recipe: Shape): IiifImage {
  const { width, height } = recipe.cell;
  const { piece } = mipsOf(recipe)[0]!;
  let pieces = 1;
  while (pieces * piece.width < TILE_WIDTH) pieces *= 2;
  const tile = { tileWidth: piece.width * pieces, tileHeight: piece.height * pieces };
  return iiifImageOf({ width: grid.columns * width, height: grid.rows * height, ...tile });
}

/** The IIIF layout of a mosaic: levels in tiles, and coarser levels in one file each. */
export function iiifLayout(grid: Grid, recipe: Shape): NonNullable<Layouts['iiif']> {
  const image = iiifImage(grid, recipe);
  const all = levelsOf(grid, recipe.cell);
  const factor = ({ level }: Level) => 2 ** (all.length - 1 - level);
  const last = Math.max(...image.scaleFactors, ...iiifWholeSizes(image).map(({ scaleFactor }) => scaleFactor));
  const tile = { width: image.tileWidth, height: image.tileHeight };
  const levels = all
    .filter((level) => factor(level) <= last)
    .map(({ level, cell }): LayoutLevel => ({ level, tile, from: setOrigin(cell, tile, recipe) }));
  return { levels };
}

/** The tile sets of all images below `iiif/image`. */
export function iiifSets(shape: SiteShape): TileSet[] {
  const { grid, recipe, layouts } = shape;
  if (!layouts.iiif) return [];
  const image = iiifImage(grid, recipe);
  const levels = levelsOf(grid, recipe.cell);
  const inFolder = (paths: readonly string[]) => paths.map((path) => `${IIIF_PATHS.imageFolder}/${path}`);
  const wholes = new Map(iiifWholeSizes(image).map((whole) => [whole.scaleFactor, whole]));
  return layouts.iiif.levels.flatMap(({ level, tile }) => {
    const size = levels[level]!;
    const factor = 2 ** (levels.length - 1 - level);
    const whole = wholes.get(factor);
    const sets: TileSet[] = [];
    if (whole && !whole.isTile) sets.push(wholeSet(shape, size, inFolder(whole.paths)));
    if (image.scaleFactors.includes(factor)) {
      const pathsOf = (column: number, row: number) =>
        inFolder(iiifTilePaths(image, { scaleFactor: factor, column, row }));
      const from = setOrigin(size.cell, tile, recipe);
      sets.push(levelSet(shape, size, { name: `${FOLDERS.iiif}/${level}`, tile, from, pathsOf }));
    }
    return sets;
  });
}

/** The tile set of a level in one file. */
function wholeSet(shape: SiteShape, level: Level, paths: readonly string[]): TileSet {
  const tile: Size = { width: level.width, height: level.height };
  const from = setOrigin(level.cell, tile, shape.recipe);
  return levelSet(shape, level, { name: `${FOLDERS.iiif}/whole/${level.level}`, tile, from, pathsOf: () => paths });
}

/** Texts of a manifest about a mosaic. */
export interface IiifAbout {
  readonly title: string;
  readonly credit: string | undefined;
  readonly rights: string | undefined;
  readonly summary: string;
  /** Name of each cell's source, cells row by row; undefined if names are not published. */
  readonly names?: (cell: number) => string;
}

/** Makes the documents of the IIIF layout: text in blocks, by path. */
export function iiifDocuments(shape: SiteShape, about: IiifAbout): Map<string, Iterable<string>> {
  const { grid, recipe, layouts, baseUrl } = shape;
  const documents = new Map<string, Iterable<string>>();
  if (!layouts.iiif || baseUrl === undefined) return documents;
  const image = iiifImage(grid, recipe);
  const at = (path: string) => `${baseUrl}/${path}`;
  const text = (json: unknown) => [`${JSON.stringify(json, undefined, 2)}\n`];
  const annotations = isAnnotated(shape);
  const { title, credit, rights, summary, names } = about;
  const info = infoJson(image, at(IIIF_PATHS.imageFolder), { rights, manifest: at(IIIF_PATHS.manifest) });
  documents.set(IIIF_PATHS.info, text(info));
  documents.set(
    IIIF_PATHS.manifest,
    text(manifestJson({ baseUrl, title, image, credit, rights, summary, annotations })),
  );
  if (annotations && names)
    documents.set(IIIF_PATHS.annotations, annotationPageJson(baseUrl, cellsOf(grid, recipe, names)));
  return documents;
}

/** The documents of the IIIF layout by path, each with the members that do not depend on texts about the mosaic. */
export function iiifMembers(shape: SiteShape): Map<string, object> {
  const { grid, recipe, layouts, baseUrl } = shape;
  if (!layouts.iiif || baseUrl === undefined) return new Map();
  const at = (path: string) => `${baseUrl}/${path}`;
  const { info, imageFolder, manifest, annotations } = IIIF_PATHS;
  const image = iiifImage(grid, recipe);
  return new Map<string, object>([
    [info, infoJson(image, at(imageFolder), { manifest: at(manifest) })],
    ...[manifest, ...(isAnnotated(shape) ? [annotations] : [])].map((path) => [path, { id: at(path) }] as const),
  ]);
}

/** Tells whether there is an annotation page; it consists of names only. */
function isAnnotated({ grid: { columns, rows }, names }: SiteShape): boolean {
  return names === 'all' && columns * rows <= ANNOTATIONS_MAX;
}

function* cellsOf({ columns, rows }: Grid, { cell: { width, height } }: Shape, names: (cell: number) => string) {
  for (let cell = 0; cell < columns * rows; cell++) {
    const [x, y] = [(cell % columns) * width, Math.floor(cell / columns) * height];
    yield { name: names(cell), x, y, width, height };
  }
}
