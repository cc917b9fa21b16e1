import * as fc from 'fast-check';
import { blockScript, readBlock } from '../../src/format/block-script.ts';
import { blockAt } from '../../src/format/cell-blocks.ts';
import { indexScript, type OriginalRow } from '../../src/format/original-index.ts';
import { Cells } from '../../viewer/cells.ts';
import { OriginalIndex } from '../../viewer/original-index.ts';
import { damaged, damages } from './bytes.ts';
import { MOSAICS } from './formats.ts';
import { damagedJson, jsonDamages } from './json.ts';
import { expectThat, prepared, type Target } from './target.ts';

const SITE = 'http://127.0.0.1/';

/** Has what a page asks the web for be these bytes. */
function answerWith(bytes: Uint8Array<ArrayBuffer>): void {
  Object.assign(globalThis, {
    document: { baseURI: SITE },
    origin: SITE.slice(0, -1),
    fetch: async () => new Response(bytes),
  });
}

async function withPage<Result>(bytes: Buffer, act: () => Promise<Result>): Promise<Result> {
  const before = Object.getOwnPropertyDescriptors(globalThis);
  answerWith(Uint8Array.from(bytes));
  try {
    return await act();
  } finally {
    for (const name of ['document', 'origin', 'fetch'] as const) {
      const own = (before as Partial<Record<string, PropertyDescriptor>>)[name];
      if (own) Object.defineProperty(globalThis, name, own);
      else delete (globalThis as Record<string, unknown>)[name];
    }
  }
}

const ROW: OriginalRow = [3, 'jpg', 400, 300, 50, 0, 300, 300, 0];

export const VIEWER_TARGETS: readonly Target[] = [
  {
    name: 'viewer, blocks of cells',
    share: 4,
    prepare: async () => {
      const mosaic = { ...MOSAICS[0]!, pictures: 9 };
      const { grid, placement } = mosaic;
      const placed = { cells: Uint32Array.from({ length: 24 }, (_, i) => i % 9), grid };
      const block = blockAt({ grid, side: placement.block }, 0, 0);
      const bases = [{ bytes: Buffer.from(blockScript(placed, block, placement)), parts: [0, 14, 20, 22, 60] }];
      return prepared(damages, async (damage) => {
        const bytes = damaged(bases, damage);
        const cells = new Cells(mosaic, SITE, () => {});
        await withPage(bytes, () => cells.load(0, 0));
        const shown = Array.from({ length: 24 }, (_, i) => cells.at(i % 6, Math.floor(i / 6)));
        const isSound =
          shown.every((picture) => picture === null) ||
          shown.every((picture) => typeof picture === 'number' && picture < 9);
        expectThat(isSound, 'cells have pictures that there are, or none at all');
        const read = new Uint32Array(24);
        if (readBlock(String(bytes), block, { ...mosaic, cells: read }))
          expectThat(shown.join() === read.join(), 'a page shows what verify reads');
      });
    },
  },
  {
    name: 'viewer, index of originals',
    share: 4,
    prepare: async () => {
      const rows = Array.from({ length: 16 }, (_, i) => (i > 2 ? ROW : null));
      const whole = indexScript(0, rows);
      const head = whole.slice(0, whole.indexOf('['));
      const bases = [{ bytes: Buffer.from(whole), parts: [0, 19, 23, 24, 40, 60] }];
      const input = fc.record({ damage: damages, json: jsonDamages, asBytes: fc.boolean() });
      return prepared(input, async ({ damage, json, asBytes }) => {
        const text = asBytes
          ? damaged(bases, damage)
          : Buffer.from(`${head}${damagedJson([JSON.stringify(rows)], json)});\n`);
        const index = new OriginalIndex({ pictures: 16, block: 16 }, SITE, () => {});
        await withPage(text, () => index.load(5));
        for (let picture = 0; picture < 16; picture++) {
          const original = index.of(picture);
          expectThat(original !== undefined, 'a block that was loaded is known');
          if (original)
            expectThat(
              original.original <= picture && /^(?:jpg|png|webp|gif)?$/.test(original.ending),
              'originals lie in the site',
            );
        }
      });
    },
  },
];
