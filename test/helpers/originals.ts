/** Images whose originals a site can have, and sites that have them. */
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import { build, type BuildOptions, type MosaicJson } from '../../src/index.ts';
import { sharpOf, structured } from './levels.ts';

/** Stands wherever people may not know that something stands. */
export const SECRET = 'SECRET-OF-MINE';
const EXIF = { IFD0: { Artist: SECRET }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 8/1 0/1' } };

/** What becomes of an image: its own file, one without metadata, one encoded anew, or a pyramid. */
type Fate = 'same' | 'stripped' | 'encoded' | 'pyramid';
/** Images of many formats, by their names. */
export const IMAGES: Record<string, { readonly fate: Fate; readonly ending: string }> = {
  'cmyk.jpg': { fate: 'encoded', ending: 'jpg' },
  'comment.jpg': { fate: 'stripped', ending: 'jpg' },
  'drawing.svg': { fate: 'encoded', ending: 'png' },
  'exif.jpg': { fate: 'stripped', ending: 'jpg' },
  'exif.png': { fate: 'stripped', ending: 'png' },
  'exif.webp': { fate: 'stripped', ending: 'webp' },
  'large.png': { fate: 'pyramid', ending: '' },
  'lying.jpg': { fate: 'stripped', ending: 'jpg' },
  'lying-large.jpg': { fate: 'pyramid', ending: '' },
  'photo.avif': { fate: 'encoded', ending: 'jpg' },
  'plain.gif': { fate: 'same', ending: 'gif' },
  'plain.jpg': { fate: 'same', ending: 'jpg' },
  'plain.png': { fate: 'same', ending: 'png' },
  'plain.webp': { fate: 'same', ending: 'webp' },
  'scan.tif': { fate: 'encoded', ending: 'jpg' },
  'transparent.tif': { fate: 'encoded', ending: 'png' },
};

/** Writes those images into a folder. */
export async function writeSources(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name);
  const picture = (seed: number, width = 200, height = 120) => sharpOf(structured({ width, height }, seed));
  await picture(1).toColourspace('cmyk').jpeg().toFile(at('cmyk.jpg'));
  const jpeg = await picture(2).jpeg().toBuffer();
  const comment = Buffer.from(`\xff\xfe\0${String.fromCharCode(SECRET.length + 2)}${SECRET}`, 'latin1');
  await writeFile(
    at('comment.jpg'),
    Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2), Buffer.from(SECRET)]),
  );
  await writeFile(
    at('drawing.svg'),
    `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><!-- ${SECRET} --><circle cx="20" cy="15" r="12" fill="#c33"/><path d="M0 36h45" stroke="#22c" stroke-width="5"/></svg>`,
  );
  await picture(3).jpeg().withExif(EXIF).toFile(at('exif.jpg'));
  await picture(4).png().withExif(EXIF).toFile(at('exif.png'));
  await picture(5).webp().withExif(EXIF).toFile(at('exif.webp'));
  await picture(6)
    .resize(2300, 1900, { kernel: 'linear' })
    .png({ compressionLevel: 1 })
    .withExif(EXIF)
    .toFile(at('large.png'));
  await picture(7).jpeg().withExif(EXIF).withMetadata({ orientation: 6, exif: EXIF }).toFile(at('lying.jpg'));
  const large = picture(8).resize(2600, 1700, { kernel: 'linear' }).jpeg({ quality: 95 });
  await large.withMetadata({ orientation: 8 }).toFile(at('lying-large.jpg'));
  await picture(9, 96, 64).avif({ effort: 0 }).withExif(EXIF).toFile(at('photo.avif'));
  await picture(10, 60, 40).gif().toFile(at('plain.gif'));
  await picture(11).jpeg({ progressive: true }).toFile(at('plain.jpg'));
  await picture(12).png().toFile(at('plain.png'));
  await picture(13).webp().toFile(at('plain.webp'));
  await picture(14, 120, 200).tiff({ compression: 'lzw' }).withExif(EXIF).toFile(at('scan.tif'));
  await picture(15).ensureAlpha(0.5).tiff({ compression: 'lzw' }).toFile(at('transparent.tif'));
  // Long ago, so that nothing that is written now could have the same time.
  for (const name of Object.keys(IMAGES)) await utimes(at(name), 1e9, 1e9);
}

/** Builds a mosaic into a folder of `root`, where its target and its catalog are, with copies of its originals. */
export async function buildWithOriginals(
  root: string,
  name: string,
  options: Partial<BuildOptions> & Pick<BuildOptions, 'images' | 'placement'>,
) {
  const out = join(root, name);
  const common = { target: join(root, 'target.png'), out, catalog: join(root, 'catalog') };
  const given = { cellSize: 64, cellAspect: '4:3', quality: 95, originals: 'copy' } as const;
  const result = await build({ ...common, ...given, ...options });
  const mosaic = JSON.parse(await readFile(join(out, 'mosaic.json'), 'utf8')) as MosaicJson;
  return { out, result, mosaic };
}

/** A row of the index, by its description in docs/formats.md. */
export type Row = [number, string, number, number, number, number, number, number, number];

/** Reads the first block of the index, row by row. */
export async function readIndex(out: string): Promise<Row[]> {
  const rows: Row[] = [];
  const script = await readFile(join(out, 'originals/0/index.js'), 'utf8');
  runInNewContext(script, {
    zoomosaicOriginals: (block: string, part: Row[]) => {
      expect(block).toBe('0');
      rows.push(...part);
    },
  });
  return rows;
}
