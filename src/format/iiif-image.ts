/** The IIIF Image API 3.0, https://iiif.io/api/image/3.0/; clauses below refer to it. */
const CONTEXT = 'http://iiif.io/api/image/3/context.json';
const PROTOCOL = 'http://iiif.io/api/image';

/** Default greatest side of `full/…` images, px: enough for a page or a preview. */
const SIDE_MAX = 2048;
/** Least longer side of the smallest whole image, px; it is less than twice that: an icon. */
const SIDE_MIN = 32;

/** An image as static files: level 0 of the Image API. Scale factors are powers of two. */
export interface IiifImage {
  /** Size of the whole image, px. */
  readonly width: number;
  readonly height: number;
  /** Size of a tile, px; tiles at the right and lower edges may be smaller. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** 1, 2, 4, …; the last is the first at which the whole image is one tile. */
  readonly scaleFactors: readonly number[];
  /** Greatest side of `full/…` images, px; at least two tiles, so that no tile exceeds `maxWidth`. */
  readonly maxSide: number;
}

/** An image at one scale factor. */
export interface IiifLevel {
  readonly scaleFactor: number;
  /** Size in px: that of the whole image, divided by the scale factor, rounded up. */
  readonly width: number;
  readonly height: number;
  /** Number of tiles across and down. */
  readonly columns: number;
  readonly rows: number;
}

/** Place of a tile: its scale factor, and its column and row among the tiles of that level. */
export interface IiifTile {
  readonly scaleFactor: number;
  readonly column: number;
  readonly row: number;
}

/** The whole image in one file. */
export interface IiifWhole {
  readonly scaleFactor: number;
  /** Size in px: that of the whole image, divided by the scale factor, rounded up. */
  readonly width: number;
  readonly height: number;
  /** Paths in the image's folder, the canonical one first. */
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

/** Describes an image by its size and that of its tiles, px. */
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

/** Lists the levels of an image, the full size first. */
export function iiifLevels(image: IiifImage): IiifLevel[] {
  return image.scaleFactors.map((scaleFactor) => {
    const [width, height] = reduced(image, scaleFactor);
    const [columns, rows] = [Math.ceil(width / image.tileWidth), Math.ceil(height / image.tileHeight)];
    return { scaleFactor, width, height, columns, rows };
  });
}

/**
 * Lists the whole images that are offered, smallest first: one for every power of two at which both sides are at most
 * `maxSide`. The last is the one at `full/max`.
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
    // Clients that canonicalise write `max` for a size that equals the region's own.
    if (s === 1 && isTile) paths.push(...regions.map((region) => pathOf(region, 'max')));
    else if (wholes.length === 0) paths.push(pathOf('full', 'max'));
    wholes.push({ scaleFactor: s, width, height, paths, isTile });
  }
  return wholes.toReversed();
}

/**
 * Lists the paths of a tile in the image's folder: all under which a client may request it, first the one that the
 * implementation notes (3) derive. Only the tile that is the whole image has more than one.
 *
 * A corner tile may be so small that a tile of the next finer level shows the same region at the same size. It has no path,
 * since the request is the same.
 */
export function iiifTilePaths(image: IiifImage, { scaleFactor, column, row }: IiifTile): readonly string[] {
  if (scaleFactor === image.scaleFactors.at(-1)) return iiifWholeSizes(image).find(({ isTile }) => isTile)!.paths;
  const path = iiifTilePath(image, { scaleFactor, column, row });
  const finer = { scaleFactor: scaleFactor / 2, column: column * 2, row: row * 2 };
  return scaleFactor > 1 && iiifTilePath(image, finer) === path ? [] : [path];
}

/**
 * Makes the image information document (5.2 to 5.8).
 *
 * `maxWidth` and `maxHeight` are the sides of the largest whole image, so that `full/max` has the size that a client
 * expects. They are never smaller than a tile, as 5.2 demands.
 *
 * @param id address of the image's folder, without a trailing slash.
 * @param about URI of a licence (5.6), and address of the manifest that shows the image (5.8).
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

/** Size of the whole image at a scale factor, px. */
function reduced({ width, height }: IiifImage, scaleFactor: number): [number, number] {
  return [Math.ceil(width / scaleFactor), Math.ceil(height / scaleFactor)];
}

/** Canonical syntax (4.8), except `max` at full size: clients request tiles by the sizes that `tiles` implies (5.4). */
function pathOf(region: string, size: string): string {
  return `${region}/${size}/0/default.jpg`;
}

/** Path of a tile that is not the whole image (implementation notes, 3). */
export function iiifTilePath(image: IiifImage, { scaleFactor, column, row }: IiifTile): string {
  const [x, y] = [column * image.tileWidth * scaleFactor, row * image.tileHeight * scaleFactor];
  const width = Math.min(image.tileWidth * scaleFactor, image.width - x);
  const height = Math.min(image.tileHeight * scaleFactor, image.height - y);
  const size = `${Math.ceil(width / scaleFactor)},${Math.ceil(height / scaleFactor)}`;
  return pathOf(`${x},${y},${width},${height}`, size);
}
