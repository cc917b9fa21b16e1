import { UserError } from '../errors.ts';

/** The IIIF Image API 3.0, https://iiif.io/api/image/3.0/; clauses below are of it. */
const CONTEXT = 'http://iiif.io/api/image/3/context.json';
const PROTOCOL = 'http://iiif.io/api/image';

/** Side, px, up to which `full/…` images are offered unless another is asked for: enough for a page or a preview. */
const SIDE_MAX = 2048;
/** The smallest image of the whole has a longer side of this many px, up to twice as many: an icon. */
const SIDE_MIN = 32;

/** An image as static files: level 0 of the Image API, scale factors being powers of two. */
export interface IiifImage {
  /** Px of the whole. */
  readonly width: number;
  readonly height: number;
  /** Px of a tile; those at the right and the lower edge may be smaller. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** 1, 2, 4, …; the last is the first at which the whole is one tile. */
  readonly scaleFactors: readonly number[];
  /** `full/…` images are offered up to this many px a side; at least two tiles, so that no tile exceeds `maxWidth`. */
  readonly maxSide: number;
}

/** What there is of an image at one scale factor. */
export interface IiifLevel {
  readonly scaleFactor: number;
  /** Px: the whole's, divided by the scale factor, rounded up. */
  readonly width: number;
  readonly height: number;
  /** Tiles. */
  readonly columns: number;
  readonly rows: number;
}

/** The whole in one file. */
export interface IiifWhole {
  readonly scaleFactor: number;
  /** Px: the whole's, divided by the scale factor, rounded up. */
  readonly width: number;
  readonly height: number;
  /** Where it lies in the image's folder, the canonical path first. */
  readonly paths: readonly string[];
  /** It is the only tile of the last scale factor: {@link iiifTilePaths} gives the same paths. */
  readonly isTile: boolean;
}

/** The image information document, `info.json` (5). */
export interface IiifInfo {
  readonly '@context': string;
  readonly id: string;
  readonly type: 'ImageService3';
  readonly protocol: string;
  readonly profile: 'level0';
  readonly width: number;
  readonly height: number;
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly tiles: readonly {
    readonly width: number;
    readonly height: number;
    readonly scaleFactors: readonly number[];
  }[];
  readonly rights?: string;
  readonly partOf?: readonly { readonly id: string; readonly type: 'Manifest' }[];
}

/**
 * Refuses tiles that are no JPEG: `jpg` is the one format that every level has to offer (compliance document, 3.5), so a
 * static image of another would need all its tiles twice.
 *
 * @throws {UserError} `usage`.
 */
export function checkIiifFormat(format: string): void {
  if (format === 'jpeg') return;
  throw new UserError(
    'usage',
    `Expected jpeg for --format with --layout iiif but received ${format}`,
    'Leave --format out, or use another --layout.',
  );
}

/** Describes an image by its sizes and those of its tiles, px. */
export function iiifImageOf({
  width,
  height,
  tileWidth,
  tileHeight,
  maxSide = SIDE_MAX,
}: Pick<IiifImage, 'width' | 'height' | 'tileWidth' | 'tileHeight'> & { readonly maxSide?: number }): IiifImage {
  const scaleFactors = [1];
  for (let s = 1; s * tileWidth < width || s * tileHeight < height;) scaleFactors.push((s *= 2));
  const atLeast = 2 * Math.max(tileWidth, tileHeight);
  return { width, height, tileWidth, tileHeight, scaleFactors, maxSide: Math.max(maxSide, atLeast) };
}

/** The levels of an image, the full size first. */
export function iiifLevels(image: IiifImage): IiifLevel[] {
  return image.scaleFactors.map((scaleFactor) => {
    const [width, height] = reduced(image, scaleFactor);
    const [columns, rows] = [Math.ceil(width / image.tileWidth), Math.ceil(height / image.tileHeight)];
    return { scaleFactor, width, height, columns, rows };
  });
}

/**
 * The images of the whole that are offered, smallest first: of every power of two at which both sides are at most `maxSide`.
 * The last is what `full/max` yields.
 */
