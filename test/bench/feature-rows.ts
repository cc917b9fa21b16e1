/** What matching should compare: colour spaces, parts of a cell, weights; each by what its mosaics look like. */
import { join } from 'node:path';
import { linearToCielab } from '../../dist/colour/cielab.js';
import { LINEAR } from '../../dist/colour/linear.js';
import { linearToOklab } from '../../dist/colour/oklab.js';
import { TargetPx } from '../../dist/image/target.js';
import type { Grid, Likeness, Placement } from '../../src/types.ts';
import { geometricMean, likenessAt, mean, type OpenCatalog, openCatalog, scenes, type Scene } from './mosaics.ts';
import type { Bench, Row } from './rows.ts';

interface Feature {
  readonly name: string;
  readonly space: 'OKLab' | 'CIELAB';
  /** Parts of a cell along each side. */
  readonly side: number;
  /** What lightness counts, where chroma counts 1. */
  readonly lightness?: number;
  /** What frequencies beyond those of the four quarters count; and of lightness alone, an edge term. */
  readonly fine?: number;
  readonly edge?: number;
}

const FEATURES: readonly Feature[] = [
  ...[2, 3, 4, 6, 8].map((side): Feature => ({ name: `OKLab, k = ${side}`, space: 'OKLab', side })),
  ...[2, 4].map((side): Feature => ({ name: `CIELAB, k = ${side}`, space: 'CIELAB', side })),
  ...[2, 3].map((lightness): Feature => {
    return { name: `CIELAB, k = 4, lightness x ${lightness}`, space: 'CIELAB', side: 4, lightness };
  }),
  ...[0.25, 0.6].map((fine): Feature => ({ name: `OKLab, k = 4, fine x ${fine}`, space: 'OKLab', side: 4, fine })),
  ...[0.7, 1.4].map((lightness): Feature => {
    return {
      name: `OKLab, k = 4, fine x 0.6, lightness x ${lightness}`,
      space: 'OKLab',
      side: 4,
      fine: 0.6,
      lightness,
    };
  }),
  { name: 'OKLab, k = 4, edges of lightness x 1.5', space: 'OKLab', side: 4, edge: 1.5 },
];

/** Equal images stand no nearer than this. */
const DISTANCE = 2;

/** One row for each way, at 1, 2, 4 and 8 px per cell. */
export async function featureRows({ data, folder, say }: Bench): Promise<Row[]> {
  const open = await openCatalog(data.photos, join(folder, 'catalog'), 256);
  const all = await scenes({ longer: 96 }, data.target);
  const rows: Row[] = [];
  for (const feature of FEATURES) {
    const likeness: Likeness[][] = [];
    for (const scene of all) likeness.push(await likenessAt(open.catalog, scene, await placeBy(feature, open, scene)));
    const told = [0, 1, 2, 3].map((i) => {
      const at = likeness.map((one) => one[i]!);
      return `${geometricMean(at.map(({ ciede2000 }) => ciede2000)).toFixed(2)}, ${mean(at.map(({ ssim }) => ssim)).toFixed(3)}`;
    });
    say(`${feature.name}: ${told.join(' | ')}`);
    rows.push({
      what: `${feature.name}: CIEDE2000, SSIM at 1, 2, 4, 8 px per cell`,
      reach: '',
      ours: '',
      theirs: '',
      result: told.join('; '),
    });
  }
  return rows;
}

