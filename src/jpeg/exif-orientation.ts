const ORIENTATION = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;
const PREFIX = 'Exif\0\0';

/**
 * Reads the EXIF orientation from EXIF data: the first Orientation tag of the first directory (CIPA DC-008 4.6.4 and
 * 4.6.5, TIFF 6.0 section 2), which is the one that sharp and browsers heed. The data may start with `Exif\0\0`.
 *
 * @returns 1 to 8; 1 (upright as stored) also if there is no such tag, or its value is invalid. Undefined for a tag of
 *   the wrong type or count, which libexif heeds and browsers ignore.
 */
export function readOrientation(exif: Uint8Array): number | undefined {
  const start = Buffer.from(exif.subarray(0, PREFIX.length)).toString('latin1') === PREFIX ? PREFIX.length : 0;
  const tiff = new DataView(exif.buffer, exif.byteOffset + start, exif.byteLength - start);
  if (tiff.byteLength < 8) return 1;
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1; // II, MM
  const little = order === 0x4949;
  if (tiff.getUint16(2, little) !== 42) return 1;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return 1;
  const count = tiff.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + i * ENTRY_BYTES;
    if (at + ENTRY_BYTES > tiff.byteLength) return 1;
    if (tiff.getUint16(at, little) !== ORIENTATION) continue;
    if (tiff.getUint16(at + 2, little) !== SHORT || tiff.getUint32(at + 4, little) !== 1) return undefined;
    const orientation = tiff.getUint16(at + 8, little);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

/** Makes EXIF data with nothing but an orientation of 1 to 8: `Exif\0\0` and a big-endian TIFF of one directory. */
export function writeOrientation(orientation: number): Uint8Array {
  const exif = Buffer.alloc(PREFIX.length + 8 + 2 + ENTRY_BYTES + 4);
  exif.write(`${PREFIX}MM\0*`, 'latin1');
  exif.writeUInt32BE(8, 10); // offset of the directory from the TIFF's start
  exif.writeUInt16BE(1, 14); // number of its entries
  exif.writeUInt16BE(ORIENTATION, 16);
  exif.writeUInt16BE(SHORT, 18);
  exif.writeUInt32BE(1, 20);
  exif.writeUInt16BE(orientation, 24);
  return exif; // no further directory: 0
}
