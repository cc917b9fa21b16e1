import { expect, test, vi } from 'vitest';
import type { Directory } from '../../viewer/directory.ts';
import { type Area, areaOf, sourcesIn } from '../../viewer/in-view.ts';
import type { MosaicTileSource } from '../../viewer/tile-source.ts';

// It needs a document.
vi.mock('openseadragon', () => ({ default: {}, TileSource: class {} }));

const GRID = { columns: 60, rows: 40 };

/** A viewer of a size, CSS px, that shows a part of the mosaic: its centre and width, in cells. */
function viewerOf([width, height]: readonly [number, number], [x, y, across]: readonly [number, number, number]) {
  const [part, down] = [across / GRID.columns, (across * height) / width / GRID.columns];
  const bounds = { x: x / GRID.columns - part / 2, y: y / GRID.columns - down / 2, width: part, height: down };
  const viewport = { getBounds: () => bounds, getContainerSize: () => ({ x: width, y: height }) };
  return { viewport } as unknown as Parameters<typeof areaOf>[0];
}

/** A mosaic whose cell shows the picture that `pictureOf` tells; a source has two pictures. */
function partsOf(pictureOf: (cell: number) => number | null) {
  const asked = { shown: 0, source: 0 };
  const cells = { load: async () => {}, at: (column: number, row: number) => pictureOf(row * GRID.columns + column) };
  const all = Array.from({ length: GRID.columns * GRID.rows }, (_, cell) => cell);
  const sourceAt = (cell: number) => Math.floor((pictureOf(cell) ?? -2) / 2);
  const directory = {
    shown: async (picture: number) => (asked.shown++, { source: Math.floor(picture / 2), variant: 0 }),
    source: async (number: number) => {
      asked.source++;
      return { cells: Uint32Array.from(all.filter((cell) => sourceAt(cell) === number)) };
    },
  };
  const tiles = { mosaic: { grid: GRID, cell: { width: 64, height: 64 } }, cells } as unknown as MosaicTileSource;
  return { tiles, directory: directory as unknown as Directory, asked };
}

const MOST = { pictures: 200, sources: 50 };

test('cells are in view from the first to the last that can be seen, if they are large enough', () => {
  const { tiles } = partsOf((cell) => cell);
  expect(areaOf(viewerOf([640, 480], [10.5, 5, 4]), tiles)).toEqual({ columns: [8, 13], rows: [3, 7], x: 10.5, y: 5 });
  const corner: Area = areaOf(viewerOf([640, 480], [0, 0, 20]), tiles)!;
  expect([corner.columns, corner.rows]).toEqual([
    [0, 10],
    [0, 8],
  ]);
  expect(areaOf(viewerOf([640, 480], [10, 5, 20.1]), tiles)).toBeUndefined();
});

test('sources are found nearest first, each once, with the number of its cells in view', async () => {
  const parts = partsOf((cell) => (cell === 0 ? null : (cell % GRID.columns) % 6));
  const area = { columns: [0, 7], rows: [0, 2], x: 0.6, y: 1.5 } as const;
  const { sources, isAll } = await sourcesIn(area, parts, MOST);
  expect(isAll).toBe(true);
  // Columns 0, 1 and 6 show source 0, but for one cell; 2 and 3 source 1; 4 and 5 source 2.
  expect(sources.map(({ number, place, count }) => [number, place, count])).toEqual([
    [0, { column: 0, row: 1 }, 5],
    [1, { column: 2, row: 1 }, 4],
    [2, { column: 4, row: 1 }, 4],
  ]);
  expect(parts.asked).toEqual({ shown: 6, source: 3 });
});

test.each<[string, (cell: number) => number, shown: number, sources: number, found: number]>([
  ['sources', (cell) => cell % 120, 120, 50, 50],
  ['pictures', (cell) => cell, 200, 50, 50],
  ['pictures of few sources', (cell) => (cell % 300) % 80, 80, 40, 40],
])('no more is looked up than the limits of %s allow', async (_, pictureOf, shown, asked, found) => {
  const parts = partsOf(pictureOf);
  const { sources, isAll } = await sourcesIn({ columns: [0, 60], rows: [0, 20], x: 30, y: 10 }, parts, MOST);
  expect(sources).toHaveLength(found);
  expect(isAll).toBe(found < 50);
  expect(parts.asked).toEqual({ shown, source: asked });
});
