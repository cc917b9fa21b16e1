import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { indexImage, type IndexedImage } from '../../src/catalog/index-image.ts';
import { readShard, rowOf } from '../../src/catalog/read-shard.ts';
import { readIndex } from '../../src/catalog/shard-index.ts';
import { type ShardIndex, writeShardAs } from '../../src/catalog/shard.ts';
import { HEADER, SHARD_VERSION, shardLayout } from '../../src/catalog/shard-layout.ts';
import { ShardDamage, ShardReader } from '../../src/catalog/shard-reader.ts';
import { unpackStrips } from '../../src/catalog/strips.ts';
import { UserError } from '../../src/errors.ts';
import type { Recipe } from '../../src/types.ts';
import { type Base, damaged, damages } from './bytes.ts';
import { jpegFiles } from './files.ts';
import { damagedJson, jsonDamages } from './json.ts';
import { expectThat, outcomeOf, prepared, settled, type Target } from './target.ts';

const NAME = '00000001-aaaaaaaa';
const RECIPE: Recipe = {
  cell: { width: 32, height: 32 },
  tileSize: 256,
  format: 'jpeg',
  quality: 85,
  subsampling: '4:2:0',
  crop: 'centre',
};

/** A sound shard of a few sources, and the bytes of its files. */
async function soundShard(
  folder: string,
): Promise<{ json: Buffer; bin: Buffer; images: IndexedImage[]; index: ShardIndex }> {
  await mkdir(folder, { recursive: true });
  const files = (await jpegFiles()).slice(0, 3);
  const black = { r: 0, g: 0, b: 0 };
  const images = (
    await Promise.all(
      files.map(({ bytes }) => indexImage(bytes, { recipe: RECIPE, background: black, lenient: false })),
    )
  ).flat();
  const sources = images.map(({ format, width, height, crop, enlarged, verbatim, alpha }, i) => {
    return { hash: String(i).repeat(64), format, width, height, crop, enlarged, verbatim, alpha };
  });
  const file = { path: '/a.jpg', size: 9, mtimeMs: 1.5, ctimeMs: 2.5, hash: '0'.repeat(64) };
  const broken = [{ hash: 'f'.repeat(64), reason: 'damaged' as const }];
  await writeShardAs(
    { folder, name: NAME },
    { decoder: '1', files: [file], sources, broken },
    {
      sources: images.length,
      blobs: images[0]!.blobs.length,
      rasters: images[0]!.px.length,
      cropLength: images[0]!.crops.length,
      features: (row) => images[row]!.features,
      crops: (row) => images[row]!.crops,
      perceptualHash: (row) => images[row]!.perceptualHash,
      px: (row) => images[row]!.px,
      blob: (row, i) => images[row]!.blobs[i]!,
    },
  );
  const [json, bin] = await Promise.all(['json', 'bin'].map((ending) => readFile(join(folder, `${NAME}.${ending}`))));
  return { json: json!, bin: bin!, images, index: JSON.parse(String(json)) as ShardIndex };
}

/** Whether a shard's binary holds what was indexed, as far as a reader gives it out. */
function expectSame(path: string, images: readonly IndexedImage[]): void {
  const reader = new ShardReader();
  const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Int16Array) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  try {
    const [features, crops] = [reader.features(path), reader.crops(path)];
    for (const [row, image] of images.entries()) {
      const own = features.subarray(row * image.features.length, (row + 1) * image.features.length);
      expectThat(same(bytes(own), bytes(image.features)), 'features are those that were written');
      const ofCrops = crops.subarray(row * image.crops.length, (row + 1) * image.crops.length);
      expectThat(same(bytes(ofCrops), bytes(image.crops)), 'crop features are those that were written');
      outcomeOf(
        () => expectThat(same(reader.rasters(path, row), image.px), 'px are those that were written'),
        ShardDamage,
      );
      for (const [i, blob] of image.blobs.entries()) {
        outcomeOf(
          () => expectThat(same(reader.blob(path, row, i), blob), 'blobs are those that were written'),
          ShardDamage,
        );
      }
    }
  } finally {
    reader.close();
  }
}

