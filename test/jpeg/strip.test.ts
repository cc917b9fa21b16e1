import { deflateSync } from 'node:zlib';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { readOrientation, writeOrientation } from '../../src/jpeg/exif-orientation.ts';
import { stripMetadata } from '../../src/originals/strip-metadata.ts';
import { gifExtension, gifStart, insert, pngChunk, riff, riffChunk, segment } from '../helpers/file-parts.ts';
import { waves } from '../helpers/images.ts';
import { integer, seeded } from '../helpers/random.ts';
import { expectStripped, expectUnchanged, look } from '../helpers/stripped.ts';

const MARK = 'Anna-at-52.5186N-13.4081E';
const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="${MARK}"/></rdf:RDF></x:xmpmeta>`;
const WIDTH = 50;
const HEIGHT = 37;

const image = () => sharp(waves(WIDTH, HEIGHT, 5), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
const translucent = () => image().ensureAlpha(0.4);
const marked = (picture: Sharp) =>
  picture.withExif({ IFD0: { Copyright: MARK }, IFD3: { GPSAreaInformation: MARK } }).withXmp(XMP);
const frames = () =>
  sharp(Buffer.concat([1, 2, 3].map((seed) => waves(WIDTH, HEIGHT, seed))), {
    raw: { width: WIDTH, height: HEIGHT * 3, channels: 3, pageHeight: HEIGHT },
  });
const samples = Uint16Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 7919) & 0xffff);
const deep = () => sharp(samples, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).toColourspace('rgb16');
const animation = { loop: 4, delay: [100, 200, 300] };

/** Big-endian or little-endian EXIF data: a text, then an orientation. */
function exif(orientation: number, { little = false, type = 3, count = 1 } = {}): Buffer {
  const tiff = Buffer.alloc(8 + 2 + 24 + 4 + MARK.length);
  const put = (at: number, bytes: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) {
      if (little) tiff.writeUIntLE(value, at + i * bytes, bytes);
      else tiff.writeUIntBE(value, at + i * bytes, bytes);
    }
  };
  tiff.write(little ? 'II' : 'MM');
  put(2, 2, 42);
  put(4, 4, 8); // where the directory is
  put(8, 2, 2, 0x10e, 2); // two entries: ImageDescription, ASCII
  put(14, 4, MARK.length, 38);
  put(22, 2, 0x112, type);
  put(26, 4, count);
  put(30, 2, orientation);
  tiff.write(MARK, 38);
  return tiff;
}

// XMP stands in GIF as it is, and its bytes are no sub-blocks; a "magic trailer" of falling numbers leads out of it.
const GIF_XMP = Buffer.concat([
  Buffer.from(`\x21\xff\x0bXMP DataXMP${XMP}\x01`, 'latin1'),
  Uint8Array.from({ length: 256 }, (_, i) => 255 - i),
  Uint8Array.of(0),
]);

/** JPEG with one of all that is dropped: before the scans, between them, behind them. */
async function markedJpeg(picture: Sharp): Promise<Buffer> {
  const thumbnail = Buffer.alloc(3 * 12, MARK);
  const author = Buffer.from(`\x1c\x02\x50\0${String.fromCharCode(MARK.length)}${MARK}`, 'latin1');
  const iptc = Buffer.concat([Uint8Array.of(0, author.length), author, Buffer.alloc(author.length & 1)]);
  const jpeg = insert(
    await picture.toBuffer(),
    2,
    segment(0xe0, 'JFIF\0', Uint8Array.of(1, 2, 1, 0, 72, 0, 72, 3, 4), thumbnail),
    segment(0xe0, 'JFXX\0\x10', MARK),
    segment(0xe1, 'Exif\0\0', exif(1)),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', XMP),
    segment(0xe2, 'MPF\0', MARK),
    segment(0xed, 'Photoshop 3.0\x008BIM\x04\x04\0\0\0\0', iptc),
    segment(0xfe, MARK),
  );
  const lastScan = jpeg.lastIndexOf(Buffer.of(0xff, 0xda));
  return Buffer.concat([insert(jpeg, lastScan, segment(0xfe, MARK), segment(0xe7, MARK)), Buffer.from(MARK)]);
}

async function markedPng(picture: Sharp): Promise<Buffer> {
  const png = await picture.toBuffer();
  const chunks = [
    pngChunk('tEXt', `Comment\0${MARK}`),
    pngChunk('zTXt', Buffer.concat([Buffer.from(`${MARK}\0\0`), deflateSync('text')])),
    pngChunk('iTXt', `XML:com.adobe.xmp\0\0\0\0\0${XMP}`),
    pngChunk('tIME', Uint8Array.of(7, 233, 1, 2, 3, 4, 5)),
    pngChunk('caBX', MARK),
    pngChunk('eXIf', exif(1)),
  ];
  return Buffer.concat([insert(insert(png, png.length - 12, chunks[0]!), 33, ...chunks), Buffer.from(MARK)]);
}

async function markedGif(picture: Sharp): Promise<Buffer> {
  const gif = await picture.toBuffer();
  const text = gifExtension(0x01, new Uint8Array(12), MARK);
  const own = gifExtension(0xff, 'CAMERA  1.0', MARK);
  const extensions = [gifExtension(0xfe, MARK, MARK), text, GIF_XMP, own];
  return Buffer.concat([insert(gif, gifStart(gif), ...extensions), Buffer.from(MARK)]);
}

const MARKED: readonly { name: string; format: string; make: () => Promise<Buffer> }[] = [
  { name: 'baseline', format: 'jpeg', make: () => markedJpeg(image().jpeg()) },
  { name: 'progressive', format: 'jpeg', make: () => markedJpeg(image().jpeg({ progressive: true })) },
  { name: 'grey', format: 'jpeg', make: () => markedJpeg(image().greyscale().jpeg()) },
  { name: 'P3', format: 'jpeg', make: () => markedJpeg(marked(image()).withIccProfile('p3').jpeg()) },
  { name: 'plain', format: 'png', make: () => markedPng(marked(image()).png()) },
  { name: 'interlaced', format: 'png', make: () => markedPng(translucent().png({ progressive: true })) },
  { name: 'palette', format: 'png', make: () => markedPng(translucent().png({ palette: true })) },
  { name: '16 bits, P3', format: 'png', make: () => markedPng(deep().withIccProfile('p3').png()) },
  { name: 'lossy', format: 'webp', make: () => marked(image()).webp().toBuffer() },
  { name: 'lossless', format: 'webp', make: () => marked(translucent()).webp({ lossless: true }).toBuffer() },
  { name: 'alpha, P3', format: 'webp', make: () => marked(translucent()).withIccProfile('p3').webp().toBuffer() },
  { name: 'animated', format: 'webp', make: () => marked(frames()).webp(animation).toBuffer() },
  { name: 'still', format: 'gif', make: () => markedGif(translucent().gif()) },
  { name: 'animated', format: 'gif', make: () => markedGif(frames().gif(animation)) },
];

const SEEN_BY_SHARP: Readonly<Record<string, readonly (keyof Metadata)[]>> = {
  jpeg: ['exif', 'xmp', 'iptc'],
  png: ['exif', 'xmp', 'comments'],
  webp: ['exif', 'xmp'],
  gif: [],
};

test.each(MARKED)('$format, $name: metadata goes, the look stays', async ({ format, make }) => {
  const bytes = await make();
  expect(bytes.includes(MARK)).toBe(true);
  const carried = await sharp(bytes).metadata();
  for (const kind of SEEN_BY_SHARP[format]!) expect(carried[kind], kind).toBeDefined();
  const stripped = await expectStripped(bytes, format);
  expect(Buffer.from(stripped).includes(MARK)).toBe(false);
  expect(stripped.length).toBeLessThan(bytes.length);
});

test('files without metadata are handed back as they are', async () => {
  for (const encoded of [image().jpeg(), image().jpeg({ progressive: true }), image().png(), translucent().webp()]) {
    const { data, info } = await encoded.withIccProfile('p3').toBuffer({ resolveWithObject: true });
    const stripped = stripMetadata(data, info.format);
    expect(stripped?.changed).toBe(false);
    expect(stripped?.bytes).toBe(data);
  }
  const gif = await frames().gif(animation).toBuffer();
  expect(stripMetadata(gif, 'gif')).toEqual({ bytes: gif, changed: false });
});

describe('JPEG', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('of orientation %i keeps that and nothing else of EXIF', async (orientation) => {
    const jpeg = await image().jpeg().toBuffer();
    const own = orientation === 1 ? [] : [segment(0xe1, writeOrientation(orientation))];
    for (const little of [false, true]) {
      const turned = insert(jpeg, 2, segment(0xe1, 'Exif\0\0', exif(orientation, { little })));
      const stripped = await expectStripped(turned, 'jpeg');
      expect(stripped).toEqual(insert(jpeg, 2, ...own));
      expect((await look(stripped)).turned).toBe(orientation);
    }
    await expectStripped(await marked(image()).withMetadata({ orientation }).jpeg().toBuffer(), 'jpeg');
  });

  test('of two EXIF segments the first counts', async () => {
    const two = [6, 3].map((orientation) => segment(0xe1, 'Exif\0\0', exif(orientation)));
    const stripped = await expectStripped(insert(await image().jpeg().toBuffer(), 2, ...two), 'jpeg');
    expect((await look(stripped)).turned).toBe(6);
  });

  test('keeps how its colours are coded: JFIF and Adobe segments, cut to what they need', async () => {
    const jpeg = await image().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer();
    const jfif = [Uint8Array.of(1, 2, 1, 0, 72, 0, 96)];
    const adobe = (transform: number) => ['Adobe', Uint8Array.of(0, 100, 0, 0, 0, 0, transform)];
    const rgb = insert(jpeg, 2, segment(0xee, ...adobe(0), MARK));
    expect(await expectStripped(rgb, 'jpeg')).toEqual(insert(jpeg, 2, segment(0xee, ...adobe(0))));
    expect((await look(rgb)).stored).not.toEqual((await look(jpeg)).stored);
    const both = insert(
      jpeg,
      2,
      segment(0xe0, 'JFIF\0', ...jfif, Uint8Array.of(1, 1, 7, 8, 9)),
      segment(0xee, ...adobe(0)),
    );
    const kept = segment(0xe0, 'JFIF\0', ...jfif, Uint8Array.of(0, 0));
    expect(await expectStripped(both, 'jpeg')).toEqual(insert(jpeg, 2, kept, segment(0xee, ...adobe(0))));
  });

  test('that browsers show otherwise, or not all the same way, is for the caller', async () => {
    const jpeg = await image().jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.of(0xff, 0xc0));
    const patched = (at: number, value: number) =>
      insert(jpeg.subarray(0, at), at, Uint8Array.of(value), jpeg.subarray(at + 1));
    expect(stripMetadata(await image().toColourspace('cmyk').jpeg().toBuffer(), 'jpeg')).toBeUndefined();
    for (const marker of [0xc3, 0xc5, 0xc9, 0xca])
      expect(stripMetadata(patched(frame + 1, marker), 'jpeg')).toBeUndefined();
    expect(stripMetadata(patched(frame + 4, 12), 'jpeg')).toBeUndefined();
    for (const odd of [exif(6, { type: 4 }), exif(6, { type: 1 }), exif(6, { count: 2 })]) {
      expect(stripMetadata(insert(jpeg, 2, segment(0xe1, 'Exif\0\0', odd)), 'jpeg')).toBeUndefined();
    }
  });
});

describe('PNG', () => {
  test('keeps what says how px look, drops all else that may be ignored', async () => {
    const png = await image().png().toBuffer();
    const kept = [
      pngChunk('gAMA', Uint8Array.of(0, 0, 177, 143)),
      pngChunk('sBIT', Uint8Array.of(8, 8, 8)),
      pngChunk('cICP', Uint8Array.of(12, 13, 0, 1)),
    ];
    const stripped = await expectStripped(insert(png, 33, kept[0]!, pngChunk('prIv', MARK), kept[1]!, kept[2]!), 'png');
    expect(stripped).toEqual(insert(png, 33, ...kept));
    expect(() => stripMetadata(insert(png, 33, pngChunk('CgBI', new Uint8Array(4))), 'png')).toThrow('critical');
  });

  test('keeps every frame of an animation', async () => {
    const [png, other] = await Promise.all([image().png().toBuffer(), image().negate().png().toBuffer()]);
    const data = other.subarray(other.indexOf('IDAT') + 4, other.length - 16);
    const control = (sequence: number) => {
      const body = Buffer.alloc(26);
      body.writeUInt32BE(sequence, 0);
      body.writeUInt32BE(WIDTH, 4);
      body.writeUInt32BE(HEIGHT, 8);
      return pngChunk('fcTL', body);
    };
    const still = insert(
      png,
      png.length - 12,
      control(1),
      pngChunk('fdAT', Buffer.concat([Uint8Array.of(0, 0, 0, 2), data])),
    );
    const apng = insert(still, 33, pngChunk('acTL', Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0)), control(0));
    expect(stripMetadata(apng, 'png')).toEqual({ bytes: apng, changed: false });
    expect(stripMetadata(insert(apng, 33, pngChunk('tEXt', `a\0${MARK}`)), 'png')?.bytes).toEqual(apng);
  });

  test('that EXIF turns is for the caller', async () => {
    const turned = await image().withMetadata({ orientation: 6 }).png().toBuffer();
    expect((await look(turned)).turned).toBe(6);
    expect(stripMetadata(turned, 'png')).toBeUndefined();
  });
});

describe('WebP', () => {
  test('says in its header that there is neither EXIF nor XMP', async () => {
    const stripped = stripMetadata(await marked(translucent()).withIccProfile('p3').webp().toBuffer(), 'webp')!.bytes;
    const bytes = Buffer.from(stripped);
    expect(bytes.toString('latin1', 12, 16)).toBe('VP8X');
    expect(bytes[20]).toBe(0x20 | 0x10); // ICC, alpha
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
  });

  test('loses unknown chunks, within frames too, and what follows it', async () => {
    const clean = await frames()
      .webp({ ...animation, lossless: true })
      .toBuffer();
    const parts: Buffer[] = [];
    for (let at = 12; at < clean.length;) {
      const end = at + 8 + clean.readUInt32LE(at + 4);
      const name = clean.toString('latin1', at, at + 4);
      const body = clean.subarray(at + 8, end);
      parts.push(riffChunk(name, name === 'ANMF' ? Buffer.concat([body, riffChunk('PRIV', `${MARK}!`)]) : body));
      parts.push(riffChunk('C2PA', MARK));
      at = end + (end & 1);
    }
    const stripped = await expectStripped(Buffer.concat([riff(...parts), Buffer.from(MARK)]), 'webp');
    expect(stripped).toEqual(clean);
  });

  test('that EXIF turns is for the caller', async () => {
    const turned = await image().withMetadata({ orientation: 6 }).webp().toBuffer();
    expect((await look(turned)).turned).toBe(6);
    expect(stripMetadata(turned, 'webp')).toBeUndefined();
  });
});

test('a WebP with a frame that shows nothing is refused: decoders stop there, those of what is left of it do not start', async () => {
  const webp = await frames().webp(animation).toBuffer();
  const last = webp.lastIndexOf('VP8');
  webp.write('XXX', last, 'latin1');
  expect(() => stripMetadata(webp, 'webp')).toThrow('frame of a WebP holds no picture');
});

test('GIF keeps how often it runs and its ICC profile, nothing hung on to that', async () => {
  const gif = await frames().gif().toBuffer();
  const start = gifStart(gif);
  const bare = Buffer.concat([gif.subarray(0, start), gif.subarray(gif.indexOf(Buffer.of(0x21, 0xf9)))]);
  const { icc } = await sharp(await image().withIccProfile('p3').jpeg().toBuffer()).metadata();
  const loop = (name: string, ...more: (string | Uint8Array)[]) =>
    gifExtension(0xff, name, Uint8Array.of(1, 5, 0), ...more);
  const profile = gifExtension(0xff, 'ICCRGBG1012', icc!.subarray(0, 255), icc!.subarray(255));
  for (const name of ['NETSCAPE2.0', 'ANIMEXTS1.0']) {
    const stripped = await expectStripped(insert(bare, start, loop(name, 'bcd', MARK), profile), 'gif');
    expect(stripped).toEqual(insert(bare, start, loop(name), profile));
  }
});

test('other formats are for the caller', () => {
  for (const format of ['heif', 'tiff', 'svg', 'constructor', '']) {
    expect(stripMetadata(Buffer.from('anything'), format)).toBeUndefined();
  }
});

describe('EXIF orientation', () => {
  test('survives being written', () => {
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(readOrientation(writeOrientation(orientation))).toBe(orientation);
    }
  });

  test('is upright where it means nothing', () => {
    const far = exif(6);
    far.writeUInt32BE(0xfffffff0, 4);
    for (const data of [exif(0), exif(9), far, exif(6).subarray(0, 33), Buffer.alloc(0), Buffer.from(MARK)]) {
      expect(readOrientation(data)).toBe(1);
    }
  });
});

describe('damage', () => {
  test.each(MARKED)('$format, $name: a file that ends early is refused', async ({ format, make }) => {
    const clean = stripMetadata(await make(), format)!.bytes;
    for (let length = 0; length < clean.length; length++) {
      expect(() => stripMetadata(clean.subarray(0, length), format)).toThrow(/./);
    }
  });

  test.each(MARKED)('$format, $name: changed bytes change nothing of the bargain', async ({ format, make }) => {
    const bytes = await make();
    const random = seeded(bytes.length);
    const seen = { shown: 0, refused: 0 };
    for (let round = 0; round < 100; round++) {
      const damaged = Buffer.from(bytes);
      for (let i = integer(random, 1, 6); i > 0; i--) {
        const at = integer(random, 0, random() < 0.5 ? Math.min(400, bytes.length - 1) : bytes.length - 1);
        damaged[at] = random() < 0.3 ? 0xff : integer(random, 0, 255);
      }
      let stripped: ReturnType<typeof stripMetadata>;
      try {
        stripped = stripMetadata(damaged, format);
      } catch {
        seen.refused++;
        continue;
      }
      if (!stripped) continue;
      expectUnchanged(stripped.bytes, format);
      const before = await look(damaged).catch(() => undefined);
      if (!before) continue;
      seen.shown++;
      expect(await look(stripped.bytes)).toEqual(before);
    }
    expect(seen.shown).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  });
});
