/**
 * TIFF posters of JPEG tiles. Where the site has the poster's px, tiles are its own JPEG data: files as they are, once each
 * however many tiles show them, or tiles spliced from segments. All other tiles are encoded.
 */
import { sharp } from '../image/sharp.ts';
import { JpegError } from '../jpeg/parts.ts';
import { plainJpegOf, type Sampling } from '../jpeg/restarts.ts';
import { spliceBound, spliceTile } from '../jpeg/splice.ts';
import { mapOrdered } from '../threads/ordered.ts';
import type { Rect, Size, Subsampling } from '../types.ts';
import { subsamplingOf } from './jpeg.ts';
import { BANDS_AT_ONCE, type Made, type Making } from './making.ts';
import type { SiteLevel } from './site-level.ts';
import { SiteSegments } from './site-segments.ts';
import { srgbProfile } from './srgb-profile.ts';
import { CLASSIC_MAX, TiffFile } from './tiff-file.ts';

/** Side of tiles that are spliced or encoded, px. */
const TILE_SIDE = 512;

/** How tiles come to be. */
interface TilePlan {
  readonly tile: Size;
  readonly sampling: Sampling;
  /** The level whose files are tiles. */
  readonly files: SiteLevel | undefined;
  /** Segments that tiles are spliced from. */
  readonly segments: SiteSegments | undefined;
}

/** Writes a TIFF poster. */
export async function writeTiff(making: Making, classicMax = CLASSIC_MAX): Promise<Made> {
  const { file, px, signal, onDone } = making;
  const plan = planOf(making);
  const { tile, sampling } = plan;
  const { width, height } = px;
  const tiff = await TiffFile.start(file, { width, height, tile, sampling, profile: await srgbProfile(), classicMax });
  const known = new Map<string, number>();
  let copied = 0;
  let index = 0;
  const place = (at: number): Rect => {
    const [left, top] = [(at % tiff.columns) * tile.width, Math.floor(at / tiff.columns) * tile.height];
    return { left, top, width: Math.min(tile.width, width - left), height: Math.min(tile.height, height - top) };
  };
  const make = async (at: number): Promise<Tile> => {
    signal.throwIfAborted();
    return ownTile(plan, place(at), known) ?? { jpeg: await encodeTile(making, plan, place(at)) };
  };
  for await (const { jpeg, key, isOwn } of mapOrdered(numbers(tiff.columns * tiff.rows), BANDS_AT_ONCE, make)) {
    const area = place(index).width * place(index).height;
    const same = key === undefined ? undefined : known.get(key);
    if (same !== undefined) tiff.repeat(index, same);
    else await tiff.add(index, jpeg!);
    if (key !== undefined && same === undefined) known.set(key, index);
    if (isOwn) copied += area;
    onDone(area);
    index++;
  }
  await tiff.finish();
  return { copied: copied / (width * height) };
}

function* numbers(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}

function planOf({ px, own, quality, subsampling }: Making): TilePlan {
  // Programs refuse tiles that are much larger than the picture.
  const side = (length: number) => Math.min(TILE_SIDE, Math.ceil(length / 16) * 16);
  const encoded: TilePlan = {
    tile: { width: side(px.width), height: side(px.height) },
    sampling: samplingOf(subsamplingOf(quality)),
    files: undefined,
    segments: undefined,
  };
  if (!own || !subsampling) return encoded;
  const { part } = own.level;
  const isWhole = Math.max(part.width, part.height) >= TILE_SIDE / 2 && part.width % 16 === 0 && part.height % 16 === 0;
  const segments = segmentsOf(own, samplingOf(subsampling));
  const tile = isWhole ? part : segments && tileOf(part);
  if (!tile || tile.width >= 2 * px.width || tile.height >= 2 * px.height) return encoded;
  if (segments && tile.width % segments.width !== 0) return encoded;
  return { tile, sampling: samplingOf(subsampling), files: isWhole ? own : undefined, segments };
}

/** The tile of as many whole parts as fit into {@link TILE_SIDE}; undefined if no number of them has sides for a TIFF. */
function tileOf(part: Size): Size | undefined {
  const times = Math.max(1, Math.floor(TILE_SIDE / Math.max(part.width, part.height)));
  const tile = { width: part.width * times, height: part.height * times };
  return tile.width % 16 === 0 && tile.height % 16 === 0 ? tile : undefined;
}

function segmentsOf(own: SiteLevel, sampling: Sampling): SiteSegments | undefined {
  const segments = unlessOther(() => new SiteSegments(own));
  return segments?.sampling === sampling ? segments : undefined;
}

function samplingOf(subsampling: Subsampling): Sampling {
  return subsampling === '4:2:0' ? 2 : 1;
}

/** Returns a result; undefined if a JPEG is of another kind. */
function unlessOther<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof JpegError) return undefined;
    throw error;
  }
}

/** A tile of the poster. */
interface Tile {
  /** Undefined if a tile with the same key was written. */
  readonly jpeg?: Uint8Array;
  /** Name of data that several tiles may show. */
  readonly key?: string;
  readonly isOwn?: boolean;
}

/** Makes a tile of the site's own JPEG data; undefined if that cannot be. */
function ownTile({ tile, sampling, files, segments }: TilePlan, rect: Rect, known: ReadonlyMap<string, number>) {
  const isWhole = rect.width === tile.width && rect.height === tile.height;
  if (files && isWhole) {
    const part = files.partAt(rect.left / tile.width, rect.top / tile.height);
    const own: Tile = { key: part.file, isOwn: true };
    if (known.has(part.file)) return own;
    const jpeg = files.fileOf(part);
    if (unlessOther(() => isTile(jpeg, tile, sampling))) return { ...own, jpeg };
  }
  return segments && unlessOther((): Tile => ({ jpeg: spliced(segments, rect, tile), isOwn: true }));
}

function isTile(jpeg: Uint8Array, tile: Size, sampling: Sampling): boolean {
  const { header, sampling: own } = plainJpegOf(jpeg);
  return own === sampling && header.width === tile.width && header.height === tile.height;
}

/** Splices a tile. Beyond the poster's edges, its last segments are repeated: a TIFF has whole tiles only. */
function spliced(segments: SiteSegments, rect: Rect, { width, height }: Size): Uint8Array {
  const { mcu, width: step, mcus, header } = segments;
  const [right, bottom] = [rect.left + rect.width - step, rect.top + rect.height - mcu];
  const bands = [];
  for (let y = 0; y < height; y += mcu) {
    const pieces = [];
    for (let x = 0; x < width; x += step) {
      const data = segments.at(Math.min(rect.left + x, right), Math.min(rect.top + y, bottom));
      pieces.push({ data, ends: Uint32Array.of(data.length) });
    }
    bands.push({ pieces, from: 0, to: 1 });
  }
  const out = new Uint8Array(spliceBound(header, bands));
  return out.subarray(0, spliceTile(out, header, { width, height, segmentMcus: mcus, bands }));
}

/** Encodes a tile. Beyond the poster's edges, its last px are repeated. */
async function encodeTile({ px, quality }: Making, { tile, sampling }: TilePlan, rect: Rect): Promise<Uint8Array> {
  const { width, height } = rect;
  const image = sharp(await px.read(rect), { raw: { width, height, channels: 3 } });
  const [right, bottom] = [tile.width - width, tile.height - height];
  const whole = right || bottom ? image.extend({ right, bottom, extendWith: 'copy' }) : image;
  const chromaSubsampling = sampling === 2 ? '4:2:0' : '4:4:4';
  return await whole.jpeg({ quality, chromaSubsampling, progressive: false, mozjpeg: false }).toBuffer();
}
