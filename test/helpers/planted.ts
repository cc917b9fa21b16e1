import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { gifExtension, gifStart, insert, pngChunk, riffChunk, segment } from './file-parts.ts';
import { waves } from './images.ts';

/** Image files with something planted wherever it can be, and what was planted, by where. */
export interface Planted {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly marks: ReadonlyMap<string, string>;
}

/**
 * Makes one image file of each kind, as large as `side`, with a text of its own in each of the places that formats have for what
 * is no picture.
 */
export async function plantedImages(side: number): Promise<Planted> {
  const marks = new Map<string, string>();
  /** A text that stands nowhere else. */
  const mark = (where: string) => {
    const text = `planted-${marks.size}-Zq7xVw-plant`;
    marks.set(where, text);
    return text;
  };
  const picture = (seed: number, width = side, height = side) =>
    sharp(waves(width, height, seed), { raw: { width, height, channels: 3 } });
  /** EXIF, GPS and XMP, as sharp writes them into every format that has them. */
  const tagged = (image: Sharp, file: string) =>
    image
      .withExif({
        IFD0: { ImageDescription: mark(`${file}: EXIF description`), Artist: mark(`${file}: EXIF artist`) },
        IFD2: { UserComment: mark(`${file}: EXIF comment`) },
        IFD3: { GPSMapDatum: mark(`${file}: GPS`), GPSLatitude: '52/1 31/1 7/1' },
      })
      .withXmp(
        `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="${mark(`${file}: XMP`)}"/></rdf:RDF></x:xmpmeta>`,
      );
  const files = new Map<string, Buffer>();

  const jpegs: Readonly<Record<string, Sharp>> = {
    'baseline.jpg': tagged(picture(1), 'baseline.jpg').jpeg(),
    'progressive.jpg': tagged(picture(2), 'progressive.jpg').jpeg({ progressive: true }),
    'turned.jpg': tagged(picture(3).withMetadata({ orientation: 6 }), 'turned.jpg').jpeg(),
    'wide colours.jpg': tagged(picture(4), 'wide colours.jpg').withIccProfile('p3').jpeg(),
    'grey.jpg': picture(5).toColourspace('b-w').jpeg(),
    'larger.jpg': tagged(picture(6, side * 2, side + 10), 'larger.jpg').jpeg(),
    // Beyond what browsers decode at once: it gets a pyramid.
    'largest.jpg': tagged(picture(7, 2100, 2050), 'largest.jpg').jpeg({ quality: 40 }),
  };
  for (const [name, image] of Object.entries(jpegs)) files.set(name, await plantedJpeg(image, name, mark));

  const png = await tagged(picture(8), 'chunks.png').png().toBuffer();
  const text = (where: string) => mark(`chunks.png: ${where}`);
  files.set(
    'chunks.png',
    Buffer.concat([
      insert(
        insert(png, png.length - 12, pngChunk('tEXt', `Comment\0${text('tEXt before IEND')}`)),
        33,
        pngChunk('tEXt', `Author\0${text('tEXt')}`),
        pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(text('zTXt'))])),
        pngChunk('iTXt', `Comment\0\0\0\0\0${text('iTXt')}`),
        pngChunk('iTXt', Buffer.concat([Buffer.from('Comment\0\x01\0\0\0'), deflateSync(text('compressed iTXt'))])),
        pngChunk('prVt', text('a chunk of its own')),
        pngChunk('sPLT', `${text('name of a palette')}\0\x08${'\x01'.repeat(6)}`),
      ),
      Buffer.from(text('trailer')),
    ]),
  );

  const webp = await tagged(picture(9), 'chunks.webp').webp().toBuffer();
  const chunk = riffChunk('priv', `${mark('chunks.webp: a chunk of its own')}!`);
  const longer = Buffer.concat([webp, chunk]);
  longer.writeUInt32LE(longer.length - 8, 4);
  files.set('chunks.webp', Buffer.concat([longer, Buffer.from(mark('chunks.webp: trailer'))]));

  const gif = await picture(10).gif().toBuffer();
  files.set(
    'blocks.gif',
    Buffer.concat([
      insert(
        gif,
        gifStart(gif),
        gifExtension(0xfe, mark('blocks.gif: comment')),
        gifExtension(0xff, 'CAMERA  1.0', mark('blocks.gif: application')),
        gifExtension(0x01, new Uint8Array(12), mark('blocks.gif: plain text')),
      ),
      Buffer.from(mark('blocks.gif: trailer')),
    ]),
  );

  files.set('tags.tif', plantedTiff(await picture(11).raw().toBuffer(), side, mark));
  files.set('tags.avif', await tagged(picture(12), 'tags.avif').avif({ effort: 0 }).toBuffer());
  files.set(
    'drawing.svg',
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60"><title>${mark('drawing.svg: title')}</title><!-- ${mark('drawing.svg: comment')} --><metadata>${mark('drawing.svg: metadata')}</metadata><rect id="${mark('drawing.svg: id')}" width="60" height="60" fill="#385"/></svg>`,
    ),
  );
  return { files, marks };
}

