import { type Coded, TILES } from './heic-tiles.ts';
import type { Size } from '../../src/index.ts';

/** An item of a HEIF file (ISO/IEC 23008-12). */
export interface Item {
  readonly id: number;
  readonly type: 'hvc1' | 'grid' | 'Exif';
  readonly data: Buffer;
  readonly properties: readonly Buffer[];
  readonly hidden?: boolean;
  /** What it refers to, by kind of reference. */
  readonly refers?: Readonly<Record<string, readonly number[]>>;
}

/** Writes a HEIC file of such items. */
export function heicFile(items: readonly Item[], primary: number): Buffer {
  const properties = [
    ...new Map(items.flatMap((item) => item.properties.map((property) => [property.toString('hex'), property]))),
  ];
  const indexOf = (property: Buffer) => properties.findIndex(([key]) => key === property.toString('hex')) + 1;
  const infe = items.map(({ id, type, hidden }) =>
    full('infe', 2, hidden ? 1 : 0, u16(id), u16(0), Buffer.from(`${type}\0`, 'latin1')),
  );
  const refs = items.flatMap(({ id, refers }) =>
    Object.entries(refers ?? {}).map(([kind, to]) => box(kind, u16(id), u16(to.length), ...to.map(u16))),
  );
  const ipma = items.map(({ id, properties: has }) =>
    Buffer.concat([u16(id), Buffer.from([has.length]), ...has.map((property) => u16(0x8000 | indexOf(property)))]),
  );
  const ftyp = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
  const metaOf = (start: number) => {
    let at = start;
    const places = items.map(({ id, data }) => {
      const place = Buffer.concat([u16(id), u16(0), u16(1), u32(at), u32(data.length)]);
      at += data.length;
      return place;
    });
    return full(
      'meta',
      0,
      0,
      full('hdlr', 0, 0, u32(0), Buffer.from('pict', 'latin1'), Buffer.alloc(13)),
      full('pitm', 0, 0, u16(primary)),
      full('iloc', 0, 0, Buffer.from([0x44, 0]), u16(items.length), ...places),
      full('iinf', 0, 0, u16(items.length), ...infe),
      ...(refs.length > 0 ? [full('iref', 0, 0, ...refs)] : []),
      box(
        'iprp',
        box('ipco', ...properties.map(([, property]) => property)),
        full('ipma', 0, 1, u32(items.length), ...ipma),
      ),
    );
  };
  const start = ftyp.length + metaOf(0).length + 8;
  return Buffer.concat([ftyp, metaOf(start), box('mdat', ...items.map(({ data }) => data))]);
}

/** An item of one coded picture of 64 x 64 px, with further properties. */
export function coded({ hvcC, data }: Coded, id: number, ...properties: readonly Buffer[]): Item {
  const own = [box('hvcC', Buffer.from(hvcC, 'base64')), ispe({ width: 64, height: 64 })];
  return { id, type: 'hvc1', data: Buffer.from(data, 'base64'), properties: [...own, ...properties] };
}

/** A file with one picture of waves 1, with such properties. */
export function oneTile(...properties: readonly Buffer[]): Buffer {
  return heicFile([coded(TILES[0]!, 1, ...properties)], 1);
}

/**
 * A file with a grid of tiles, waves 1 to 4 and again.
 *
 * @param size of the picture: as much of the tiles as is shown.
 */
export function gridFile(
  { columns, rows }: { columns: number; rows: number },
  size: Size,
  properties: readonly Buffer[] = [],
  ofTiles: readonly Buffer[] = [],
): Buffer {
  const tiles = TILES.map((tile, i) => ({ ...coded(tile, i + 2, ...ofTiles), hidden: true }));
  const wide = Math.max(size.width, size.height) > 65_535;
  const length = wide ? u32 : u16;
  const head = Buffer.from([0, wide ? 1 : 0, rows - 1, columns - 1]);
  const grid: Item = {
    id: 1,
    type: 'grid',
    data: Buffer.concat([head, length(size.width), length(size.height)]),
    properties: [ispe(size), ...properties],
    refers: { dimg: Array.from({ length: columns * rows }, (_, i) => (i % TILES.length) + 2) },
  };
  return heicFile([grid, ...tiles], 1);
}

/** Properties: turned by quarters against the clock, mirrored (0: top and bottom change places, 1: left and right). */
export const irot = (quarters: number): Buffer => box('irot', Buffer.from([quarters]));
export const imir = (axis: 0 | 1): Buffer => box('imir', Buffer.from([axis]));

/** Property: colours by numbers of ITU-T H.273, full range. */
export const nclx = (primaries: number, transfer: number, matrix = 6): Buffer =>
  box('colr', Buffer.from('nclx', 'latin1'), u16(primaries), u16(transfer), u16(matrix), Buffer.from([0x80]));

/** Property: an ICC profile. */
export const prof = (icc: Buffer): Buffer => box('colr', Buffer.from('prof', 'latin1'), icc);

/** Property: what an auxiliary picture is. */
export const auxC = (urn: string): Buffer => full('auxC', 0, 0, Buffer.from(`${urn}\0`, 'latin1'));

function ispe({ width, height }: Size): Buffer {
  return full('ispe', 0, 0, u32(width), u32(height));
}

/** An item of EXIF data that says how the camera was held, and what nobody should learn. */
export function exifItem(id: number, of: number, exif: Buffer): Item {
  return { id, type: 'Exif', data: Buffer.concat([u32(0), exif]), properties: [], refers: { cdsc: [of] } };
}

/** A box of ISO base media file format. */
export function box(type: string, ...content: readonly Buffer[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([u32(size), Buffer.from(type, 'latin1'), ...content]);
}

/** A box with version and flags. */
export function full(type: string, version: number, flags: number, ...content: readonly Buffer[]): Buffer {
  return box(type, u32(version * 2 ** 24 + flags), ...content);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
