import sharp from 'sharp';
import { FEATURE_LENGTH, FEATURE_SIDE, writeFeatures } from '../colour/features.ts';
import { cutJpeg, type McuRect, type Strips } from '../jpeg/cut.ts';
import { spliceBound, spliceTile, tileHeaderOf } from '../jpeg/splice.ts';
import { stripJpeg } from '../jpeg/strip.ts';
import { encodeTile } from '../encode.ts';
import { mcuOf, mipsOf, type Mip } from '../tile-plan.ts';
import type { Recipe, Rgb, Source } from '../types.ts';
import { decodeCell, type DecodedCell, type ImageInput } from './decode.ts';
import { halveCell } from './mips.ts';
import { hashedSize, perceptualHash } from './perceptual-hash.ts';
import { packStrips } from './strips.ts';
import { turned } from './turn.ts';

/** All that a catalog keeps of an image. */
export interface IndexedImage extends Omit<Source, 'path' | 'hash'> {
  readonly features: Float32Array;
  /** Perceptual hash. */
  readonly look: Uint8Array;
  /** The mips whose px are kept, RGB, largest first. */
  readonly px: Uint8Array;
  /** One per tile of each reference mip (a whole image file), then one per spliced mip (packed strips). */
  readonly blobs: Uint8Array[];
}

/**
 * Decodes an image and makes everything of it that a mosaic may need.
 *
 * @param background what transparent images are laid over.
 * @throws what decoding throws.
 */
export async function indexImage(input: ImageInput, recipe: Recipe, background: Rgb): Promise<IndexedImage> {
  const { cellSize, turn = 0 } = recipe;
  const decoded = await decodeCell(input, cellSize, recipe.crop, background);
  const cell = { ...decoded, px: turned(decoded.px, cellSize, turn) };
  const mips = halveCell(cell.px, cellSize);
  const features = new Float32Array(FEATURE_LENGTH);
  writeFeatures(mips.means, 0, FEATURE_SIDE * 3, features, 0);
  const hashed = hashedSize(cellSize);
  const look = perceptualHash(mips.px.get(hashed)!, hashed);
  const rasters = mipsOf(recipe).filter(({ raster }) => raster);
  const px = Buffer.concat(rasters.map(({ size }) => mips.px.get(size)!));
  const blobs = recipe.format === 'jpeg' ? await jpegBlobs(mips.px, recipe) : await fileBlobs(mips.px, recipe);
  const verbatim = verbatimTile(input, cell, recipe);
  if (verbatim) blobs[0] = verbatim;
  const { format, width, height, crop, alpha } = cell;
  const enlarged = crop.width < cellSize;
  return { format, width, height, crop, alpha, enlarged, verbatim: verbatim !== undefined, features, look, px, blobs };
}

/**
 * One encode serves all mips: the largest, and beside it a column of the smaller ones, each on whole MCUs; then the
 * encoded sheet is cut apart.
 */
async function jpegBlobs(px: ReadonlyMap<number, Uint8Array>, recipe: Recipe): Promise<Uint8Array[]> {
  const mcu = mcuOf(recipe.subsampling);
  const mips = mipsOf(recipe).filter(({ from }) => from !== 'paint');
  const side = recipe.cellSize;
  const width = mips.length > 1 ? side * 1.5 : side;
  const sheet = new Uint8Array(width * side * 3);
  const rects: { mip: Mip; rect: McuRect }[] = [];
  let top = 0;
  for (const mip of mips) {
    const left = mip.size === side ? 0 : side;
    blit(px.get(mip.size)!, mip.size, sheet, width, left, top);
    rects.push(...tileRects(mip, left / mcu, top / mcu, mcu).map((rect) => ({ mip, rect })));
    if (left) top += mip.size;
  }
  const jpeg = await encodeTile(sheet, width, side, recipe);
  const header = tileHeaderOf(jpeg);
  const parts = cutJpeg(
    jpeg,
    rects.map(({ rect }) => rect),
  );
  return parts.map((strips, i) => {
    const { mip, rect } = rects[i]!;
    if (mip.from === 'splice') return packStrips(strips);
    return wholeTile(strips, rect, mcu);
  });

  function wholeTile(strips: Strips, rect: McuRect, unit: number): Uint8Array {
    const out = Buffer.alloc(spliceBound(header, [strips]));
    const size = { width: rect.width * unit, height: rect.height * unit, segmentMcus: rect.width };
    return out.subarray(0, spliceTile(out, header, { ...size, across: 1, cells: [strips] }));
  }
}

/** The tiles of a mip that stands at (left, top) of a sheet, in MCUs, row-major. */
function tileRects(mip: Mip, left: number, top: number, mcu: number): McuRect[] {
  const side = mip.size / mip.tiles / mcu;
  return Array.from({ length: mip.tiles ** 2 }, (_, i) => ({
    left: left + (i % mip.tiles) * side,
    top: top + Math.floor(i / mip.tiles) * side,
    width: side,
    height: side,
  }));
}

function blit(from: Uint8Array, size: number, to: Uint8Array, width: number, left: number, top: number): void {
  for (let y = 0; y < size; y++) {
    to.set(from.subarray(y * size * 3, (y + 1) * size * 3), ((top + y) * width + left) * 3);
  }
}

/** Formats that cannot be cut: every reference tile is encoded by itself. */
async function fileBlobs(px: ReadonlyMap<number, Uint8Array>, recipe: Recipe): Promise<Uint8Array[]> {
  const blobs: Uint8Array[] = [];
  for (const mip of mipsOf(recipe).filter(({ from }) => from === 'reference')) {
    const side = mip.size / mip.tiles;
    const whole = sharp(px.get(mip.size), { raw: { width: mip.size, height: mip.size, channels: 3 } });
    for (const { left, top } of tileRects(mip, 0, 0, 1)) {
      const tile =
        mip.tiles === 1
          ? px.get(mip.size)!
          : await whole.clone().extract({ left, top, width: side, height: side }).raw().toBuffer();
      blobs.push(await encodeTile(tile, side, side, recipe));
    }
  }
  return blobs;
}

/** The source's own data, if it already is what its full-resolution tile should be. */
function verbatimTile(input: ImageInput, cell: DecodedCell, recipe: Recipe): Uint8Array | undefined {
  const fits = cell.width === recipe.cellSize && cell.height === recipe.cellSize && !cell.turned && !cell.profiled;
  const whole = recipe.format === 'jpeg' && recipe.cellSize === recipe.tileSize && !recipe.turn;
  if (!whole || !fits || cell.format !== 'jpeg' || typeof input === 'string') return undefined;
  const stripped = stripJpeg(input);
  return stripped.baseline ? stripped.bytes : undefined;
}