/** A JPEG with a text in every segment that can hold one, behind the scans, and behind the end. */
async function plantedJpeg(image: Sharp, name: string, mark: (where: string) => string): Promise<Buffer> {
  const jpeg = await image.toBuffer();
  const text = (where: string) => mark(`${name}: ${where}`);
  const padded = (where: string, length: number) => Buffer.from(text(where).padEnd(length, '.'));
  const thumbnail = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } })
    .withExif({ IFD0: { Artist: text('EXIF of a thumbnail') } })
    .jpeg()
    .toBuffer();
  const author = Buffer.from(text('IPTC'));
  const iptc = Buffer.concat([Uint8Array.of(0x1c, 2, 0x50, 0, author.length), author]);
  const header = insert(
    jpeg,
    2,
    segment(0xe0, 'JFIF\0', Uint8Array.of(1, 2, 1, 0, 72, 0, 72, 4, 4), padded('JFIF thumbnail', 48)),
    segment(0xe0, 'JFXX\0\x10', thumbnail),
    segment(0xe2, 'MPF\0', text('MPF')),
    segment(0xec, 'Ducky', text('Ducky')),
    segment(0xed, 'Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0', Uint8Array.of(iptc.length), iptc),
    segment(0xee, 'Adobe', Uint8Array.of(0, 100, 0, 0, 0, 0, 1), text('tail of APP14')),
    segment(0xfe, text('comment')),
  );
  const within = insert(
    header,
    header.lastIndexOf(Buffer.of(0xff, 0xda)),
    segment(0xfe, text('comment before a scan')),
    segment(0xe1, 'Exif\0\0', text('EXIF before a scan')),
  );
  return Buffer.concat([
    within.subarray(0, -2),
    segment(0xfe, text('comment behind the scans')),
    segment(0xe7, text('APP7 behind the scans')),
    Uint8Array.of(0xff, 0xff, 0xff, 0xd9),
    Buffer.from(text('trailer')),
    thumbnail,
  ]);
}

/** A TIFF of plain px with all of its texts, XMP, and a tag of its own (TIFF 6.0). */
function plantedTiff(px: Buffer, side: number, mark: (where: string) => string): Buffer {
  const text = (where: string) => Buffer.from(`${mark(`tags.tif: ${where}`)}\0`);
  const [ASCII, SHORT, LONG, BYTE] = [2, 3, 4, 1];
  const tags: (readonly [tag: number, type: number, count: number, value: number | Buffer])[] = [
    [256, LONG, 1, side],
    [257, LONG, 1, side],
    [258, SHORT, 1, 8],
    [262, SHORT, 1, 2],
    ...[270, 271, 305].map((tag) => asciiTag(tag)),
    [273, LONG, 1, 8],
    [277, SHORT, 1, 3],
    [278, LONG, 1, side],
    [279, LONG, 1, px.length],
    ...[315, 316].map((tag) => asciiTag(tag)),
    [700, BYTE, ...sized(text('XMP'))],
    [65000, ASCII, ...sized(text('a tag of its own'))],
  ];
  function asciiTag(tag: number) {
    return [tag, ASCII, ...sized(text(`tag ${tag}`))] as const;
  }
  function sized(bytes: Buffer): readonly [number, Buffer] {
    return [bytes.length, bytes];
  }
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length);
  const values: Buffer[] = [];
  let end = 8 + px.length + directory.length;
  for (const [i, [tag, type, count, value]] of tags.toSorted(([a], [b]) => a - b).entries()) {
    const at = 2 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(typeof value === 'number' ? value : end, at + 8);
    if (typeof value === 'number') continue;
    values.push(value);
    end += value.length;
  }
  const header = Buffer.from('II*\0....', 'latin1');
  header.writeUInt32LE(8 + px.length, 4);
  return Buffer.concat([header, px, directory, ...values]);
}
