import { type Box, boxesIn, findBox } from './boxes.ts';
import type { ByteSource } from './byte-source.ts';
import type { RawFacts } from './raw-tiff.ts';
import { readDirectory } from './tiff-directories.ts';

/** Largest `moov` that is read, bytes; that of a CR3 has about 20 KiB. */
const MOOV_BYTES = 2 ** 22;
/** Largest number of sibling boxes that are looked at. */
const TOP_BOXES = 64;
/** Number of first bytes of a preview's box among which its JPEG starts. */
const PREVIEW_HEADER = 64;
const UUID_BYTES = 16;
const ORIENTATION = 0x112;
/** Path of boxes to a track's sample table; its sample is one image. */
const SAMPLE_PATH = ['mdia', 'minf', 'stbl'];

/** Finds the JPEGs in Canon's CR3 (ISO base media file format): previews, and the only sample of each track. */
export function cr3Facts(source: ByteSource): RawFacts {
  const candidates: { start: number; bytes: number }[] = [];
  let orientation: number | undefined;
  for (const { type, start, size } of topBoxes(source)) {
    if (type === 'uuid')
      candidates.push(...previewsIn(source, { bytes: source.read(start, 4096), base: start, skip: UUID_BYTES + 8 }));
    if (type !== 'moov' || size > MOOV_BYTES) continue;
    const moov = source.read(start, size);
    for (const box of boxesIn(moov)) {
      if (box.type === 'trak') candidates.push(...sampleOf(moov, box));
      if (box.type !== 'uuid') continue;
      const inner = moov.subarray(box.start, box.end);
      candidates.push(...previewsIn(source, { bytes: inner, base: start + box.start, skip: UUID_BYTES }));
      orientation ??= orientationIn(inner);
    }
  }
  return { candidates, orientation };
}

function* topBoxes(source: ByteSource): Generator<{ type: string; start: number; size: number }> {
  let at = 0;
  for (let i = 0; i < TOP_BOXES; i++) {
    const head = source.read(at, 16);
    if (head.length < 16) return;
    const small = head.readUInt32BE(0);
    const header = small === 1 ? 16 : 8;
    const size = small === 1 ? Number(head.readBigUInt64BE(8)) : small || source.size - at;
    if (size < header || size > source.size - at) return;
    yield { type: head.toString('latin1', 4, 8), start: at + header, size: size - header };
    at += size;
  }
}

/** Yields the places of JPEGs in the preview boxes of `bytes`, from `skip` on; `bytes` starts at `base` of the file. */
function* previewsIn(
  source: ByteSource,
  { bytes, base, skip }: { readonly bytes: Buffer; readonly base: number; readonly skip: number },
): Generator<{ start: number; bytes: number }> {
  let at = skip;
  for (let i = 0; i < TOP_BOXES && at + 8 <= bytes.length; i++) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (size < 8) return;
    if (type === 'PRVW' || type === 'THMB') {
      const content = source.read(base + at + 8, PREVIEW_HEADER);
      const jpeg = content.indexOf('ffd8ff', 'hex');
      if (jpeg >= 0) yield { start: base + at + 8 + jpeg, bytes: size - 8 - jpeg };
    }
    at += size;
  }
}

/** Reads the EXIF orientation from the TIFF in `CMT1`. */
function orientationIn(uuid: Buffer): number | undefined {
  const box = findBox(uuid, 'CMT1', { start: Math.min(UUID_BYTES, uuid.length), end: uuid.length });
  if (!box || box.end - box.start < 8) return undefined;
  const tiff = uuid.subarray(box.start, box.end);
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const source = { size: tiff.length, read: (at: number, n: number) => tiff.subarray(at, at + n), close: () => {} };
  const offset = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  return readDirectory(source, offset, { little, base: 0 })?.numbers.get(ORIENTATION)?.[0];
}

function* sampleOf(moov: Buffer, trak: Box): Generator<{ start: number; bytes: number }> {
  let box: Box | undefined = trak;
  for (const type of SAMPLE_PATH) box = box && findBox(moov, type, box);
  const sizes = box && findBox(moov, 'stsz', box);
  const near = box && findBox(moov, 'stco', box);
  const far = box && findBox(moov, 'co64', box);
  if (!sizes || sizes.end - sizes.start < 12) return;
  const same = moov.readUInt32BE(sizes.start + 4);
  const each = sizes.end - sizes.start >= 16 ? moov.readUInt32BE(sizes.start + 12) : 0;
  const bytes = same || each;
  if (far && far.end - far.start >= 16) yield { start: Number(moov.readBigUInt64BE(far.start + 8)), bytes };
  else if (near && near.end - near.start >= 12) yield { start: moov.readUInt32BE(near.start + 8), bytes };
}