/** The nearest by a feature of what does not stand near yet, cell by cell. */
async function placeBy(feature: Feature, { catalog }: OpenCatalog, { target, grid }: Scene): Promise<Placement> {
  const { side } = feature;
  const px = await (
    await TargetPx.decode(target, { width: grid.columns, height: grid.rows })
  ).resized({
    width: grid.columns * side,
    height: grid.rows * side,
  });
  const cells = vectors(feature, grid.columns * grid.rows, (cell, x, y) => {
    const row = Math.floor(cell / grid.columns) * side + y;
    const at = (row * grid.columns * side + (cell % grid.columns) * side + x) * 3;
    return [LINEAR[px[at]!]!, LINEAR[px[at + 1]!]!, LINEAR[px[at + 2]!]!];
  });
  const sources = vectors(feature, catalog.sources.length, (id, x, y) => {
    return meanOf(catalog.pixels(id, { width: 8, height: 8 }), side, x, y);
  });
  const placed = new Uint32Array(grid.columns * grid.rows).fill(0xffffffff);
  for (let cell = 0; cell < placed.length; cell++) {
    placed[cell] = nearest(cells, cell, sources, side ** 2 * 3, standingNear(placed, grid, cell));
  }
  const costs = new Float32Array(placed.length);
  return { grid, cells: placed, costs, gap: 0, distanceCost: 0, afarCost: 0, minDistance: DISTANCE };
}

function standingNear(placed: Uint32Array, { columns, rows }: Grid, cell: number): Set<number> {
  const [column, row] = [cell % columns, Math.floor(cell / columns)];
  const near = new Set<number>();
  for (let y = Math.max(0, row - DISTANCE); y <= Math.min(rows - 1, row); y++) {
    for (let x = Math.max(0, column - DISTANCE); x <= Math.min(columns - 1, column + DISTANCE); x++) {
      near.add(placed[y * columns + x]!);
    }
  }
  return near;
}

function nearest(cells: Float32Array, cell: number, sources: Float32Array, length: number, near: Set<number>): number {
  let [best, least] = [0, Infinity];
  for (let id = 0; id < sources.length / length; id++) {
    let distance = 0;
    for (let i = 0; i < length && distance < least; i++) {
      distance += (cells[cell * length + i]! - sources[id * length + i]!) ** 2;
    }
    if (distance < least && !near.has(id)) [best, least] = [id, distance];
  }
  return best;
}

/** Linear mean of part (x, y) of 8 x 8 px. */
function meanOf(px: Uint8Array, side: number, x: number, y: number): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  const share = (part: number, at: number) =>
    Math.max(0, Math.min(at + 1, ((part + 1) * 8) / side) - Math.max(at, (part * 8) / side));
  for (let i = 0; i < 64; i++) {
    const weight = (share(x, i % 8) * share(y, Math.floor(i / 8)) * side ** 2) / 64;
    if (weight > 0) for (let c = 0; c < 3; c++) sums[c]! += weight * LINEAR[px[i * 3 + c]!]!;
  }
  return sums;
}

/** Weighted frequencies (an orthonormal DCT, over the side) of `count` pictures, whose parts `colour` tells in linear RGB. */
function vectors(
  { space, side, lightness = 1, fine = 1, edge = 1 }: Feature,
  count: number,
  colour: (item: number, x: number, y: number) => [number, number, number],
): Float32Array {
  const parts = side ** 2;
  const out = new Float32Array(count * parts * 3);
  const basis = Array.from({ length: parts }, (_, i) => {
    const [k, n] = [Math.floor(i / side), i % side];
    return Math.sqrt((k ? 2 : 1) / side) * Math.cos((Math.PI * (n + 0.5) * k) / side);
  });
  const lab = new Float64Array(parts * 3);
  for (let item = 0; item < count; item++) {
    for (let i = 0; i < parts; i++) {
      const [r, g, b] = colour(item, i % side, Math.floor(i / side));
      if (space === 'OKLab') linearToOklab(r, g, b, lab, i * 3);
      else linearToCielab(r, g, b, lab, i * 3);
    }
    for (let f = 0; f < parts * 3; f++) {
      const [down, across, c] = [Math.floor(f / 3 / side), Math.floor(f / 3) % side, f % 3];
      let sum = 0;
      for (let i = 0; i < parts; i++) {
        sum += basis[down * side + Math.floor(i / side)]! * basis[across * side + (i % side)]! * lab[i * 3 + c]!;
      }
      const finer = Math.max(down, across) > 1;
      out[item * parts * 3 + f] = (sum / side) * (finer ? fine * (c === 0 ? edge : 1) : 1) * (c === 0 ? lightness : 1);
    }
  }
  return out;
}
