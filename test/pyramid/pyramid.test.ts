import { describe, expect, test } from 'vitest';
import { tileSums } from '../../src/format/checksums.ts';
import { dziLayout } from '../../src/layout/dzi.ts';
import { siteSets } from '../../src/layout/site-sets.ts';
import { renderPyramid } from '../../src/pyramid/pyramid.ts';
import { tileCount } from '../../src/tiles/tile-set.ts';
import type { Recipe } from '../../src/types.ts';

const grid = { columns: 24, rows: 20 };
const recipe: Recipe = {
  cell: { width: 256, height: 256 },
  tileSize: 256,
  format: 'png',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};

/** Renders a pyramid whose deepest level refers to one picture, and whose others are painted. */
async function render(given: {
  failing?: 'write' | 'link';
  signal?: AbortSignal;
  onProgress?: (done: number) => void;
}) {
  const { failing, signal = new AbortController().signal, onProgress = () => {} } = given;
  const sets = siteSets({
    grid,
    recipe,
    pictures: 1,
    layouts: { dzi: dziLayout(grid, recipe, 'link') },
    names: 'none',
  });
  const written = { write: 0, link: 0 };
  const note = (what: 'write' | 'link') => () => {
    if (what === failing && written[what] === 20) throw new Error(`no room to ${what}`);
    written[what]++;
  };
  const store = { write: note('write'), writeOriginal: () => {}, link: note('link'), copy: () => {} };
  const rendered = renderPyramid({
    placement: {
      grid,
      cells: new Uint32Array(grid.columns * grid.rows),
      costs: new Float32Array(0),
      gap: 0,
      afarCost: 0,
      distanceCost: 0,
      minDistance: 0,
    },
    pictures: {
      recipe,
      count: 1,
      pixels: (_, { width, height }) => new Uint8Array(width * height * 3).fill(90),
      file: () => new Uint8Array(8),
      strips: () => ({ ends: new Uint32Array(0), data: new Uint8Array(0) }),
    },
    sets,
    header: { bytes: new Uint8Array(0), sizeAt: 0, intervalAt: 0 } as never,
    fullLevel: 'link',
    store,
    concurrency: 2,
    onProgress,
    signal,
  });
  return { rendered, written, sets, total: tileCount(sets), painted: sets.filter(({ from }) => from === 'paint') };
}

describe('a pyramid', () => {
  test('is painted and referred to at once, and whole', async () => {
    const told: number[] = [];
    const { rendered, written, total, painted, sets } = await render({ onProgress: (done) => told.push(done) });
    const { bySet } = tileSums(sets, await rendered);
    expect(written).toEqual({ write: tileCount(painted), link: grid.columns * grid.rows });
    expect(told.at(-1)).toBe(total);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    for (const { name } of painted) expect(bySet.get(name)!.every((sum) => sum !== 0)).toBe(true);
  });

  test.each(['write', 'link'] as const)('that fails at a %s is written no further', async (failing) => {
    const { rendered, written, painted } = await render({ failing });
    await expect(rendered).rejects.toThrow(`no room to ${failing}`);
    const then = { ...written };
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(then);
    expect(written.write).toBeLessThan(tileCount(painted) / 2);
  });

  test('that is given up is written no further', async () => {
    const giveUp = new AbortController();
    const onProgress = (done: number) => {
      if (done > 0) giveUp.abort(new Error('given up'));
    };
    const { rendered, written, total } = await render({ signal: giveUp.signal, onProgress });
    await expect(rendered).rejects.toThrow('given up');
    expect(written.write + written.link).toBeLessThan(total);
  });
});
