import { sharp } from '../image/sharp.ts';
import type { Strips } from '../jpeg/cut.ts';
import { spliceBound, spliceTile, type TileHeader } from '../jpeg/splice.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { mcuOf, type Mip, mipsOf, type Shape } from '../tiles/tile-plan.ts';
import type { Size } from '../types.ts';

/** Mips of sources as a catalog keeps them, by the sources' numbers. */
export interface KeptMips {
  /** Px of a painted mip, RGB. */
  pixels(source: number, size: Size): Uint8Array;
  /** Strips of a mip that is spliced. */
  strips(source: number, size: Size, piece: number): Strips;
  /** Image file of a mip that tiles refer to. */
  file(source: number, size: Size, piece: number): Uint8Array;
}

/** Mips of many sources, all of one size, side by side in one picture: RGB, 8-bit sRGB. */
export interface SourceAtlas {
  readonly px: Uint8Array;
  /** Samples of a row of the picture. */
  readonly stride: number;
  /** Size of a mip. */
  readonly size: Size;
  /** Index of the first sample of a source's mip. */
  at(source: number): number;
}

/** Number of mips that are decoded at a time. */
const AT_ONCE = 4;
/** Greatest number of px of an atlas. */
const ATLAS_PX = 2 ** 26;

/**
 * Chooses the mip that cells are drawn from: the smallest that is at least `width` px wide; otherwise the largest that is
 * one piece, and of which `count` fit into an atlas.
 */
export function drawnMip(recipe: Shape, width: number, count: number): Mip {
  const mips = mipsOf(recipe);
  const fitting = mips.filter(
    (mip) => mip.across === 1 && mip.down === 1 && mip.width * mip.height * count <= ATLAS_PX,
  );
  return fitting.findLast((mip) => mip.width >= width) ?? fitting[0] ?? mips.reduce((_, mip) => mip);
}

/** Decodes a mip of each of `count` sources. Spliced mips are put together first, so that they are decoded at once. */
export async function sourceAtlas(
  kept: KeptMips,
  count: number,
  { mip, header, recipe }: { readonly mip: Mip; readonly header: TileHeader; readonly recipe: Shape },
): Promise<SourceAtlas> {
  const columns = Math.max(1, Math.ceil(Math.sqrt(count)));
  const rows = Math.max(1, Math.ceil(count / columns));
  const size = { width: mip.width, height: mip.height };
  const stride = columns * mip.width * 3;
  const at = (source: number) =>
    Math.floor(source / columns) * mip.height * stride + (source % columns) * mip.width * 3;
  if (mip.from === 'splice' && count > 0) {
    const mcu = mcuOf(recipe.subsampling);
    const pieces = Array.from({ length: columns * rows }, (_, i) => kept.strips(Math.min(i, count - 1), size, 0));
    const bands = Array.from({ length: rows }, (_, row) => ({
      pieces: pieces.slice(row * columns, (row + 1) * columns),
      from: 0,
      to: mip.height / mcu,
    }));
    const jpeg = Buffer.alloc(spliceBound(header, bands));
    const whole = { width: columns * mip.width, height: rows * mip.height, segmentMcus: mip.width / mcu, bands };
    const bytes = jpeg.subarray(0, spliceTile(jpeg, header, whole));
    const px = await sharp(bytes, { limitInputPixels: false }).raw().toBuffer();
    return { px, stride, size, at };
  }
  const px = new Uint8Array(stride * rows * mip.height);
  const sources = Array.from({ length: count }, (_, source) => source);
  const decoded = mapOrdered(sources, AT_ONCE, async (source) =>
    mip.from === 'paint'
      ? kept.pixels(source, size)
      : await sharp(kept.file(source, size, 0))
          .toColourspace('srgb')
          .removeAlpha()
          .raw()
          .toBuffer(),
  );
  let source = 0;
  for await (const one of decoded) {
    const first = at(source++);
    for (let line = 0; line < mip.height; line++) {
      const from = line * mip.width * 3;
      px.set(one.subarray(from, from + mip.width * 3), first + line * stride);
    }
  }
  return { px, stride, size, at };
}
