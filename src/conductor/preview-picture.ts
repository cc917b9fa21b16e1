import type { Catalog } from '../catalog/catalog.ts';
import { Pictures } from '../catalog/pictures.ts';
import { spliceHeader } from '../catalog/recipe-key.ts';
import { ShardDamage } from '../catalog/shard-reader.ts';
import type { PictureOptions } from '../catalog/sound-places.ts';
import { shrinkLinear } from '../image/convert.ts';
import { sharp } from '../image/sharp.ts';
import { drawMosaic, type DrawnFrom } from '../preview/draw.ts';
import { drawSheet, pictureWidth, type SheetPicture } from '../preview/sheet.ts';
import { ShownPictures } from '../preview/shown-pictures.ts';
import { drawnMip, type KeptMips, type SourceAtlas, sourceAtlas } from '../preview/source-atlas.ts';
import { cropFactor, CROPS } from '../tiles/crops.ts';
import type { Size } from '../types.ts';
import type { Placed } from './place.ts';
import type { PreviewFormat, ResolvedPreview } from './preview-options.ts';
import type { PreviewTarget } from './preview-target.ts';
import { labelOf, type PreviewAlternative, SHEET_NOTE, alternativeOf } from './preview-alternative.ts';

/** Quality of JPEG and WebP previews. */
const QUALITY = 90;
/** Factor of the sides of the smallest crop. */
const CROP_LEAST = cropFactor(CROPS - 1);

/** What previews are drawn from; `placed` has a placement for each alternative. */
export interface PreviewFacts {
  readonly catalog: Catalog;
  readonly placed: readonly Placed[];
  readonly target: PreviewTarget;
  readonly indexing: PictureOptions;
}

/** A drawn preview: an image file, and facts about its pictures. */
export interface DrawnPreview extends Size {
  readonly bytes: Uint8Array;
  readonly alternatives: readonly PreviewAlternative[];
  /** Notes for the user on damaged shards. */
  readonly notes: readonly string[];
}

/** Draws the pictures of a preview, measures them, and encodes them as one image. */
export async function drawPreview(
  { options, alternatives, format, width, across, isCompared }: ResolvedPreview,
  facts: PreviewFacts,
  onProgress: (done: number, total: number) => void,
): Promise<DrawnPreview> {
  const { catalog, placed, target } = facts;
  const { cell } = catalog.recipe;
  onProgress(0, alternatives.length);
  const each = isCompared ? pictureWidth(width, across) : width;
  const { from, notes } = await drawnFrom(facts, each);
  const drawn: SheetPicture[] = [];
  const measured: PreviewAlternative[] = [];
  for (const [i, placement] of placed.entries()) {
    const { columns, rows } = placement.grid;
    const height = Math.max(1, Math.round((each * rows * cell.height) / (columns * cell.width)));
    const px = await drawAt(placement, { width: each, height }, from);
    const alternative = await alternativeOf(alternatives[i]!.own, placement, { target, rasters: from.pictures });
    measured.push(alternative);
    drawn.push({ px, width: each, height, label: labelOf(alternative) });
    onProgress(drawn.length, alternatives.length);
    options.signal.throwIfAborted();
  }
  const whole = isCompared ? drawSheet(drawn, { width, across, note: SHEET_NOTE }) : drawn[0]!;
  const bytes = await encode(whole.px, whole, format);
  return { bytes, width: whole.width, height: whole.height, alternatives: measured, notes };
}

/** Prepares what all pictures are drawn from, for pictures of a width, px. */
async function drawnFrom(
  facts: PreviewFacts,
  width: number,
): Promise<{ readonly from: DrawnFrom; readonly notes: readonly string[] }> {
  const { catalog, placed } = facts;
  const { sources, recipe } = catalog;
  const used = [...new Set(placed.flatMap(({ cells }) => [...new Set(cells.map((id) => id % sources.length))]))];
  const perCell = Math.max(...placed.map(({ grid }) => width / grid.columns));
  const mip = drawnMip(recipe, perCell / CROP_LEAST, used.length);
  const making = { mip, header: await spliceHeader(recipe), recipe };
  const { atlas, notes } = await soundAtlas(facts, used, (kept) => sourceAtlas(kept, used.length, making));
  const { features } = placed.find((one) => one.features.crops) ?? placed[0]!;
  const pictures = new ShownPictures({ sources, features, place: recipe.crop });
  return { from: { pictures, atlas, numbers: new Map(used.map((id, i) => [id, i])) }, notes };
}

/** Makes an atlas of the sources `used`. Only what it reads is verified; where that is damaged, the sources are indexed again. */
async function soundAtlas(
  { catalog, indexing }: PreviewFacts,
  used: readonly number[],
  make: (kept: KeptMips) => Promise<SourceAtlas>,
): Promise<{ readonly atlas: SourceAtlas; readonly notes: readonly string[] }> {
  try {
    const kept: KeptMips = {
      pixels: (number, size) => catalog.pixels(used[number]!, size),
      strips: (number, size, piece) => catalog.strips(used[number]!, size, piece),
      file: (number, size, piece) => catalog.file(used[number]!, size, piece),
    };
    return { atlas: await make(kept), notes: [] };
  } catch (error) {
    if (!(error instanceof ShardDamage)) throw error;
    const kept = await Pictures.numbered(catalog, used, indexing);
    try {
      return { atlas: await make(kept), notes: kept.notes };
    } finally {
      kept.close();
    }
  }
}

/** Draws a placement; cells smaller than a px are drawn at 1 px and reduced. */
async function drawAt(placement: Placed, { width, height }: Size, from: DrawnFrom): Promise<Uint8Array> {
  const { columns, rows } = placement.grid;
  const size = { width: Math.max(width, columns), height: Math.max(height, rows) };
  const px = drawMosaic(placement, size, from);
  if (size.width === width && size.height === height) return px;
  const raw = { ...size, channels: 3 } as const;
  return await shrinkLinear(sharp(px, { raw, limitInputPixels: false }), { width, height })
    .raw()
    .toBuffer();
}

async function encode(px: Uint8Array, { width, height }: Size, format: PreviewFormat): Promise<Uint8Array> {
  const image = sharp(px, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  switch (format) {
    case 'jpeg':
      return await image.jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
    case 'webp':
      return await image.webp({ quality: QUALITY }).toBuffer();
    case 'png':
      return await image.png().toBuffer();
  }
}