/** The layout that a binary's header tells. */
function layoutOf(bin: Buffer) {
  const [sources, blobs, rasters, crops] = [12, 16, 20, 24].map((at) => bin.readUInt32LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  return shardLayout({ sources, blobs, rasters, crops });
}

/** A binary with checksums that fit what it holds, as somebody would make it who means no good. */
function sealed(bin: Buffer): Buffer {
  if (bin.length < HEADER) return bin;
  const { featuresAt, cropsAt, hashesAt, rastersAt, tablesAt, blobsAt } = layoutOf(bin);
  const sections = [
    [featuresAt, cropsAt],
    [cropsAt, hashesAt],
    [hashesAt, rastersAt],
    [tablesAt, blobsAt],
  ] as const;
  for (const [i, [from, to]] of sections.entries()) bin.writeUInt32LE(crc32(bin.subarray(from, to)), 28 + 4 * i);
  bin.writeUInt32LE(crc32(bin.subarray(0, HEADER - 4)), HEADER - 4);
  return bin;
}

/** An index sealed like that. */
function sealedIndex(text: string): Buffer {
  const open = Buffer.from(text.replace(/,?"crc32":"[^"]*"\}$/, '').replace(/\}$/, ''));
  return Buffer.concat([open, Buffer.from(`,"crc32":"${crc32(open).toString(16).padStart(8, '0')}"}`)]);
}

const shardParts = (bin: Buffer): Base => {
  const { featuresAt, cropsAt, hashesAt, rastersAt, tablesAt, endsAt, blobSumsAt, rasterSumsAt, blobsAt } =
    layoutOf(bin);
  const header = [0, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44];
  return {
    bytes: bin,
    parts: [
      ...header,
      ...[featuresAt, cropsAt, hashesAt, rastersAt, tablesAt],
      ...[endsAt, blobSumsAt, rasterSumsAt, blobsAt],
    ],
  };
};

export const CATALOG_TARGETS: readonly Target[] = [
  {
    name: 'shards',
    share: 10,
    prepare: async (root) => {
      const folder = join(root, 'catalog');
      const { json, bin, images, index } = await soundShard(folder);
      const [binary, text] = [shardParts(bin), { bytes: json, parts: [0, 2, 30, 60, 200, json.length - 20] }];
      const [jsonPath, path] = [join(folder, `${NAME}.json`), join(folder, `${NAME}.bin`)];
      const input = fc.record({ damage: damages, of: fc.constantFrom('bin', 'json') });
      return prepared(input, async ({ damage, of }) => {
        writeFileSync(path, of === 'bin' ? damaged([binary, text], { ...damage, file: 0 }) : bin);
        writeFileSync(jsonPath, of === 'json' ? damaged([text, binary], { ...damage, file: 0 }) : json);
        const read = await settled(() => readShard(folder, NAME, rowOf(RECIPE)), UserError);
        if (read === undefined || typeof read === 'string') return;
        expectThat(isDeepStrictEqual(read, index), 'an index that was taken is the one that was written');
        expectSame(path, images);
      });
    },
  },
  {
    name: 'shards, sealed anew',
    share: 8,
    prepare: async (root) => {
      const folder = join(root, 'catalog');
      const { json, bin } = await soundShard(folder);
      const [binary, documents] = [shardParts(bin), [String(json)]];
      const [jsonPath, path] = [join(folder, `${NAME}.json`), join(folder, `${NAME}.bin`)];
      const input = fc.record({ damage: damages, json: jsonDamages, of: fc.constantFrom('bin', 'json') });
      return prepared(input, async ({ damage, json: other, of }) => {
        const bytes = of === 'bin' ? sealed(damaged([binary], damage)) : bin;
        const header = bytes.length >= HEADER ? bytes.readUInt32LE(HEADER - 4) : 0;
        const text =
          of === 'json'
            ? damagedJson(documents, other)
            : JSON.stringify({ ...(JSON.parse(documents[0]!) as object), bytes: bytes.length, header });
        writeFileSync(path, bytes);
        writeFileSync(jsonPath, sealedIndex(text));
        const read = await settled(() => readShard(folder, NAME, rowOf(RECIPE)), UserError);
        if (read === undefined || typeof read === 'string') return;
        const reader = new ShardReader();
        for (const row of read.sources.keys()) outcomeOf(() => reader.checkRow(path, row), ShardDamage);
        reader.close();
      });
    },
  },
  {
    name: 'index of a shard, strips',
    share: 8,
    prepare: async (root) => {
      const { json, images } = await soundShard(join(root, 'catalog'));
      rmSync(join(root, 'catalog'), { recursive: true });
      const strips = images
        .flatMap(({ blobs }) => blobs)
        .map((blob) => ({ bytes: Buffer.from(blob), parts: [0, 4, 8, 12] }));
      return prepared(fc.record({ damage: damages, json: jsonDamages }), ({ damage, json: other }) => {
        readIndex(sealedIndex(damagedJson([String(json)], other)), SHARD_VERSION);
        const packed = damaged(strips, damage);
        const unpacked = unpackStrips(packed);
        if (unpacked)
          expectThat(
            unpacked.data.length + 4 * unpacked.ends.length + 4 === packed.length,
            'strips are all that is packed',
          );
      });
    },
  },
];
