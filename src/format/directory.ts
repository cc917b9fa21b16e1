/**
 * The directory of a site: what the page tells of the sources that the mosaic shows. Sources are numbered from 0, in the order
 * of their first pictures. `mosaic.json` tells `directory.block`, the number of sources in a block; builds write 256. The
 * directory has four kinds of files, each a script of one call (see script-text.ts):
 *
 *     sources/B.js            zoomosaicSources("B",ROWS);       a block of sources
 *     sources/pictures/B.js   zoomosaicPictures("B","BASE64");  16 blocks of pictures
 *     sources/names/B.js      zoomosaicNames("B",ROWS);         32 blocks of sources
 *     sources/looks/B.js      zoomosaicLooks("B","BASE64");     32 blocks of sources
 *
 * A row of `sources` is [name, width, height, left, top, cropWidth, cropHeight, cells, caption, closeup]: its name or null, its
 * size and the whole (see tiles/crops.ts) in upright px, and the cells that show it, rising, as base64 of LEB128 differences. A
 * caption is null or [title, credit, link], each a text or null. A close-up is its number, null if there is none. `pictures` decodes to a u32 per picture, little endian: source x 256 +
 * variant; 2^32 - 1 for a picture that no cell shows. A row of `names` is [name, title, cell]: the texts to search, and the
 * first cell. `looks` decodes to 28 bytes per source: its look, and its first cell as u32, little endian.
 */
import type { Rect, Size } from '../types.ts';
import { isWhole } from './fields.ts';
import type { MosaicJson } from './mosaic-json.ts';
import { LOOK_LENGTH } from './look.ts';

/** Sources in a block, as builds write it. */
export const DIRECTORY_BLOCK = 256;
/** Least and greatest number of sources in a block that is read. */
export const DIRECTORY_BLOCKS = [16, 4096] as const;
/** Number of blocks in a file of pictures, of names and of looks. */
export const BLOCKS_PER_FILE = { pictures: 16, names: 32, looks: 32 } as const;
/** Most variants of a source, and the number of a picture that no cell shows. */
export const [VARIANTS_MAX, NO_PICTURE] = [256, 2 ** 32 - 1] as const;
/** Bytes of a look with its first cell. */
export const LOOK_BYTES: number = LOOK_LENGTH + 4;
/** Longest text of a caption, UTF-16 units. */
export const CAPTION_MAX = 1000;

/** What people say of a source. */
export interface Caption {
  readonly title?: string;
  readonly credit?: string;
  /** Address: http or https. */
  readonly link?: string;
}

/** A source as the directory describes it. */
export interface DirectorySource extends Size {
  /** Its name; undefined if the site has none. */
  readonly name: string | undefined;
  /** The largest part of the cell's shape, upright px. */
  readonly whole: Rect;
  /** Cells that show it, rising. */
  readonly cells: Uint32Array;
  readonly caption: Caption;
  /** Number of its close-up, if it has one. */
  readonly closeup?: number;
}

/** Texts of a source that a search looks through, and its first cell. */
export interface NamedSource {
  readonly name: string | undefined;
  readonly title: string | undefined;
  readonly cell: number;
}

/** Facts of a mosaic that its directory must agree with. */
export type DirectoryShape = Pick<MosaicJson, 'grid' | 'pictures' | 'sources' | 'directory'>;

/** A row of `sources`. */
export type SourceRow = readonly [
  name: string | null,
  width: number,
  height: number,
  left: number,
  top: number,
  cropWidth: number,
  cropHeight: number,
  cells: string,
  caption: CaptionRow | null,
  closeup: number | null,
];
export type CaptionRow = readonly [title: string | null, credit: string | null, link: string | null];
/** A row of `names`. */
export type NameRow = readonly [name: string | null, title: string | null, cell: number];

/** Number of rows in block `number` of rows in blocks of `block`. */
export function rowsIn(number: number, block: number, rows: number): number {
  return Math.max(0, Math.min(block, rows - number * block));
}

/** Decodes block `number` of sources; undefined if it is malformed. */
export function readSources(told: unknown, number: number, shape: DirectoryShape): DirectorySource[] | undefined {
  const { directory, sources, grid } = shape;
  if (!Array.isArray(told) || told.length !== rowsIn(number, directory.block, sources.used)) return undefined;
  const rows = told.map((row) => readSource(row, grid.columns * grid.rows, shape.pictures));
  return rows.includes(undefined) ? undefined : (rows as DirectorySource[]);
}

