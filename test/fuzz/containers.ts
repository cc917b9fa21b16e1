import * as fc from 'fast-check';
import { findBox } from '../../src/image/boxes.ts';
import { byteSource } from '../../src/image/byte-source.ts';
import { heifProfile } from '../../src/image/heif-colour.ts';
import { iccProfile } from '../../src/image/icc.ts';
import { memoryNeed } from '../../src/image/memory-need.ts';
import { NoRawPreview, rawPreview } from '../../src/image/raw-preview.ts';
import { readDirectory } from '../../src/image/tiff-directories.ts';
import { damaged, damages } from './bytes.ts';
import { heifFiles, rawFiles } from './files.ts';
import { outcomeOf, prepared, type Target, expectThat } from './target.ts';

const SIDE_MAX = 65_535;
const side = fc.oneof(fc.nat(10_000), fc.constantFrom(1, 65_535, 2 ** 31 - 1));
const facts = fc.record({
  width: side,
  height: side,
  channels: fc.constantFrom(1, 2, 3, 4),
  depth: fc.constantFrom('uchar', 'ushort', 'float'),
  isProgressive: fc.boolean(),
  chromaSubsampling: fc.constantFrom('4:2:0', '4:4:4:4', '9:9:9', ''),
  space: fc.constantFrom('srgb', 'cmyk', 'b-w'),
  hasProfile: fc.boolean(),
  hasAlpha: fc.boolean(),
});

export const CONTAINER_TARGETS: readonly Target[] = [
  {
    name: 'camera raw',
    share: 15,
    prepare: async () => {
      const bases = await rawFiles();
      return prepared(damages, (damage) => {
        const bytes = damaged(bases, damage);
        const preview = outcomeOf(() => rawPreview(bytes), NoRawPreview);
        if (!preview) return;
        const { width, height, jpeg } = preview;
        expectThat(
          Math.min(width, height) >= 0 && Math.max(width, height) <= SIDE_MAX,
          'a preview has a size of a JPEG',
        );
        expectThat(jpeg.length <= bytes.length && jpeg.buffer === bytes.buffer, 'a preview is a part of the file');
      });
    },
  },
  {
    name: 'tiff directories',
    share: 10,
    prepare: async () => {
      const bases = await rawFiles();
      const where = fc.record({
        offset: fc.oneof(fc.nat(400), fc.nat(2 ** 32 - 1)),
        base: fc.nat(64),
        little: fc.boolean(),
      });
      return prepared(fc.record({ damage: damages, where }), ({ damage, where: { offset, ...place } }) => {
        const bytes = damaged(bases, damage);
        const directory = readDirectory(byteSource(bytes), offset, place);
        for (const values of directory?.numbers.values() ?? [])
          expectThat(values.length <= 64, 'at most 64 numbers of a tag');
        for (const { start, bytes: length } of directory?.places.values() ?? []) {
          expectThat(start + length <= bytes.length, 'values lie in the file');
        }
      });
    },
  },
  {
    name: 'heif colour',
    share: 10,
    prepare: async () => {
      const bases = await heifFiles();
      return prepared(damages, (damage) => {
        const bytes = damaged(bases, damage);
        const profile = heifProfile(bytes);
        expectThat((profile?.length ?? 0) <= Math.max(4096, bytes.length), 'a profile is no longer than its file');
        const box = findBox(bytes, 'meta', { start: 0, end: bytes.length });
        if (box) expectThat(box.start <= box.end && box.end <= bytes.length, 'a box lies in the file');
      });
    },
  },
  {
    name: 'coded colours and memory',
    share: 2,
    prepare: async () => {
      const colour = fc.record({ primaries: fc.nat(SIDE_MAX), transfer: fc.oneof(fc.nat(32), fc.nat(SIDE_MAX)) });
      const format = fc.constantFrom('jpeg', 'png', 'webp', 'avif', 'heic', 'gif', 'svg', 'raw', '__proto__', 'x');
      return prepared(fc.record({ colour, format, facts }), ({ colour: coded, format: name, facts: image }) => {
        const profile = iccProfile(coded);
        if (profile) expectThat(profile.readUInt32BE(0) === profile.length, 'a profile tells its length');
        const need = memoryNeed(name, image);
        expectThat(Number.isFinite(need) && need > 0, 'memory is a number of bytes');
      });
    },
  },
];
