import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readRecord, recordedWeights, type RecordParts, recordText, type SiteRecord } from '../../src/site/record.ts';
import { soundMosaic, tableNamed } from '../helpers/mosaics.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

let report: string;
beforeAll(async () => {
  report = join(await temporaryFolder(), 'report');
  await mkdir(report);
});

const mosaic = soundMosaic();
const PARTS: RecordParts = {
  mosaic,
  recipe: { cell: mosaic.cell, tileSize: 256, format: 'jpeg', quality: 85, subsampling: '4:2:0', crop: 'centre' },
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
  credit: undefined,
  rights: undefined,
  target: 7,
  sources: Array.from({ length: 14 }, (_, i) => i.toString(16).repeat(64)),
  table: tableNamed(Array.from({ length: 14 }, (_, i) => `${i}.jpg`)),
  pictures: Array.from({ length: 14 }, (_, i) => (i === 3 ? ([i, 4, 1] as const) : ([i, 0] as const))),
  placement: { cells: Uint32Array.from({ length: 24 }, (_, i) => i % 14), costs: new Float32Array(24) },
  weights: undefined,
};
const sound = JSON.parse(recordText(PARTS)) as SiteRecord;

async function readBack(record: unknown): Promise<SiteRecord> {
  await writeFile(join(report, 'record.json'), JSON.stringify(record));
  return await readRecord(report);
}

describe('record.json', () => {
  test('is taken as it was written', async () => {
    expect(await readBack(sound)).toEqual(sound);
    const weights = Float32Array.from({ length: 24 }, (_, i) => (i + 1) / 12);
    const weighed = JSON.parse(recordText({ ...PARTS, weights })) as SiteRecord;
    expect(recordedWeights(await readBack(weighed))).toEqual(weights);
    expect(recordedWeights(sound)).toBeUndefined();
  });

  const base64 = (...numbers: number[]) =>
    Buffer.from(Uint32Array.from({ length: 24 }, (_, i) => numbers[i] ?? 0).buffer).toString('base64');
  const costs = Buffer.from(Float32Array.from({ length: 24 }, () => Number.NaN).buffer).toString('base64');
  test.each<[string, object]>([
    ['of a version that is no number', { version: { toString: null } }],
    ['without rules', { rules: null }],
    ['with turns that there are not', { rules: { ...sound.rules, turns: [8] } }],
    ['with rules that are texts', { rules: { ...sound.rules, minDistance: '1' } }],
    ['with a recipe of something else', { recipe: { ...sound.recipe, cell: { width: 1e9, height: 1e9 } } }],
    ['without a recipe', { recipe: undefined }],
    ['with a picture that is none', { pictures: sound.pictures.with(2, null as never) }],
    ['with a picture of a name that lists have', { pictures: sound.pictures.with(2, ['length', 0] as never) }],
    ['with a turn of a name that lists have', { pictures: sound.pictures.with(2, [0, 'length'] as never) }],
    ['with hashes in lists', { sources: sound.sources.map((hash) => [hash]) }],
    ['with cells of pictures that there are not', { cells: base64(14) }],
    ['with cells in an object', { cells: { toString: null } }],
    ['with costs that are no numbers', { costs }],
    ['with a credit that is no text', { credit: {} }],
    ['without a target', { target: null }],
    ['with weights that are none', { weights: costs }],
    ['with weights of fewer cells', { weights: costs.slice(0, 64) }],
  ])('is refused %s', async (_, change) => {
    await expect(readBack({ ...sound, ...change })).rejects.toMatchObject({ name: 'UserError', code: 'site' });
  });
});