export function iiifWholeSizes(image: IiifImage): IiifWhole[] {
  const lastFactor = image.scaleFactors.at(-1)!;
  const longer = Math.max(image.width, image.height);
  const wholes: IiifWhole[] = [];
  for (let s = 1; s <= lastFactor || Math.ceil(longer / s) >= SIDE_MIN; s *= 2) {
    if (Math.ceil(longer / s) > image.maxSide) continue;
    const [width, height] = reduced(image, s);
    const isTile = s === lastFactor;
    const regions = isTile ? ['full', `0,0,${image.width},${image.height}`] : ['full'];
    const paths = regions.map((region) => pathOf(region, `${width},${height}`));
    // Clients that canonicalise say `max` for a size that is the region's own.
    if (s === 1 && isTile) paths.push(...regions.map((region) => pathOf(region, 'max')));
    else if (wholes.length === 0) paths.push(pathOf('full', 'max'));
    wholes.push({ scaleFactor: s, width, height, paths, isTile });
  }
  return wholes.toReversed();
}

/**
 * Where a tile lies in the image's folder: every path under which a client may ask for its bytes, the one that the
 * implementation notes (3) derive first. Only the tile that is the whole has more than one.
 *
 * A corner so small that a finer level's tile shows the same region at the same size has none: that is the same request.
 */
export function iiifTilePaths(image: IiifImage, scaleFactor: number, column: number, row: number): readonly string[] {
  if (scaleFactor === image.scaleFactors.at(-1)) return iiifWholeSizes(image).find(({ isTile }) => isTile)!.paths;
  const path = iiifTilePath(image, scaleFactor, column, row);
  return scaleFactor > 1 && iiifTilePath(image, scaleFactor / 2, column * 2, row * 2) === path ? [] : [path];
}

/** Files that an image consists of, `info.json` not counted: paths of all tiles and wholes. */
export function iiifFileCount(image: IiifImage): number {
  const wholes = iiifWholeSizes(image).reduce((sum, { paths }) => sum + paths.length, 0);
  return iiifLevels(image).reduce((sum, { scaleFactor, columns, rows }) => {
    if (scaleFactor === image.scaleFactors.at(-1)) return sum;
    return sum + columns * rows - (iiifTilePaths(image, scaleFactor, columns - 1, rows - 1).length === 0 ? 1 : 0);
  }, wholes);
}

/**
 * The image information document (5.2 to 5.8).
 *
 * `maxWidth` and `maxHeight` are the sides of the largest image of the whole, so that `full/max` has just the size that a
 * client expects; but never smaller than a tile, as 5.2 demands.
 *
 * @param id address of the image's folder, without a slash at its end.
 * @param about a licence's URI (5.6), and the address of the manifest that shows the image (5.8).
 */
export function infoJson(
  image: IiifImage,
  id: string,
  { rights, manifest }: { readonly rights?: string | undefined; readonly manifest?: string | undefined } = {},
): IiifInfo {
  const { width, height, tileWidth, tileHeight, scaleFactors } = image;
  const wholes = iiifWholeSizes(image);
  const limited = wholes.every(({ scaleFactor }) => scaleFactor > 1);
  return {
    '@context': CONTEXT,
    id,
    type: 'ImageService3',
    protocol: PROTOCOL,
    profile: 'level0',
    width,
    height,
    ...(limited && {
      maxWidth: Math.max(tileWidth, ...wholes.map((whole) => whole.width)),
      maxHeight: Math.max(tileHeight, ...wholes.map((whole) => whole.height)),
    }),
    sizes: wholes.map((whole) => ({ width: whole.width, height: whole.height })),
    tiles: [{ width: tileWidth, height: tileHeight, scaleFactors }],
    ...(rights && { rights }),
    ...(manifest && { partOf: [{ id: manifest, type: 'Manifest' }] }),
  };
}

/** Px of the whole at a scale factor. */
function reduced({ width, height }: IiifImage, scaleFactor: number): [number, number] {
  return [Math.ceil(width / scaleFactor), Math.ceil(height / scaleFactor)];
}

/** Canonical syntax (4.8), but for `max` at full size: tiles are asked for by the sizes that `tiles` implies (5.4). */
function pathOf(region: string, size: string): string {
  return `${region}/${size}/0/default.jpg`;
}

/** Implementation notes, 3: a tile that is not the whole. */
export function iiifTilePath(image: IiifImage, scaleFactor: number, column: number, row: number): string {
  const [x, y] = [column * image.tileWidth * scaleFactor, row * image.tileHeight * scaleFactor];
  const width = Math.min(image.tileWidth * scaleFactor, image.width - x);
  const height = Math.min(image.tileHeight * scaleFactor, image.height - y);
  const size = `${Math.ceil(width / scaleFactor)},${Math.ceil(height / scaleFactor)}`;
  return pathOf(`${x},${y},${width},${height}`, size);
}
