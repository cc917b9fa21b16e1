/**
 * Cuts a baseline JPEG into byte-aligned segments that can be put together again in any order.
 *
 * A baseline scan is a row-major run of MCUs. Blocks depend on each other only through the DC prediction, which a
 * restart marker resets. So a run of MCUs becomes independent by changing just the first DC difference of each
 * component into an absolute value (prediction 0) and padding the last byte with 1-bits; every other bit is copied.
 * No coefficient changes: nothing is decoded further than to Huffman symbols.
 */
import { type JpegHeader, parseJpegHeader } from './header.ts';
import { MARKER, markerText } from './markers.ts';
import { JpegError } from './parts.ts';
import { scanGeometryOf, type ScanGeometry, ScanReader, unstuff } from './scan-reader.ts';
import { SegmentWriter } from './segment-writer.ts';

/** A part of a JPEG, in MCUs. */
export interface McuRect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The segments of one rectangle: one per MCU row, `data[ends[i - 1]..ends[i]]`. */
export interface Strips {
  readonly ends: Uint32Array;
  readonly data: Uint8Array;
}

/**
 * Cuts rectangles out of a JPEG as independent segments, one per MCU row of each rectangle.
 *
 * @param jpeg a complete baseline JPEG of three components in one scan, 4:2:0 or 4:4:4, without restart markers (as
 *   sharp writes with `optimiseCoding: false, progressive: false`).
 * @param rects rectangles; no two may share an MCU.
 * @throws {JpegError} if the JPEG is of another kind, or noticeably damaged.
 */
export function cutJpeg(jpeg: Uint8Array, rects: readonly McuRect[]): Strips[] {
  const header = parseJpegHeader(jpeg);
  const scan = scanGeometryOf(header);
  refuseOthers(header, scan);
  const { across, down } = scan;
  for (const rect of rects) {
    if (rect.left < 0 || rect.top < 0 || rect.left + rect.width > across || rect.top + rect.height > down) {
      throw new JpegError(`expected a part within ${across} x ${down} MCUs`);
    }
  }
  const raw = unstuff(jpeg, header.dataStart);
  if (raw.marker !== MARKER.EOI) throw new JpegError(`unexpected marker ${markerText(raw.marker)} in the scan`);
  const reader = new ScanReader(raw, scan);
  const writer = new SegmentWriter(reader, scan);
  const parts = rects.map(() => ({ starts: [] as number[], ends: [] as number[] }));
  for (let row = 0; row < down; row++) {
    const active = rects
      .map((rect, index) => ({ rect, part: parts[index]! }))
      .filter(({ rect }) => row >= rect.top && row < rect.top + rect.height)
      .toSorted((a, b) => a.rect.left - b.rect.left);
    cutRow(reader, writer, active, across);
  }
  reader.expectEnd();
  return collect(parts, writer);
}

/**
 * Verifies that a JPEG can be cut.
 *
 * @throws {JpegError} if it cannot.
 */
function refuseOthers({ scan, restartInterval }: JpegHeader, { blocks }: ScanGeometry): void {
  if (scan.length !== 3) throw new JpegError('expected three components in one scan');
  if (restartInterval) throw new JpegError('expected no restart markers');
  const [luma, ...chroma] = scan;
  const side = luma!.h;
  const sampled = (side === 1 || side === 2) && luma!.v === side && blocks.length === side * side + 2;
  if (!sampled || chroma.some(({ h, v }) => h !== 1 || v !== 1)) throw new JpegError('expected 4:2:0 or 4:4:4');
}

function cutRow(
  reader: ScanReader,
  writer: SegmentWriter,
  active: { rect: McuRect; part: { starts: number[]; ends: number[] } }[],
  across: number,
): void {
  let next = 0;
  for (let column = 0; column < across; column++) {
    const current = active[next];
    const first = current?.rect.left === column;
    reader.readMcu(first);
    if (current && column === current.rect.left + current.rect.width - 1) {
      current.part.starts.push(writer.length);
      writer.writeRun(reader.position);
      current.part.ends.push(writer.length);
      next++;
    }
  }
}

function collect(parts: readonly { starts: number[]; ends: number[] }[], writer: SegmentWriter): Strips[] {
  return parts.map(({ starts, ends }) => {
    const data = new Uint8Array(starts.reduce((sum, start, i) => sum + ends[i]! - start, 0));
    const offsets = new Uint32Array(starts.length);
    let at = 0;
    for (const [i, start] of starts.entries()) {
      data.set(writer.bytes.subarray(start, ends[i]), at);
      at += ends[i]! - start;
      offsets[i] = at;
    }
    return { ends: offsets, data };
  });
}
