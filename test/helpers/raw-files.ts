import { box, full, u16, u32 } from './heic-file.ts';

/** A value of a tag: numbers (LONG, or SHORT), bytes (UNDEFINED), directories (pointers), or where bytes lie (a pointer). */
type Value = number[] | { short: number[] } | Buffer | { directories: Directory[] } | { at: Buffer };

/** A directory of a TIFF; `next` is the one that it names as the next. */
export interface Directory {
  readonly tags: Readonly<Record<number, Value>>;
  readonly next?: Directory;
}

/** How such a file begins. */
export interface TiffHead {
  readonly magic: string;
  /** Behind the offset of the first directory, as of CR2. */
  readonly more?: string;
}

/** Writes a TIFF, or what is built like one. */
export function tiffFile(first: Directory, { magic, more = '' }: TiffHead = { magic: 'II*\0' }): Buffer {
  const little = magic.startsWith('I');
  const parts: Buffer[] = [];
  let end = 0;
  const number = (value: number, bytes: 2 | 4) => {
    const written = Buffer.alloc(bytes);
    if (little) written.writeUIntLE(value, 0, bytes);
    else written.writeUIntBE(value, 0, bytes);
    return written;
  };
  const put = (bytes: Buffer) => {
    const place = end;
    parts.push(bytes, Buffer.alloc(bytes.length % 2));
    end += bytes.length + (bytes.length % 2);
    return place;
  };
  const reserve = (bytes: number) => {
    const part = Buffer.alloc(bytes);
    return { part, place: put(part) };
  };
  const write = (directory: Directory): number => {
    const tags = Object.entries(directory.tags);
    const { part, place } = reserve(2 + 12 * tags.length + 4);
    number(tags.length, 2).copy(part, 0);
    for (const [i, [tag, value]] of tags.entries()) {
      const [type, count, bytes] = encoded(value);
      const entry = Buffer.concat([
        number(Number(tag), 2),
        number(type, 2),
        number(count, 4),
        bytes.length <= 4 ? Buffer.concat([bytes, Buffer.alloc(4 - bytes.length)]) : number(put(bytes), 4),
      ]);
      entry.copy(part, 2 + 12 * i);
    }
    if (directory.next) number(write(directory.next), 4).copy(part, 2 + 12 * tags.length);
    return place;
  };
  const encoded = (value: Value): [type: number, count: number, bytes: Buffer] => {
    if (Buffer.isBuffer(value)) return [7, value.length, value];
    if (Array.isArray(value)) return [4, value.length, Buffer.concat(value.map((one) => number(one, 4)))];
    if ('short' in value) return [3, value.short.length, Buffer.concat(value.short.map((one) => number(one, 2)))];
    const places = 'at' in value ? [put(value.at)] : value.directories.map(write);
    return [4, places.length, Buffer.concat(places.map((place) => number(place, 4)))];
  };
  const head = reserve(8 + more.length);
  head.part.write(magic, 'latin1');
  head.part.write(more, 8, 'latin1');
  number(write(first), 4).copy(head.part, 4);
  return Buffer.concat(parts);
}

/** A JPEG that only claims to be a lossless one (SOF3), as sensors' data is in CR2 and DNG. */
export function lossless(jpeg: Buffer): Buffer {
  const bytes = Buffer.from(jpeg);
  bytes[bytes.indexOf('ffc0', 'hex') + 1] = 0xc3;
  return bytes;
}

/** What there may be in a camera raw file: JPEGs, and how the camera was held. */
export interface RawParts {
  readonly large: Buffer;
  readonly small: Buffer;
  readonly orientation: number;
}

const jpegTags = (jpeg: Buffer) => ({ 0x201: { at: jpeg }, 0x202: [jpeg.length] });
const strip = (jpeg: Buffer, compression: number) => ({
  0x103: { short: [compression] },
  0x111: { at: jpeg },
  0x117: [jpeg.length],
});
/** An uncompressed thumbnail, which libvips would take for the whole. */
const thumbnail = {
  0x100: [16],
  0x101: [12],
  0x102: { short: [8, 8, 8] },
  0x103: { short: [1] },
  0x106: { short: [2] },
  0x111: { at: Buffer.alloc(16 * 12 * 3, 99) },
  0x115: { short: [3] },
  0x116: [12],
  0x117: [16 * 12 * 3],
};
const MAKE = Buffer.from('Maker\0');

