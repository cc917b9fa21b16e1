import { FEATURE_LENGTH, FEATURE_SIDE } from '../colour/features.ts';
import { HASH_BYTES } from './perceptual-hash.ts';

/**
 * Limits of near-duplicates: bits in which the perceptual hashes differ, and difference of colours (root mean square of
 * OKLab). Measured on 250 photographs, they find every re-encoded and every halved copy, and 9 of 10 copies that were
 * cropped by 3 %. Among 25,000 different images they report about ten false pairs.
 */
const BITS = 10;
const DIFFERENCE = 0.06;

/**
 * Hashes are looked up by parts of 16 bits: of two hashes that differ in at most 10 bits, one part differs in at most
 * 2.
 */
const PARTS = 4;
const PART_BITS = 16;
const PART_ERRORS = ((): Uint16Array => {
  const all = [0];
  for (let a = 0; a < PART_BITS; a++) {
    all.push(1 << a);
    for (let b = 0; b < a; b++) all.push((1 << a) | (1 << b));
  }
  return Uint16Array.from(all);
})();

/**
 * Groups near-duplicates: bursts, re-encoded and resized copies. A group is its lowest id and all near-duplicates of
 * that image, so that chains of small differences form no group.
 *
 * @param hashes perceptual hashes of all images by id; `features` their feature vectors.
 * @returns the lowest id of each image's group.
 */
export function groupAlike(hashes: Uint8Array, features: Float32Array): Uint32Array {
  const images = hashes.length / HASH_BYTES;
  const words = new Uint32Array(hashes.slice().buffer);
  const parts = new Uint16Array(words.buffer);
  const buckets = Array.from({ length: PARTS }, (_, part) => bucketsOf(parts, part, images));
  const leaders = Uint32Array.from({ length: images }, (_, id) => id);
  const grouped = new Uint8Array(images);
  for (let id = 0; id < images; id++) {
    if (grouped[id]) continue;
    for (const [part, { starts, ids }] of buckets.entries()) {
      const own = parts[id * PARTS + part]!;
      for (const error of PART_ERRORS) {
        const bucket = own ^ error;
        for (let i = starts[bucket]!; i < starts[bucket + 1]!; i++) {
          const other = ids[i]!;
          if (other <= id || grouped[other]) continue;
          const off = ones(words[2 * id]! ^ words[2 * other]!) + ones(words[2 * id + 1]! ^ words[2 * other + 1]!);
          if (off > BITS || differ(features, id, other)) continue;
          leaders[other] = id;
          grouped[other] = 1;
        }
      }
    }
  }
  return leaders;
}

/**
 * Sorts the ids by the value of one part of their hash: those of `value` are `ids[starts[value]..starts[value + 1]]`.
 */
function bucketsOf(parts: Uint16Array, part: number, images: number): { starts: Uint32Array; ids: Uint32Array } {
  const starts = new Uint32Array(2 ** PART_BITS + 1);
  for (let id = 0; id < images; id++) starts[parts[id * PARTS + part]! + 1]!++;
  for (let value = 0; value < 2 ** PART_BITS; value++) starts[value + 1]! += starts[value]!;
  const next = starts.slice();
  const ids = new Uint32Array(images);
  for (let id = 0; id < images; id++) ids[next[parts[id * PARTS + part]!]!++] = id;
  return { starts, ids };
}

function ones(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Tells whether the colours of two images differ by more than `most` (root mean square of OKLab, over 4 x 4 parts). */
export function differ(features: Float32Array, a: number, b: number, most: number = DIFFERENCE): boolean {
  let sum = 0;
  for (let i = 0; i < FEATURE_LENGTH; i++) {
    sum += (features[a * FEATURE_LENGTH + i]! - features[b * FEATURE_LENGTH + i]!) ** 2;
  }
  return sum > most ** 2 * FEATURE_SIDE ** 2;
}
