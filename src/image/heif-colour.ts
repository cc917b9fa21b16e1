import { type Box, boxesIn, findBox } from './boxes.ts';
import { iccProfile } from './icc.ts';

/** Largest number of entries of a table that are looked at; iPhone images have about fifty tiles. */
const ENTRIES_MAX = 65_536;

/**
 * Returns the colour profile of a HEIF file's primary image (ISO/IEC 23008-12): its own, or one made for the colours
 * that the file names by number; undefined for sRGB, and if the file does not say.
 */
export function heifProfile(file: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  try {
    return profileOf(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // a box ends within a number
    throw error;
  }
}

function profileOf(bytes: Buffer): Buffer | undefined {
  const meta = findBox(bytes, 'meta', { start: 0, end: bytes.length });
  if (!meta) return undefined;
  const within = { start: meta.start + 4, end: meta.end }; // a full box: version and flags come first
  const primary = primaryItem(bytes, findBox(bytes, 'pitm', within));
  const properties = findBox(bytes, 'iprp', within);
  const container = properties && findBox(bytes, 'ipco', properties);
  if (primary === undefined || !container) return undefined;
  const all = [...boxesIn(bytes, container.start, container.end)];
  // A grid without colours of its own has those of its first tile.
  for (const item of [primary, ...firstTile(bytes, findBox(bytes, 'iref', within), primary)]) {
    const colours = propertiesOf(bytes, findBox(bytes, 'ipma', properties), item)
      .map((index) => all[index - 1])
      .filter((box) => box?.type === 'colr');
    if (colours.length > 0) return colourProfile(bytes, colours as Box[]);
  }
  return undefined;
}

function colourProfile(bytes: Buffer, boxes: readonly Box[]): Buffer | undefined {
  const kind = ({ start }: Box) => bytes.toString('latin1', start, start + 4);
  const own = boxes.find((box) => ['prof', 'rICC'].includes(kind(box)));
  if (own) return bytes.subarray(own.start + 4, own.end);
  const coded = boxes.find((box) => kind(box) === 'nclx' && box.end - box.start >= 10);
  if (!coded) return undefined;
  return iccProfile({
    primaries: bytes.readUInt16BE(coded.start + 4),
    transfer: bytes.readUInt16BE(coded.start + 6),
  });
}

function primaryItem(bytes: Buffer, pitm: Box | undefined): number | undefined {
  if (!pitm) return undefined;
  const id = pitm.start + 4;
  return bytes[pitm.start] === 0 ? bytes.readUInt16BE(id) : bytes.readUInt32BE(id);
}

/** Returns the numbers, from 1, of an item's properties. */
function propertiesOf(bytes: Buffer, ipma: Box | undefined, item: number): number[] {
  if (!ipma) return [];
  const long = bytes[ipma.start]! > 0;
  const wide = (bytes[ipma.start + 3]! & 1) === 1;
  const entries = Math.min(ENTRIES_MAX, bytes.readUInt32BE(ipma.start + 4));
  let at = ipma.start + 8;
  for (let i = 0; i < entries && at < ipma.end; i++) {
    const id = long ? bytes.readUInt32BE(at) : bytes.readUInt16BE(at);
    at += long ? 4 : 2;
    const count = bytes.readUInt8(at++);
    if (id === item) {
      return Array.from({ length: count }, (_, n) =>
        wide ? bytes.readUInt16BE(at + 2 * n) & 0x7fff : bytes.readUInt8(at + n) & 0x7f,
      );
    }
    at += count * (wide ? 2 : 1);
  }
  return [];
}

/** Returns the first of the items that an item is composed of; none if it is not composed. */
function firstTile(bytes: Buffer, iref: Box | undefined, item: number): number[] {
  if (!iref) return [];
  const long = bytes[iref.start]! > 0;
  const read = (at: number) => (long ? bytes.readUInt32BE(at) : bytes.readUInt16BE(at));
  for (const { type, start, end } of boxesIn(bytes, iref.start + 4, iref.end)) {
    const tile = start + (long ? 4 : 2) + 2;
    if (type === 'dimg' && tile + (long ? 4 : 2) <= end && read(start) === item) return [read(tile)];
  }
  return [];
}
