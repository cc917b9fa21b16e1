import { readFile, stat } from 'node:fs/promises';
import { sharp } from '../image/sharp.ts';
import { FEATURE_LENGTH, FEATURE_SIDE, writeFeatures } from '../colour/features.ts';
import { encodeTile } from '../image/encode.ts';
import type { ImageInput, OpenOptions } from '../image/open-image.ts';
import { cutJpeg, type McuRect } from '../jpeg/cut.ts';
import { tileHeaderOf, wholeTile } from '../jpeg/splice.ts';
import { stripToTile } from '../jpeg/strip.ts';
import { cropRect } from '../tiles/crops.ts';
import { mcuOf, type Mip, mipsOf, rastersOf } from '../tiles/tile-plan.ts';
import { cropOfVariant, turnOfVariant } from '../tiles/variants.ts';
import type { Recipe, Rgb, Size, Source } from '../types.ts';
import { cropFeatures } from './crop-features.ts';
import { cellOf, decodeImage, type DecodedImage } from './decode.ts';
import { halveCell, type MipPixels, sizeKey } from './mips.ts';
import { hashedSize, perceptualHash } from './perceptual-hash.ts';
import { type ProxyRecord, smallestOf } from './proxy.ts';
import { resample } from './resample.ts';
import { packStrips } from './strips.ts';
import { turned } from './turn.ts';

/** Largest file, bytes, whose own data may be a tile. */
const VERBATIM_BYTES = 16 * 2 ** 20;
/** Largest mip that shares one encode with the smaller ones, px. */
const SHEET_PX = 2 ** 20;
/** Unused background: these px have no transparency. */
const BLACK = { r: 0, g: 0, b: 0 };

/** Everything that a catalog keeps of an image in one variant. */
export interface IndexedImage extends Omit<Source, 'path' | 'hash'> {
  readonly variant: number;
  readonly features: Float32Array;
  /** Features of the other crops; see `cropFeatures`. Empty for all variants but 0. */
  readonly crops: Int16Array;
  readonly perceptualHash: Uint8Array;
  /** Raster px, RGB; see `rastersOf`. */
  readonly px: Uint8Array;
  /**
   * One blob per piece of each mip that is not painted, largest mip first: an image file (reference) or packed strips
   * (splice).
   */
  readonly blobs: Uint8Array[];
  /** Set if this is no variant, but a proxy: its only blob is the JPEG. */
  readonly proxy?: ProxyRecord;
}

/** How an image is indexed. */
export interface IndexOptions extends OpenOptions {
  readonly recipe: Recipe;
  /** Colour that transparent images are laid over. */
  readonly background: Rgb;
  /** Variants to index, in this order; the whole, upright, by default. */
  readonly variants?: readonly number[];
}

const NO_CROPS = new Int16Array(0);

/**
 * Decodes an image once, and makes all data of its variants that a mosaic may need.
 *
 * @throws errors of {@link decodeImage}.
 */
export async function indexImage(
  input: ImageInput,
  { variants = [0], ...options }: IndexOptions,
): Promise<IndexedImage[]> {
  const { recipe, background: _, ...how } = options;
  const { cell, crop } = recipe;
  const decoded = await decodeImage(input, { cell, crop, smallest: smallestOf(variants), ...how });
  return await indexDecoded(input, decoded, { ...options, variants });
}

/** Makes the same data of an image that was decoded from `input`. */
export async function indexDecoded(
  input: ImageInput,
  decoded: DecodedImage,
  { variants = [0], ...options }: IndexOptions,
): Promise<IndexedImage[]> {
  const images: IndexedImage[] = [];
  for (const variant of variants) images.push(await indexVariant(input, decoded, { ...options, variant }));
  return images;
}

async function indexVariant(
  input: ImageInput,
  decoded: DecodedImage,
  { recipe, background, variant, ...how }: Omit<IndexOptions, 'variants'> & { readonly variant: number },
): Promise<IndexedImage> {
  const size = recipe.cell;
  const part = cropRect(decoded, cropOfVariant(variant), recipe.crop);
  const px = turned(await cellOf(decoded, part, { cell: size, background }), size, turnOfVariant(variant));
  const mips = halveCell(px, size);
  const square = squareOf(px, mips, size);
  const features = new Float32Array(FEATURE_LENGTH);
  writeFeatures(square.means, 0, FEATURE_SIDE * 3, features, 0);
  const rasters = rastersOf(recipe).map((raster) => mips.px.get(sizeKey(raster)) ?? square.px.get(sizeKey(raster))!);
  const blobs = recipe.format === 'jpeg' ? await jpegBlobs(mips.px, recipe) : await fileBlobs(mips.px, recipe);
  const verbatim = how.lenient || variant !== 0 ? undefined : await verbatimTile(input, decoded, recipe);
  if (verbatim) blobs[0] = verbatim;
  const { format, width, height, crop, alpha } = decoded;
  return {
    variant,
    format,
    width,
    height,
    crop,
    alpha,
    enlarged: part.width < size.width || part.height < size.height,
    verbatim: verbatim !== undefined,
    features,
    crops: variant === 0 ? cropFeatures(decoded, recipe.crop, background) : NO_CROPS,
    perceptualHash: square.hash,
    px: Buffer.concat(rasters),
    blobs,
  };
}

/**
 * Returns the mips of the cell as a square, and their perceptual hash: the input of matching. A cell of another shape is
 * resampled to a square of at most 32 px.
 */
