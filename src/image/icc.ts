/** Chromaticities (x, y) of red, green, blue and white. */
type Primaries = readonly [
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
];
type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

/**
 * Colours as named by video streams and HEIF (ITU-T H.273): numbers of the primaries and of the transfer
 * characteristics.
 */
export interface CodedColour {
  readonly primaries: number;
  readonly transfer: number;
}

const D65 = [0.3127, 0.329] as const;
/** Primaries of ITU-T H.273, table 2, without those close to sRGB's. */
const PRIMARIES: ReadonlyMap<number, Primaries> = new Map([
  [9, [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046], D65]], // BT.2020
  [
    11,
    [
      [0.68, 0.32],
      [0.265, 0.69],
      [0.15, 0.06],
      [0.314, 0.351],
    ],
  ], // DCI P3
  [12, [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], D65]], // Display P3
]);
const SRGB: Primaries = [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06], D65];

/** Luminance of diffuse white in HDR images, candela per square metre (ITU-R BT.2408). */
const WHITE = 203;
/** Light up to this value (white is 1) of HDR images stays unchanged; light above is compressed to values below 1. */
const KNEE = 0.6;

/**
 * Linear light of a coded value, by transfer characteristics of ITU-T H.273, table 3, without those shown as sRGB's.
 */
const TRANSFERS: ReadonlyMap<number, (value: number) => number> = new Map([
  [8, (value) => value],
  [16, (value) => tamed(perceptualQuantizer(value))],
  [18, (value) => tamed((1000 / WHITE) * hybridLogGamma(value) ** 1.2)],
]);
/** Number of entries of a transfer curve in a profile. */
const STEPS = 1024;

/**
 * Makes a colour profile (ICC.1:2001-04, a matrix and a curve) for colours that a file names by number; undefined if
 * they are sRGB's, or so close that everybody shows them as sRGB.
 */
export function iccProfile({ primaries, transfer }: CodedColour): Buffer | undefined {
  if (!PRIMARIES.has(primaries) && !TRANSFERS.has(transfer)) return undefined;
  const light = curveTag(TRANSFERS.get(transfer) ?? srgbLight);
  const [red, green, blue] = transposed(toD50(PRIMARIES.get(primaries) ?? SRGB));
  const name = `H.273 ${primaries}/${transfer}`;
  const tags: (readonly [string, Buffer])[] = [
    ['desc', Buffer.concat([tag('desc'), u32(name.length + 1), Buffer.from(`${name}\0`), Buffer.alloc(78)])],
    ['cprt', Buffer.concat([tag('text'), Buffer.from('none\0')])],
    ['wtpt', xyz([0.9642, 1, 0.8249])],
    ['rXYZ', xyz(red)],
    ['gXYZ', xyz(green)],
    ['bXYZ', xyz(blue)],
    ['rTRC', light],
    ['gTRC', light],
    ['bTRC', light],
  ];
  return profileOf(tags);
}

function profileOf(tags: readonly (readonly [string, Buffer])[]): Buffer {
  const places = new Map<Buffer, number>();
  let end = 128 + 4 + 12 * tags.length;
  for (const [, bytes] of tags) {
    if (places.has(bytes)) continue;
    places.set(bytes, end);
    end += bytes.length + (-bytes.length & 3);
  }
  const profile = Buffer.alloc(end);
  profile.writeUInt32BE(end, 0);
  profile.writeUInt32BE(0x02400000, 8);
  profile.write('mntrRGB XYZ ', 12, 'latin1');
  profile.write('acsp', 36, 'latin1');
  xyz([0.9642, 1, 0.8249]).copy(profile, 68, 8);
  profile.writeUInt32BE(tags.length, 128);
  for (const [i, [name, bytes]] of tags.entries()) {
    const place = places.get(bytes)!;
    profile.write(name, 132 + 12 * i, 'latin1');
    profile.writeUInt32BE(place, 136 + 12 * i);
    profile.writeUInt32BE(bytes.length, 140 + 12 * i);
    bytes.copy(profile, place);
  }
  return profile;
}

function tag(type: string): Buffer {
  return Buffer.concat([Buffer.from(type, 'latin1'), Buffer.alloc(4)]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function xyz(values: Vector): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.write('XYZ ', 'latin1');
  for (const [i, value] of values.entries()) bytes.writeInt32BE(Math.round(value * 65536), 8 + 4 * i);
  return bytes;
}

function curveTag(light: (value: number) => number): Buffer {
  const bytes = Buffer.alloc(12 + 2 * STEPS);
  bytes.write('curv', 'latin1');
  bytes.writeUInt32BE(STEPS, 8);
  for (let i = 0; i < STEPS; i++) {
    bytes.writeUInt16BE(Math.round(65535 * Math.min(1, Math.max(0, light(i / (STEPS - 1))))), 12 + 2 * i);
  }
  return bytes;
}

function srgbLight(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Returns the linear light of a PQ value (SMPTE ST 2084); white is 1. */
function perceptualQuantizer(value: number): number {
  const root = value ** (1 / 78.84375);
  const light = Math.max(0, root - 0.8359375) / (18.8515625 - 18.6875 * root);
  return (10_000 / WHITE) * light ** (1 / 0.1593017578125);
}

/** Returns the scene light of an HLG value (ITU-R BT.2100), 0..1. */
function hybridLogGamma(value: number): number {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
  return value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12;
}

/** Compresses light beyond white into the range of an image for standard screens. */
function tamed(light: number): number {
  return light <= KNEE ? light : KNEE + (1 - KNEE) * (1 - Math.exp((KNEE - light) / (1 - KNEE)));
}

/** Returns XYZ of linear red, green and blue as columns, adapted to D50 (Bradford's method), as profiles have it. */
function toD50([r, g, b, w]: Primaries): Matrix {
  const columns = transposed([whole(r), whole(g), whole(b)]);
  const white = whole(w);
  const scale = times(inverse(columns), white);
  const matrix = columns.map((row) => row.map((value, i) => value * scale[i]!)) as unknown as Matrix;
  const bradford: Matrix = [
    [0.8951, 0.2664, -0.1614],
    [-0.7502, 1.7135, 0.0367],
    [0.0389, -0.0685, 1.0296],
  ];
  const [from, to] = [times(bradford, white), times(bradford, [0.9642, 1, 0.8249])];
  const cones: Matrix = [
    [to[0] / from[0], 0, 0],
    [0, to[1] / from[1], 0],
    [0, 0, to[2] / from[2]],
  ];
  return product(product(inverse(bradford), product(cones, bradford)), matrix);
}

/** Returns XYZ of a chromaticity, with Y = 1. */
function whole([x, y]: readonly [number, number]): Vector {
  return [x / y, 1, (1 - x - y) / y];
}

function times(m: Matrix, [x, y, z]: Vector): Vector {
  return m.map((row) => row[0] * x + row[1] * y + row[2] * z) as unknown as Vector;
}

function product(a: Matrix, b: Matrix): Matrix {
  return transposed(transposed(b).map((column) => times(a, column)) as unknown as Matrix);
}

function transposed(m: Matrix): Matrix {
  return [0, 1, 2].map((i) => m.map((row) => row[i])) as unknown as Matrix;
}

function inverse([a, b, c]: Matrix): Matrix {
  const cross = (u: Vector, v: Vector): Vector => [
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  ];
  const columns = [cross(b, c), cross(c, a), cross(a, b)] as const;
  const determinant = a[0] * columns[0][0] + a[1] * columns[0][1] + a[2] * columns[0][2];
  return transposed(columns.map((column) => column.map((value) => value / determinant)) as unknown as Matrix);
}
