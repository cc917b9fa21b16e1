import { levelsOf, mipsOf, type Shape } from '../tiles/tile-plan.ts';
import type { TileSet } from '../tiles/tile-set.ts';
import type { LayoutLevel, Layouts } from '../format/mosaic-json.ts';
import type { Grid, Level, Size } from '../types.ts';
import { type IiifImage, iiifImageOf, iiifTilePaths, iiifWholeSizes, infoJson } from './iiif-image.ts';
import { ANNOTATIONS_MAX, annotationPageJson, IIIF_PATHS, manifestJson } from './iiif-manifest.ts';
import { levelSet, setOrigin, type SiteShape } from './site-shape.ts';

/** Tiles are at least this wide, px. */
const TILE_WIDTH = 256;

/** The static image of a mosaic: tiles of the cells' shape, so that those at full resolution are whole cells, or pieces of one. */
export function iiifImage(grid: Grid, recipe: Shape): IiifImage {
  const { width, height } = recipe.cell;
  const { piece } = mipsOf(recipe)[0]!;
  let pieces = 1;
  while (pieces * piece.width < TILE_WIDTH) pieces *= 2;
  const tile = { tileWidth: piece.width * pieces, tileHeight: piece.height * pieces };
  return iiifImageOf({ width: grid.columns * width, height: grid.rows * height, ...tile });
}

/** The IIIF layout of a mosaic: levels in tiles, and coarser ones that are there as a whole only. */
export function iiifLayout(grid: Grid, recipe: Shape, baseUrl: string): NonNullable<Layouts['iiif']> {
  const image = iiifImage(grid, recipe);
  const all = levelsOf(grid, recipe.cell);
  const factor = ({ level }: Level) => 2 ** (all.length - 1 - level);
  const last = Math.max(...image.scaleFactors, ...iiifWholeSizes(image).map(({ scaleFactor }) => scaleFactor));
  const tile = { width: image.tileWidth, height: image.tileHeight };
  const levels = all
    .filter((level) => factor(level) <= last)
    .map(({ level, cell }): LayoutLevel => ({ level, tile, from: setOrigin(cell, tile, recipe) }));
  return { levels, baseUrl };
}

/** All images below `iiif/image`. */
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
      const pathsOf = (column: number, row: number) => inFolder(iiifTilePaths(image, factor, column, row));
      const from = setOrigin(size.cell, tile, recipe);
      sets.push(levelSet(shape, size, { name: `iiif/${level}`, tile, from, pathsOf }));
    }
    return sets;
  });
}

/** A level in one file. */
function wholeSet(shape: SiteShape, level: Level, paths: readonly string[]): TileSet {
  const tile: Size = { width: level.width, height: level.height };
  const from = setOrigin(level.cell, tile, shape.recipe);
  return levelSet(shape, level, { name: `iiif/whole/${level.level}`, tile, from, pathsOf: () => paths });
}

/** What a manifest tells of a mosaic. */
export interface IiifAbout {
  readonly title: string;
  readonly credit: string | undefined;
  readonly rights: string | undefined;
  readonly summary: string;
  /** Name of what stands in each cell, row by row; left out where names are not told. */
  readonly names?: (cell: number) => string;
}

/** The documents of the IIIF layout, by their paths: of each, its text in blocks. */
export function iiifDocuments(shape: SiteShape, about: IiifAbout): Map<string, Iterable<string>> {
  const { grid, recipe, layouts } = shape;
  const documents = new Map<string, Iterable<string>>();
  if (!layouts.iiif) return documents;
  const { baseUrl } = layouts.iiif;
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

/** Where the documents of the IIIF layout lie, and members that they have whatever is told of the mosaic. */
export function iiifMembers(shape: SiteShape): Map<string, object> {
  const { grid, recipe, layouts } = shape;
  const { iiif } = layouts;
  if (!iiif) return new Map();
  const at = (path: string) => `${iiif.baseUrl}/${path}`;
  const { info, imageFolder, manifest, annotations } = IIIF_PATHS;
  const image = iiifImage(grid, recipe);
  return new Map<string, object>([
    [info, infoJson(image, at(imageFolder), { manifest: at(manifest) })],
    ...[manifest, ...(isAnnotated(shape) ? [annotations] : [])].map((path) => [path, { id: at(path) }] as const),
  ]);
}

/** Whether there is a page of annotations: it tells names and nothing else. */
function isAnnotated({ grid: { columns, rows }, names }: SiteShape): boolean {
  return names === 'all' && columns * rows <= ANNOTATIONS_MAX;
}

function* cellsOf({ columns, rows }: Grid, { cell: { width, height } }: Shape, names: (cell: number) => string) {
  for (let cell = 0; cell < columns * rows; cell++) {
    const [x, y] = [(cell % columns) * width, Math.floor(cell / columns) * height];
    yield { name: names(cell), x, y, width, height };
  }
}
