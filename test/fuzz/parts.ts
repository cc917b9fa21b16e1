/** Where the parts of sound image files begin, so that damages can drop, repeat and move them, and lie about their lengths. */
import type { Base } from './bytes.ts';

/** A JPEG with its segments and scans. */
export function jpegBase(bytes: Buffer): Base {
  const parts = [0];
  for (let at = 2; at < bytes.length;) {
    parts.push(at);
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) break;
    at += 2 + bytes.readUInt16BE(at + 2);
    if (marker !== 0xda) continue;
    parts.push(at);
    while (bytes[at] !== 0xff || bytes[at + 1] === 0 || (bytes[at + 1]! & 0xf8) === 0xd0) at++;
  }
  return { bytes, parts };
}

/** A PNG with its chunks. */
export function pngBase(bytes: Buffer): Base {
  const parts = [0];
  for (let at = 8; at + 8 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) parts.push(at);
  return { bytes, parts };
}

/** A WebP with its chunks, those in frames, too. */
export function webpBase(bytes: Buffer): Base {
  const parts = [0];
  const walk = (from: number, end: number) => {
    for (let at = from; at + 8 <= end;) {
      parts.push(at);
      const length = bytes.readUInt32LE(at + 4);
      if (bytes.toString('latin1', at, at + 4) === 'ANMF') walk(at + 24, at + 8 + length);
      at += 8 + length + (length & 1);
    }
  };
  walk(12, bytes.length);
  return { bytes, parts };
}

/** A GIF with its blocks and their sub-blocks. */
export function gifBase(bytes: Buffer): Base {
  const table = (packed: number) => (packed & 0x80 ? 3 * 2 ** ((packed & 7) + 1) : 0);
  const parts = [0, 6, 13];
  for (let at = 13 + table(bytes[10]!); bytes[at] === 0x21 || bytes[at] === 0x2c;) {
    parts.push(at);
    at += bytes[at] === 0x21 ? 2 : 11 + table(bytes[at + 9]!);
    for (; bytes[at]! > 0; at += 1 + bytes[at]!) parts.push(at);
    at++;
  }
  parts.push(bytes.length - 1);
  return { bytes, parts };
}

/** Boxes that hold boxes, and the bytes before these. */
const CONTAINERS: Readonly<Record<string, number>> = {
  ...{ moov: 0, trak: 0, mdia: 0, minf: 0, stbl: 0, iprp: 0, ipco: 0 },
  ...{ meta: 4, iref: 4, uuid: 16 },
};

/** A file of boxes (HEIF, CR3) with these, and those in them. */
export function boxBase(bytes: Buffer): Base {
  const parts: number[] = [];
  const walk = (from: number, end: number) => {
    for (let at = from; at + 8 <= end;) {
      const size = bytes.readUInt32BE(at);
      if (size < 8 || at + size > end) return;
      parts.push(at);
      const inside = CONTAINERS[bytes.toString('latin1', at + 4, at + 8)];
      if (inside !== undefined) walk(at + 8 + inside, at + size);
      at += size;
    }
  };
  walk(0, bytes.length);
  return { bytes, parts };
}

/** A TIFF, or what is built like one, with the entries of what may be its directories. */
export function tiffBase(bytes: Buffer): Base {
  const little = bytes[0] === 0x49;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const parts = [0, 4];
  for (let at = 8; at + 14 <= bytes.length; at += 2) {
    const [count, tag, type] = [u16(at), u16(at + 2), u16(at + 4)];
    if (count === 0 || count > 32 || tag === 0 || type === 0 || type > 7 || at + 2 + count * 12 > bytes.length)
      continue;
    parts.push(at);
    for (let i = 0; i < count; i++) parts.push(at + 2 + i * 12);
    at += count * 12;
  }
  return { bytes, parts };
}
