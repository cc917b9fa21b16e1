/** Images of the Image API, and what manifests are told of them. */
import { type IiifImage, iiifImageOf, iiifLevels, iiifTilePaths, iiifWholeSizes } from '../../src/format/iiif-image.ts';
import type { IiifCell } from '../../src/layout/iiif-manifest.ts';
import { integer, seeded } from './random.ts';

/** Where mosaics of these tests are. */
export const BASE = 'https://example.org/mosaic';

/** The address of their image. */
export const ID = `${BASE}/iiif/image`;

/** An image of so many px, in tiles of so many. */
export const shape = (
  width: number,
  height: number,
  tileWidth = 256,
  tileHeight = tileWidth,
  maxSide?: number,
): IiifImage => iiifImageOf({ width, height, tileWidth, tileHeight, ...(maxSide && { maxSide }) });

/** Widths and heights, px, of wholes and tiles: what mosaics have, and what nobody has but rounding breaks at. */
const SHAPES: readonly IiifImage[] = [
  shape(256, 256), // one tile, one cell
  shape(16, 16),
  shape(100, 60),
  shape(257, 256),
  shape(512, 512),
  shape(700, 300),
  shape(3840, 2560),
  shape(7680, 5120, 512),
  shape(1, 5000), // tall, and no wider than a px at any size
  shape(5000, 1),
  shape(256, 8192),
  shape(24, 4000, 16),
  shape(9000, 4500, 256, 128), // not square
  shape(4800, 6400, 320, 240),
  shape(513, 513, 64), // corners of 1 px at four scale factors
  shape(514, 514, 16),
  shape(2049, 2049, 512),
  shape(4097, 2048, 512, 512, 1024),
  shape(3000, 2999, 300, 200, 100), // maxSide below a tile
  ...seededShapes(60),
];

function seededShapes(many: number): IiifImage[] {
  const random = seeded(30);
  return Array.from({ length: many }, () => {
    const [tileWidth, tileHeight] = [integer(random, 5, 300), integer(random, 5, 300)];
    const [width, height] = [tileWidth, tileHeight].map((side) => Math.ceil(side * 30 ** (2 * random() - 0.8)));
    return shape(width!, height!, tileWidth, random() < 0.5 ? tileWidth : tileHeight, integer(random, 1, 3000));
  });
}

/** Those, by what they are. */
export const named = SHAPES.map((image) => {
  const { width, height, tileWidth, tileHeight } = image;
  return [`${width} x ${height} px, tiles ${tileWidth} x ${tileHeight}`, image] as const;
});

/** All files that a site would have, as addresses. */
export function addresses(image: IiifImage): Set<string> {
  return new Set(pathsOf(image).map((path) => `${ID}/${path}`));
}

/** All files that a site would have, as paths. */
export function pathsOf(image: IiifImage): string[] {
  const tiles = iiifLevels(image).flatMap(({ scaleFactor, columns, rows }) =>
    places(columns, rows).flatMap(([column, row]) => iiifTilePaths(image, { scaleFactor, column, row })),
  );
  const wholes = iiifWholeSizes(image).filter(({ isTile }) => !isTile);
  return [...tiles, ...wholes.flatMap(({ paths }) => paths)];
}

/** Columns and rows of all tiles. */
export function places(columns: number, rows: number): [number, number][] {
  return Array.from({ length: columns * rows }, (_, i) => [i % columns, Math.floor(i / columns)]);
}

/** The image of a mosaic of 15 x 10 cells. */
export const IMAGE = shape(3840, 2560);

/** All that a manifest can be told. */
export const ABOUT = {
  baseUrl: BASE,
  title: 'A lighthouse of 9,600 cells',
  image: IMAGE,
  credit: `${BASE}/ shows photographs by many`,
  rights: 'http://creativecommons.org/licenses/by/4.0/',
  summary: 'Every cell is an image in its own colours.',
  annotations: true,
};

/** Cells of 256 px, 15 in a row, whose names are hard to quote. */
export function cells(many: number): IiifCell[] {
  return Array.from({ length: many }, (_, i) => ({
    name: `photos/${i} "quoted", ünïcode, <b>.jpg`,
    x: (i % 15) * 256,
    y: Math.floor(i / 15) * 256,
    width: 256,
    height: 256,
  }));
}
