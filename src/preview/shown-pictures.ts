import { encodeSrgb } from '../colour/linear.ts';
import { CROP_SCALE, FEATURE_LENGTH, FEATURE_SIDE, partColours, type SourceFeatures } from '../colour/features.ts';
import type { SourceRasters } from '../tiles/cell-painter.ts';
import { cropRect } from '../tiles/crops.ts';
import { cropOfVariant, turnOfVariant } from '../tiles/variants.ts';
import type { Crop, Rect, Size, Source, Turn } from '../types.ts';

/** Facts of the sources that pictures show. */
export interface ShownSources {
  readonly sources: readonly Source[];
  readonly features: SourceFeatures;
  /** Where the whole of each source was put. */
  readonly place: Crop;
}

/** A picture as a preview draws it. */
export interface ShownPicture {
  readonly source: number;
  readonly turn: Turn;
  /** Part of the whole that the crop shows, in units of the sides of the whole; it may reach beyond it. */
  readonly part: Rect;
}

/** Parts along each side of a crop where it lies beyond the whole. */
export const DRAWN_PARTS = 2 * FEATURE_SIDE;

/**
 * Pictures of a placement, without mips of their own: crops are known by the mip of the whole, and by the colours of their
 * 4 x 4 parts.
 */
export class ShownPictures implements SourceRasters {
  private readonly facts: ShownSources;
  private readonly rasters = new Map<string, Uint8Array>();

  constructor(facts: ShownSources) {
    this.facts = facts;
  }

  /** Returns how a picture is drawn, by its id. */
  shown(id: number): ShownPicture {
    const { sources, place } = this.facts;
    const source = id % sources.length;
    const variant = Math.floor(id / sources.length);
    const { crop: whole } = sources[source]!;
    const rect = cropRect(sources[source]!, cropOfVariant(variant), place);
    const part = {
      left: (rect.left - whole.left) / whole.width,
      top: (rect.top - whole.top) / whole.height,
      width: rect.width / whole.width,
      height: rect.height / whole.height,
    };
    return { source, turn: turnOfVariant(variant), part };
  }

  /** Returns the colours of {@link DRAWN_PARTS} x {@link DRAWN_PARTS} parts of a picture before it is turned, linear RGB. */
  parts(id: number): Float32Array {
    return this.colours(id, DRAWN_PARTS);
  }

  /**
   * Returns the px of a picture at 1, 2 or 4 px along each side, by its id. They are means of its 4 x 4 parts, as the
   * catalog knows them.
   */
  pixels(id: number, { width: side }: Size): Uint8Array {
    const key = `${id}/${side}`;
    let px = this.rasters.get(key);
    if (!px) this.rasters.set(key, (px = this.raster(id, side)));
    return px;
  }

  private raster(id: number, side: number): Uint8Array {
    const colours = this.colours(id, FEATURE_SIDE);
    const each = FEATURE_SIDE / side;
    const { turn } = this.shown(id);
    const means = new Float32Array(side * side * 3);
    for (let y = 0; y < FEATURE_SIDE; y++) {
      for (let x = 0; x < FEATURE_SIDE; x++) {
        const [column, row] = placeOf(turn, (x + 0.5) / FEATURE_SIDE, (y + 0.5) / FEATURE_SIDE);
        const from = (Math.floor(row * FEATURE_SIDE) * FEATURE_SIDE + Math.floor(column * FEATURE_SIDE)) * 3;
        const to = (Math.floor(y / each) * side + Math.floor(x / each)) * 3;
        for (let c = 0; c < 3; c++) means[to + c]! += colours[from + c]! / each ** 2;
      }
    }
    const px = new Uint8Array(means.length);
    encodeSrgb(means, px);
    return px;
  }

  private colours(id: number, side: number): Float32Array {
    const { features, sources } = this.facts;
    const usable = sources.length;
    const [source, crop] = [id % usable, cropOfVariant(Math.floor(id / usable))];
    if (crop === 0) return partColours(features.whole, source * FEATURE_LENGTH, 1, side);
    const perSource = features.crops!.length / usable;
    return partColours(features.crops!, source * perSource + (crop - 1) * FEATURE_LENGTH, CROP_SCALE, side);
  }
}

/**
 * Finds the place in an upright picture that stands at a place of the turned one; both are from 0 to 1 across and down.
 */
export function placeOf(turn: Turn, across: number, down: number): [across: number, down: number] {
  let [x, y] = turn % 2 ? [down, 1 - across] : [across, down];
  if (turn % 4 >= 2) [x, y] = [1 - x, 1 - y];
  return turn >= 4 ? [1 - x, y] : [x, y];
}