/** Minimal camera raw files, by format. */
export const RAW_FILES: Readonly<Record<string, (parts: RawParts) => Buffer>> = {
  cr2: ({ large, small, orientation }) => {
    const sensor = { tags: strip(lossless(large), 6) };
    const colours = { tags: thumbnail, next: sensor };
    const thumb = { tags: jpegTags(small), next: colours };
    const first = { tags: { ...strip(large, 6), 0x10f: MAKE, 0x112: { short: [orientation] } }, next: thumb };
    return tiffFile(first, { magic: 'II*\0', more: 'CR\x02\0\0\0\0\0' });
  },
  nef: ({ large, small, orientation }) => {
    const preview = { tags: { 0xfe: [1], ...jpegTags(large) } };
    const sensor = { tags: { 0xfe: [0], 0x103: { short: [34713] }, 0x106: { short: [32803] } } };
    const note = tiffFile({ tags: { 0x11: { directories: [{ tags: jpegTags(small) }] } } }, { magic: 'MM\0*' });
    const exif = { tags: { 0x927c: Buffer.concat([Buffer.from('Nikon\0\x02\x10\0\0', 'latin1'), note]) } };
    const first = {
      ...thumbnail,
      0xfe: [1],
      0x10f: MAKE,
      0x112: { short: [orientation] },
      0x14a: { directories: [preview, sensor] },
      0x8769: { directories: [exif] },
    };
    return tiffFile({ tags: first }, { magic: 'MM\0*' });
  },
  arw: ({ large, small, orientation }) => {
    const sensor = { tags: { 0x103: { short: [32767] }, 0x106: { short: [32803] } } };
    const whole = { tags: { 0xfe: [1], ...jpegTags(large) } };
    const thumb = { tags: { 0xfe: [1], ...jpegTags(small) }, next: whole };
    const first = {
      0xfe: [1],
      0x103: { short: [6] },
      0x10f: MAKE,
      0x112: { short: [orientation] },
      0x14a: { directories: [sensor] },
      ...jpegTags(small),
    };
    return tiffFile({ tags: first, next: thumb });
  },
  dng: ({ large, small, orientation }) => {
    const sensor = { tags: { ...strip(lossless(large), 7), 0x106: { short: [32803] } } };
    const previews = [large, small].map((jpeg) => ({ tags: { 0xfe: [1], ...strip(jpeg, 7) } }));
    const first = {
      ...thumbnail,
      0xfe: [1],
      0x10f: MAKE,
      0x112: { short: [orientation] },
      0x14a: { directories: [sensor, ...previews] },
      0xc612: Buffer.from([1, 4, 0, 0]),
    };
    return tiffFile({ tags: first });
  },
  orf: ({ large, small, orientation }) => {
    // Its offsets count from the note's start, behind whose name a directory lies.
    const preview = { tags: { 0x101: { at: large }, 0x102: [large.length] } };
    const note = tiffFile({ tags: { 0x2020: { directories: [preview] } } }, { magic: 'II--', more: '----' });
    note.write('OLYMPUS\0II\x03\0', 'latin1');
    const exif = { tags: { 0x927c: note } };
    const thumb = { tags: jpegTags(small) };
    const first = { 0x10f: MAKE, 0x112: { short: [orientation] }, 0x8769: { directories: [exif] } };
    return tiffFile({ tags: first, next: thumb }, { magic: 'IIRO' });
  },
  rw2: ({ large, small, orientation }) =>
    tiffFile(
      { tags: { 0x10f: MAKE, 0x112: { short: [orientation] }, 0x2e: large }, next: { tags: jpegTags(small) } },
      { magic: 'IIU\0' },
    ),
  pef: ({ large, small, orientation }) => {
    const whole = { tags: jpegTags(large) };
    const thumb = { tags: jpegTags(small), next: whole };
    const first = { 0x103: { short: [65535] }, 0x10f: MAKE, 0x112: { short: [orientation] } };
    return tiffFile({ tags: first, next: thumb }, { magic: 'MM\0*' });
  },
  srw: ({ large, small, orientation }) => {
    const previews = [small, large].map((jpeg) => ({ tags: jpegTags(jpeg) }));
    const sensor = { tags: { 0x103: { short: [32770] } } };
    const first = {
      0xfe: [1],
      0x10f: MAKE,
      0x112: { short: [orientation] },
      0x14a: { directories: [...previews, sensor] },
    };
    return tiffFile({ tags: first });
  },
  cr3: ({ large, small, orientation }) => {
    const uuid = (hex: string, ...content: Buffer[]) => box('uuid', Buffer.from(hex, 'hex'), ...content);
    const head = (jpeg: Buffer) => Buffer.concat([u32(0), u16(1), u16(480), u16(320), u16(1), u32(jpeg.length), jpeg]);
    const moovOf = (at: number) =>
      box(
        'moov',
        uuid(
          '85c0b687820f11e08111f4ce462b6a48',
          box('CMT1', tiffFile({ tags: { 0x10f: MAKE, 0x112: { short: [orientation] } } })),
          box('THMB', head(small)),
        ),
        box(
          'trak',
          box(
            'mdia',
            box(
              'minf',
              box(
                'stbl',
                full('stsz', 0, 0, u32(0), u32(1), u32(large.length)),
                full('co64', 0, 0, u32(1), u32(0), u32(at)),
              ),
            ),
          ),
        ),
      );
    const ftyp = box('ftyp', Buffer.from('crx \0\0\0\x01crx isom', 'latin1'));
    const preview = uuid('eaf42b5e1c984b88b9fbb7dc406e4d16', u32(0), u32(1), box('PRVW', head(small)));
    const before = ftyp.length + moovOf(0).length + preview.length + 8;
    return Buffer.concat([ftyp, moovOf(before), preview, box('mdat', large)]);
  },
  raf: ({ large }) => {
    const head = Buffer.alloc(160);
    head.write('FUJIFILMCCD-RAW 0201FF383501X100', 'latin1');
    head.writeUInt32BE(head.length, 84);
    head.writeUInt32BE(large.length, 88);
    return Buffer.concat([head, large, Buffer.alloc(5000, 7)]);
  },
};
