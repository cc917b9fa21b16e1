import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { blockScript, readBlock } from '../../src/format/block-script.ts';
import { blockCount, blockLength, blockPath, blocksOf } from '../../src/format/cell-blocks.ts';
import type { MosaicJson } from '../../src/index.ts';
import { integer, seeded } from '../helpers/random.ts';

type Description = MosaicJson['placement'];

function randomCells(columns: number, rows: number, most: number): Uint32Array {
  const random = seeded(columns * rows);
  return Uint32Array.from({ length: columns * rows }, () => integer(random, 0, most));
}

/** Numbers of a script by what is described in docs/formats.md, with nothing of ours. */
function numbersOf(script: string, type: Description['type']): number[] {
  const called: [string, string][] = [];
  runInNewContext(script, { zoomosaicCells: (name: string, base64: string) => called.push([name, base64]) });
  expect(called).toHaveLength(1);
  const bytes = Uint8Array.from(atob(called[0]![1]), (character) => character.charCodeAt(0));
  return [...(type === 'u16' ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer))];
}

describe('blocks of cells', () => {
  test.each<[number, number, number, Description['type'], number]>([
    [6, 4, 128, 'u16', 1],
    [128, 128, 128, 'u16', 1],
    [129, 257, 128, 'u16', 6],
    [300, 130, 128, 'u32', 6],
    [1, 500, 128, 'u32', 4],
    [7, 5, 3, 'u16', 6],
  ])('hold each cell once: %i x %i in blocks of %i, %s', (columns, rows, block, type, count) => {
    const grid = { columns, rows };
    const description = { block, type };
    const mosaic = { grid, placement: description, pictures: 2 ** 32 };
    const cells = randomCells(columns, rows, type === 'u16' ? 2 ** 16 - 1 : 2 ** 32 - 1);
    const read = new Uint32Array(columns * rows).fill(7);
    const seen = new Uint8Array(columns * rows);
    const paths = new Set<string>();
    for (const one of blocksOf(grid, block)) {
      paths.add(blockPath(one));
      expect(Math.max(one.columns, one.rows)).toBeLessThanOrEqual(block);
      const script = blockScript({ cells, grid }, one, description);
      expect(script).toMatch(new RegExp(`^zoomosaicCells\\("${one.x}_${one.y}","[A-Za-z0-9+/=]*"\\);\n$`));
      expect(script.length).toBe(blockLength(one, type));
      expect(readBlock(script, one, { ...mosaic, cells: read })).toBe(true);
      for (const [i, picture] of numbersOf(script, type).entries()) {
        const [column, row] = [one.x * block + (i % one.columns), one.y * block + Math.floor(i / one.columns)];
        expect(picture).toBe(cells[row * columns + column]);
        seen[row * columns + column]!++;
      }
    }
    expect(paths.size).toBe(count);
    expect(blockCount(grid, block)).toBe(count);
    expect(paths).toContain('cells/0_0.js');
    expect(paths).toContain(`cells/${Math.ceil(columns / block) - 1}_${Math.ceil(rows / block) - 1}.js`);
    expect(seen.every((times) => times === 1)).toBe(true);
    expect(read).toEqual(cells);
  });

  const grid = { columns: 5, rows: 4 };
  const description = { block: 3, type: 'u16' } as const;
  const mosaic = { grid, placement: description, pictures: 1001 };
  const cells = randomCells(5, 4, 1000);
  const [first, right, below] = [...blocksOf(grid, 3)];
  const sound = blockScript({ cells, grid }, first!, description);

  test.each<[string, string]>([
    ['nothing', ''],
    ['the block to the right', blockScript({ cells, grid }, right!, description)],
    ['the block below', blockScript({ cells, grid }, below!, description)],
    ['a block of wider numbers', blockScript({ cells, grid }, first!, { ...description, type: 'u32' })],
    ['a block of a larger side', blockScript({ cells, grid }, { ...first!, columns: 4 }, { ...description, block: 4 })],
    ['a block that is cut short', sound.slice(0, -1)],
    ['a block without its end', sound.slice(0, -12)],
    ['the same block under another name', sound.replace('0_0', '1_0')],
    ['two blocks', sound + sound],
    ['other characters', sound.replace(/,"./, ',"%')],
    ['other code', sound.replace('zoomosaicCells', 'alert')],
    ['a picture that does not exist', blockScript({ cells: cells.map(() => 1001), grid }, first!, description)],
    ['a missing byte', sound.replace(/....(=*)"\);/, '$1");')],
  ])('take nothing from %s', (_, text) => {
    const read = new Uint32Array(20).fill(99);
    expect(readBlock(text, first!, { ...mosaic, cells: read })).toBe(false);
    expect([...read]).toEqual(Array.from({ length: 20 }, () => 99));
    expect(readBlock(sound, first!, { ...mosaic, cells: read })).toBe(true);
  });
});
