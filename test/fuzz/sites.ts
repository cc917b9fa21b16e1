import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { UserError } from '../../src/errors.ts';
import { rebase } from '../../src/rebase/rebase.ts';
import { readRecord, recordedCells, recordText } from '../../src/site/record.ts';
import { readMosaicJson } from '../../src/site/read-site.ts';
import { tableNamed } from '../helpers/mosaics.ts';
import { checkMosaicFacts, MOSAICS } from './formats.ts';
import { damagedJson, jsonDamages } from './json.ts';
import { expectThat, prepared, settled, type Target } from './target.ts';

const HASHES = Array.from({ length: 15 }, (_, i) => i.toString(16).repeat(64));

/** A sound record.json of a mosaic. */
function recordOf(mosaic: (typeof MOSAICS)[number]): string {
  const { grid, cell, tileSize, tile, crop } = mosaic;
  const cells = Uint32Array.from({ length: grid.columns * grid.rows }, (_, i) => i % 14);
  return recordText({
    mosaic,
    recipe: { cell, tileSize, format: tile.format, quality: tile.quality, subsampling: tile.subsampling, crop },
    rules: {
      maxUses: null,
      minDistance: 1,
      variety: 0.5,
      useAll: true,
      nearDuplicates: 'group',
      adapt: 0,
      turns: [0, 4],
      crops: 12,
    },
    credit: 'somebody',
    rights: undefined,
    target: 7,
    sources: HASHES,
    table: tableNamed(HASHES.map((_, i) => `${i}.jpg`)),
    pictures: Array.from({ length: 14 }, (_, i) => (i === 3 ? ([i, 4, 1] as const) : ([i, 0] as const))),
    placement: { cells, costs: new Float32Array(cells.length) },
    weights: new Float32Array(cells.length).fill(1),
  });
}

/** What may stand where a file of a site is expected. */
const oddity = fc.option(fc.constantFrom('folder', 'loop', 'nothing'), { freq: 12, nil: undefined });

function put(path: string, text: string, odd: 'folder' | 'loop' | 'nothing' | undefined): void {
  rmSync(path, { recursive: true, force: true });
  if (odd === 'folder') mkdirSync(path);
  else if (odd === 'loop') symlinkSync(path, path);
  else if (odd === undefined) writeFileSync(path, text);
}

export const SITE_TARGETS: readonly Target[] = [
  {
    name: 'record.json',
    share: 12,
    prepare: async (folder) => {
      const documents = MOSAICS.slice(0, 2).map(recordOf);
      return prepared(fc.record({ damage: jsonDamages, odd: oddity }), async ({ damage, odd }) => {
        put(join(folder, 'record.json'), damagedJson(documents, damage), odd);
        const record = await settled(() => readRecord(folder), UserError);
        if (!record) return;
        checkMosaicFacts(record.mosaic);
        const { cells, costs } = recordedCells(record);
        const { pictures, sources, names, rules, recipe } = record;
        const isTurn = (turn: unknown) => Number.isInteger(turn) && (turn as number) >= 0 && (turn as number) < 8;
        expectThat(
          cells.every((picture) => picture < pictures.length),
          'cells have pictures that there are',
        );
        expectThat(
          costs.every((cost) => Number.isFinite(cost)),
          'costs are numbers',
        );
        expectThat(
          pictures.every(
            ([source, turn]) => Number.isInteger(source) && typeof sources[source] === 'string' && isTurn(turn),
          ),
          'pictures have sources that there are',
        );
        expectThat(
          [...sources, ...names].every((text) => typeof text === 'string'),
          'sources have hashes and names',
        );
        expectThat(rules.turns.every(isTurn) && rules.turns.length > 0, 'images stand in turns that there are');
        expectThat(
          [rules.minDistance, rules.variety, rules.adapt].every((value) => Number.isFinite(value)),
          'rules are numbers',
        );
        expectThat(rules.maxUses === null || rules.maxUses >= 1, 'an image may stand somewhere');
        expectThat(
          recipe.cell.width === record.mosaic.cell.width && recipe.format === record.mosaic.tile.format,
          'a recipe is that of the mosaic',
        );
        expectThat(
          [record.credit, record.rights].every((text) => text === undefined || typeof text === 'string'),
          'credit and rights are texts',
        );
      });
    },
  },
  {
    name: 'mosaic.json of a folder',
    share: 3,
    prepare: async (folder) => {
      const documents = MOSAICS.map((mosaic) => JSON.stringify(mosaic));
      return prepared(fc.record({ damage: jsonDamages, odd: oddity }), async ({ damage, odd }) => {
        put(join(folder, 'mosaic.json'), damagedJson(documents, damage), odd);
        const mosaic = await settled(() => readMosaicJson(folder), UserError);
        if (mosaic) checkMosaicFacts(mosaic);
      });
    },
  },
  {
    name: 'iiif documents',
    share: 2,
    prepare: async (folder) => {
      const address = 'https://example.org/mosaic';
      await mkdir(join(folder, 'iiif/image'), { recursive: true });
      const paths = ['iiif/image/info.json', 'iiif/manifest.json', 'iiif/annotations.json', 'mosaic.json'];
      const ids = ['iiif/image', 'iiif/manifest.json', 'iiif/annotations.json'];
      const items = [
        { id: `${address}/iiif/canvas/1`, type: 'Canvas', items: [{ target: `${address}/iiif/canvas/1` }] },
      ];
      const documents = ids.map((id) => JSON.stringify({ id: `${address}/${id}`, type: 'AnnotationPage', items }));
      documents.push(JSON.stringify(MOSAICS[0]));
      const input = fc.record({ damage: jsonDamages, odd: oddity });
      return prepared(input, async ({ damage, odd }) => {
        const changed = damage.document % paths.length;
        for (const [i, path] of paths.entries()) {
          const text = i === changed ? damagedJson(documents, damage) : documents[i]!;
          put(join(folder, path), text, i === changed ? odd : undefined);
        }
        await settled(() => rebase({ site: folder, baseUrl: 'https://a.org/there' }), UserError);
      });
    },
  },
];
