import { describe, expect, test } from 'vitest';
import { compactLayout, firstShared, levelCosts } from '../../src/layout/compact.ts';
import { levelsOf } from '../../src/tiles/tile-plan.ts';

describe('what is in sheets', () => {
  const recipe = {
    cell: { width: 256, height: 256 },
    tileSize: 256,
    format: 'jpeg',
    subsampling: '4:2:0',
  } as const;
  const grid = { columns: 100, rows: 100 };
  const costsOf = (pictures: number) => {
    const uses = Uint32Array.from({ length: pictures }, () => 10_000 / pictures);
    const bytesOf = (_: number, { cell }: { cell: { width: number } }) => 100 + cell.width ** 2 / 10;
    return levelCosts({ grid, recipe, uses, headerBytes: 600, bytesOf });
  };

  test('costs as many bytes as there are pictures, not cells', () => {
    for (const pictures of [100, 10_000]) {
      for (const { level, written, shared } of costsOf(pictures)) {
        const { cell, width, height } = levelsOf(grid, recipe.cell)[level]!;
        const bytes = 100 + cell.width ** 2 / 10;
        const tiles = Math.ceil(width / 512) * Math.ceil(height / 512);
        expect(written).toEqual({ files: tiles, bytes: Math.round(10_000 * bytes + tiles * 600) });
        expect(shared.bytes).toBe(Math.round(pictures * bytes + shared.files * 600));
        const side = Math.min(8, 512 / cell.width);
        expect(shared.files).toBe(Math.ceil(pictures / side ** 2));
      }
    }
  });

  test('is what costs less so: little where each image stands once, all above the overview where few stand often', () => {
    const levels = levelsOf(grid, recipe.cell);
    const cellAt = (level: number) => levels[level]!.cell.width;
    expect(cellAt(firstShared({ grid, recipe }, costsOf(100)))).toBe(32);
    const once = firstShared({ grid, recipe }, costsOf(10_000));
    expect(cellAt(once)).toBeGreaterThan(cellAt(firstShared({ grid, recipe }, costsOf(100))));
    for (const shared of [firstShared({ grid, recipe }, costsOf(100)), once]) {
      const { levels: has, overview, sheets } = compactLayout(grid, recipe, shared);
      expect(overview).toBe(shared - 1);
      for (const { level, from, tile } of has) {
        if (level < shared) {
          expect(tile).toEqual({ width: 512, height: 512 });
          expect(from).toBe(cellAt(level) < 16 ? 'paint' : 'splice');
        } else expect(from).toBe(cellAt(level) > 128 ? 'reference' : 'sheets');
      }
      for (const { level, side } of sheets) expect(side * cellAt(level)).toBeLessThanOrEqual(512);
    }
  });
});