function squareOf(px: Uint8Array, mips: MipPixels, size: Size): MipPixels & { readonly hash: Uint8Array } {
  const side = hashedSize(Math.min(size.width, size.height));
  const shape = { width: side, height: side };
  const square =
    size.width === size.height ? mips : halveCell(resample({ data: px, ...size, channels: 3 }, shape, BLACK), shape);
  return { ...square, hash: perceptualHash(square.px.get(sizeKey(shape))!, side) };
}

/**
 * Makes the blobs of JPEG tiles. One encode serves all mips: the sheet holds the largest mip and beside it a column of
 * the smaller ones, each on whole MCUs. The encoded sheet is then cut apart. The largest mip of a large cell has an
 * encode of its own, which needs no second copy of its px.
 */
async function jpegBlobs(px: ReadonlyMap<string, Uint8Array>, recipe: Recipe): Promise<Uint8Array[]> {
  const [largest, ...others] = mipsOf(recipe).filter(({ from }) => from !== 'paint');
  if (!largest) return [];
  const alone = largest.width * largest.height > SHEET_PX;
  const sheets = alone && others.length > 0 ? [[largest], others] : [[largest, ...others]];
  const blobs: Uint8Array[] = [];
  for (const mips of sheets) blobs.push(...(await sheetBlobs(px, mips, recipe)));
  return blobs;
}

/** Encodes one sheet and cuts it into blobs. Each of its mips is half the size of the one before. */
async function sheetBlobs(
  px: ReadonlyMap<string, Uint8Array>,
  mips: readonly Mip[],
  recipe: Recipe,
): Promise<Uint8Array[]> {
  const mcu = mcuOf(recipe.subsampling);
  const { width: left, height } = mips[0]!;
  const width = mips.length > 1 ? left * 1.5 : left;
  const sheet = mips.length > 1 ? new Uint8Array(width * height * 3) : px.get(sizeKey(mips[0]!))!;
  const rects: { mip: Mip; rect: McuRect }[] = [];
  let top = 0;
  for (const [i, mip] of mips.entries()) {
    const place = i === 0 ? { left: 0, top: 0 } : { left, top };
    if (mips.length > 1) blit(px.get(sizeKey(mip))!, mip, { sheet, stride: width, ...place });
    rects.push(...pieceRects(mip, place, mcu).map((rect) => ({ mip, rect })));
    if (i > 0) top += mip.height;
  }
  const jpeg = await encodeTile(sheet, { width, height }, recipe);
  const header = tileHeaderOf(jpeg);
  const parts = cutJpeg(
    jpeg,
    rects.map(({ rect }) => rect),
  );
  return parts.map((strips, i) => {
    const { mip, rect } = rects[i]!;
    return mip.from === 'splice' ? packStrips(strips) : wholeTile(header, strips, rect.width, mcu);
  });
}

/** Returns the pieces of a mip at (left, top) of a sheet, row-major, in units of `unit` px. */
function pieceRects(mip: Mip, { left, top }: { left: number; top: number }, unit: number): McuRect[] {
  const { across, down, piece } = mip;
  return Array.from({ length: across * down }, (_, i) => ({
    left: (left + (i % across) * piece.width) / unit,
    top: (top + Math.floor(i / across) * piece.height) / unit,
    width: piece.width / unit,
    height: piece.height / unit,
  }));
}

/** Copies px into a sheet that is `stride` px wide, to (left, top). */
function blit(
  from: Uint8Array,
  { width, height }: Size,
  {
    sheet,
    stride,
    left,
    top,
  }: { readonly sheet: Uint8Array; readonly stride: number; readonly left: number; readonly top: number },
): void {
  for (let y = 0; y < height; y++) {
    sheet.set(from.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * stride + left) * 3);
  }
}

/** Makes the blobs of formats that cannot be cut: every piece of a reference mip is encoded by itself. */
async function fileBlobs(px: ReadonlyMap<string, Uint8Array>, recipe: Recipe): Promise<Uint8Array[]> {
  const blobs: Uint8Array[] = [];
  for (const mip of mipsOf(recipe).filter(({ from }) => from === 'reference')) {
    const { width, height } = mip;
    const whole = px.get(sizeKey(mip))!;
    for (const rect of pieceRects(mip, { left: 0, top: 0 }, 1)) {
      const alone = mip.across * mip.down === 1;
      const image = sharp(whole, { raw: { width, height, channels: 3 } });
      blobs.push(await encodeTile(alone ? whole : await image.extract(rect).raw().toBuffer(), mip.piece, recipe));
    }
  }
  return blobs;
}

/** Returns the source's own data as its full-resolution tile, if it has the tile's format, size and colours. */
async function verbatimTile(input: ImageInput, image: DecodedImage, recipe: Recipe): Promise<Uint8Array | undefined> {
  const { cell } = recipe;
  const mip = mipsOf(recipe)[0]!;
  const whole = recipe.format === 'jpeg' && mip.from === 'reference' && mip.across * mip.down === 1;
  const fits = image.width === cell.width && image.height === cell.height && !image.turned && !image.profiled;
  if (!whole || !fits || image.format !== 'jpeg') return undefined;
  if (typeof input !== 'string') return stripToTile(input);
  return (await stat(input)).size > VERBATIM_BYTES ? undefined : stripToTile(await readFile(input));
}