function readSource(row: unknown, cellCount: number, pictures: number): DirectorySource | undefined {
  if (!Array.isArray(row) || row.length !== 10) return undefined;
  const [name, width, height, left, top, cropWidth, cropHeight, packed, caption, closeup] = row as unknown[];
  const numbers = [width, height, left, top, cropWidth, cropHeight];
  if (!isText(name) || !numbers.every((value) => isWhole(value, 0, 2 ** 31))) return undefined;
  const cells = typeof packed === 'string' ? unpackCells(packed, cellCount) : undefined;
  const about = readCaption(caption);
  if (!cells || !about || (closeup !== null && !isWhole(closeup, 0, pictures - 1))) return undefined;
  const whole = { left, top, width: cropWidth, height: cropHeight } as Rect;
  const size = { width, height } as Size;
  if (whole.width < 1 || whole.height < 1) return undefined;
  if (whole.left + whole.width > size.width || whole.top + whole.height > size.height) return undefined;
  return { name: name ?? undefined, ...size, whole, cells, caption: about, ...(closeup !== null && { closeup }) };
}

function readCaption(row: unknown): Caption | undefined {
  if (row === null) return {};
  if (!Array.isArray(row) || row.length !== 3) return undefined;
  const [title, credit, link] = row as unknown[];
  if (!isText(title) || !isText(credit) || !isText(link)) return undefined;
  return {
    ...(title !== null && { title }),
    ...(credit !== null && { credit }),
    ...(link !== null && isWebAddress(link) && { link }),
  };
}

/** Tells whether a text is an address that a page may link to: nothing that runs as a script. */
export function isWebAddress(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Decodes file `number` of pictures; undefined if it is malformed. */
export function readPictures(told: unknown, number: number, shape: DirectoryShape): Uint32Array | undefined {
  const count = rowsIn(number, shape.directory.block * BLOCKS_PER_FILE.pictures, shape.pictures);
  const bytes = typeof told === 'string' ? bytesOf(told) : undefined;
  if (bytes?.length !== count * 4) return undefined;
  const view = new DataView(bytes.buffer);
  const pictures = Uint32Array.from({ length: count }, (_, i) => view.getUint32(i * 4, true));
  const most = shape.sources.used * VARIANTS_MAX;
  return pictures.every((picture) => picture < most || picture === NO_PICTURE) ? pictures : undefined;
}

/** Decodes file `number` of names; undefined if it is malformed. */
export function readNames(told: unknown, number: number, shape: DirectoryShape): NamedSource[] | undefined {
  const { directory, sources, grid } = shape;
  const count = rowsIn(number, directory.block * BLOCKS_PER_FILE.names, sources.used);
  if (!Array.isArray(told) || told.length !== count) return undefined;
  const rows: NamedSource[] = [];
  for (const row of told as unknown[]) {
    if (!Array.isArray(row) || row.length !== 3) return undefined;
    const [name, title, cell] = row as unknown[];
    if (!isText(name) || !isText(title) || !isWhole(cell, 0, grid.columns * grid.rows - 1)) return undefined;
    rows.push({ name: name ?? undefined, title: title ?? undefined, cell });
  }
  return rows;
}

/** Decodes file `number` of looks: {@link LOOK_BYTES} per source; undefined if it is malformed. */
export function readLooks(told: unknown, number: number, shape: DirectoryShape): Uint8Array | undefined {
  const count = rowsIn(number, shape.directory.block * BLOCKS_PER_FILE.looks, shape.sources.used);
  const bytes = typeof told === 'string' ? bytesOf(told) : undefined;
  if (bytes?.length !== count * LOOK_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  const most = shape.grid.columns * shape.grid.rows;
  for (let at = LOOK_LENGTH; at < bytes.length; at += LOOK_BYTES) {
    if (view.getUint32(at, true) >= most) return undefined;
  }
  return bytes;
}

/** Packs rising cells: base64 of the LEB128 of the first one, and of each difference. */
export function packCells(cells: Iterable<number>): number[] {
  const bytes: number[] = [];
  let last = 0;
  for (const cell of cells) {
    let rest = cell - last;
    last = cell;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  }
  return bytes;
}

function unpackCells(text: string, count: number): Uint32Array | undefined {
  const bytes = bytesOf(text);
  if (!bytes) return undefined;
  const cells: number[] = [];
  let [last, part, scale] = [0, 0, 1];
  for (const byte of bytes) {
    part += (byte % 128) * scale;
    scale *= 128;
    if (part >= count || scale > 2 ** 35) return undefined;
    if (byte >= 128) continue;
    if (part === 0 && cells.length > 0) return undefined;
    last += part;
    if (last >= count) return undefined;
    cells.push(last);
    [part, scale] = [0, 1];
  }
  return scale === 1 && cells.length > 0 ? Uint32Array.from(cells) : undefined;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
