import sharp, { type Sharp } from 'sharp';
import { coded, gridFile, imir, irot, nclx, oneTile, prof, auxC, heicFile, exifItem } from '../helpers/heic-file.ts';
import { TILES } from '../helpers/heic-tiles.ts';
import { gifExtension, gifStart, insert, pngChunk, riffChunk, segment } from '../helpers/file-parts.ts';
import { waves } from '../helpers/images.ts';
import { RAW_FILES } from '../helpers/raw-files.ts';
import { writeOrientation } from '../../src/jpeg/exif-orientation.ts';
import type { Size } from '../../src/types.ts';
import type { Base } from './bytes.ts';
import { boxBase, gifBase, jpegBase, pngBase, tiffBase, webpBase } from './parts.ts';

const SIZE: Size = { width: 32, height: 32 };

function picture(seed: number, { width, height }: Size = SIZE): Sharp {
  return sharp(waves(width, height, seed), { raw: { width, height, channels: 3 } });
}

/** Small sound JPEGs of all kinds, with all that programs put into them. */
export async function jpegFiles(): Promise<Base[]> {
  const plain = { optimiseCoding: false, progressive: false } as const;
  const tagged = picture(5).withExif({ IFD0: { Artist: 'somebody' } });
  const images: Sharp[] = [
    picture(1).jpeg({ ...plain, chromaSubsampling: '4:2:0' }),
    picture(2).jpeg({ ...plain, chromaSubsampling: '4:4:4' }),
    picture(3).jpeg({ progressive: true }),
    picture(4).toColourspace('b-w').jpeg(plain),
    tagged.withMetadata({ orientation: 6 }).jpeg(plain),
    picture(6).withIccProfile('p3').jpeg(plain),
    picture(7).toColourspace('cmyk').jpeg(plain),
    picture(8, { width: 33, height: 17 }).jpeg({ mozjpeg: true }),
  ];
  const bases = (await Promise.all(images.map((image) => image.toBuffer()))).map(jpegBase);
  const [{ bytes, parts }] = bases as [Base];
  const full = insert(
    bytes,
    parts[2]!,
    segment(0xe0, 'JFXX\0\x13', Uint8Array.of(1, 1, 1, 2, 3)),
    segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x/>'),
    segment(0xe2, 'MPF\0II*\0'),
    segment(0xee, 'Adobe', Uint8Array.of(0, 100, 0, 0, 0, 0, 1)),
    segment(0xfe, 'a comment'),
  );
  return [...bases, jpegBase(Buffer.concat([full, bytes]))];
}

/** The same of PNG. */
export async function pngFiles(): Promise<Base[]> {
  const wide = await picture(1).raw().toBuffer();
  const images: Sharp[] = [
    picture(1).png(),
    picture(2).png({ palette: true, colours: 16 }),
    picture(3).ensureAlpha(0.5).png({ progressive: true }),
    picture(4).toColourspace('b-w').png(),
    sharp(wide, { raw: { ...SIZE, channels: 3 } })
      .toColourspace('rgb16')
      .png(),
    picture(5)
      .withIccProfile('p3')
      .withExif({ IFD0: { Artist: 'somebody' } })
      .png(),
  ];
  const files = await Promise.all(images.map((image) => image.toBuffer()));
  const more = [pngChunk('tEXt', 'Author\0somebody'), pngChunk('pHYs', Buffer.alloc(9, 1)), pngChunk('prVt', 'mine')];
  const turned = insert(files[0]!, 33, pngChunk('eXIf', writeOrientation(6).subarray(6)), ...more);
  return [...files, insert(files[0]!, 33, ...more), turned].map(pngBase);
}

/** The same of WebP. */
export async function webpFiles(): Promise<Base[]> {
  const two = Buffer.concat([await picture(5).raw().toBuffer(), await picture(6).raw().toBuffer()]);
  const film = sharp(two, {
    raw: { width: SIZE.width, height: SIZE.height * 2, channels: 3, pageHeight: SIZE.height },
  });
  const images: Sharp[] = [
    picture(1).webp(),
    picture(2).webp({ lossless: true }),
    picture(3).ensureAlpha(0.5).webp(),
    picture(4)
      .withIccProfile('p3')
      .withExif({ IFD0: { Artist: 'somebody' } })
      .webp(),
    film.webp({ delay: [100, 200], loop: 2 }),
  ];
  const files = await Promise.all(images.map((image) => image.toBuffer()));
  const longer = Buffer.concat([files[3]!, riffChunk('priv', 'mine!')]);
  longer.writeUInt32LE(longer.length - 8, 4);
  return [...files, longer].map(webpBase);
}

/** The same of GIF. */
export async function gifFiles(): Promise<Base[]> {
  const two = Buffer.concat([await picture(5).raw().toBuffer(), await picture(6).raw().toBuffer()]);
  const film = sharp(two, {
    raw: { width: SIZE.width, height: SIZE.height * 2, channels: 3, pageHeight: SIZE.height },
  });
  const files = await Promise.all(
    [picture(1).gif({ colours: 8 }), film.gif({ colours: 8, delay: [100, 200], loop: 2 })].map((image) =>
      image.toBuffer(),
    ),
  );
  const more = [
    gifExtension(0xfe, 'a comment'),
    gifExtension(0xff, 'XMP DataXMP', '<x/>'),
    gifExtension(1, new Uint8Array(12), 'text'),
  ];
  return [...files, insert(files[0]!, gifStart(files[0]!), ...more)].map(gifBase);
}

/** Camera raw files of all kinds; each with a JPEG that is large enough to be shown. */
export async function rawFiles(): Promise<Base[]> {
  const [large, small] = await Promise.all([
    picture(1, { width: 336, height: 16 }).jpeg({ quality: 20 }).toBuffer(),
    picture(2).jpeg({ quality: 20 }).toBuffer(),
  ]);
  return Object.entries(RAW_FILES).map(([format, write]) => {
    const bytes = write({ large, small, orientation: 6 });
    return format === 'cr3' ? boxBase(bytes) : format === 'raf' ? { bytes, parts: [0, 84, 88, 160] } : tiffBase(bytes);
  });
}

/** HEIC files with colours told in all ways. */
export async function heifFiles(): Promise<Base[]> {
  const tagged = await picture(1).withIccProfile('p3').png().toBuffer();
  const { icc } = await sharp(tagged).metadata();
  const two = heicFile([coded(TILES[0]!, 1, nclx(12, 13)), exifItem(2, 1, Buffer.from(writeOrientation(6)))], 1);
  return [
    oneTile(prof(icc!), irot(1)),
    oneTile(nclx(9, 16), imir(0)),
    gridFile({ columns: 2, rows: 2 }, { width: 120, height: 128 }, [], [nclx(12, 13), auxC('urn:x')]),
    two,
  ].map(boxBase);
}
