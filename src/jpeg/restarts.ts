import { type JpegHeader, parseJpegHeader } from './header.ts';
import { isRestart, MARKER } from './markers.ts';
import { JpegError, nextMarker } from './parts.ts';
import { scanGeometryOf } from './scan-reader.ts';
import { type TileHeader, tileHeaderOf } from './splice.ts';

/** Sampling of luma against chroma: 2 at 4:2:0, 1 at 4:4:4. */
export type Sampling = 1 | 2;

/** Facts of a JPEG whose data can stand in another file as it is. */
export interface PlainJpeg {
  readonly header: JpegHeader;
  readonly sampling: Sampling;
}

/**
 * Reads the header of a baseline JPEG in YCbCr, 4:2:0 or 4:4:4, with all components in one scan. Colours of such a file do
 * not depend on markers that a decoder of spliced data might not see.
 *
 * @throws {JpegError} if the JPEG is of another kind.
 */
export function plainJpegOf(jpeg: Uint8Array): PlainJpeg {
  const header = parseJpegHeader(jpeg);
  scanGeometryOf(header);
  const { scan, components, segments } = header;
  const [luma, ...chroma] = scan;
  const ids = components.map(({ id }) => id).join();
  const isYCbCr = ids === '1,2,3' && scan.length === 3 && segments.every(({ marker }) => marker !== MARKER.APP14);
  if (!isYCbCr || !luma) throw new JpegError('expected YCbCr in one scan');
  const { h: sampling } = luma;
  if ((sampling !== 1 && sampling !== 2) || luma.v !== sampling) throw new JpegError('expected 4:2:0 or 4:4:4');
  if (chroma.some(({ h, v }) => h !== 1 || v !== 1)) throw new JpegError('expected 4:2:0 or 4:4:4');
  return { header, sampling };
}

/** The segments between the restart markers of a JPEG: a grid, each one row of MCUs high. */
export interface Segments {
  /** Header of the JPEG, for tiles that are spliced from its segments; with the size 0 x 0. */
  readonly header: TileHeader;
  readonly sampling: Sampling;
  /** MCUs of a segment. */
  readonly mcus: number;
  /** Number of segments across and down. */
  readonly across: number;
  readonly down: number;
  /** Entropy-coded data of a segment. */
  readonly at: (column: number, row: number) => Uint8Array;
}

/**
 * Cuts a spliced JPEG into the segments that it was spliced from. Nothing is decoded.
 *
 * @throws {JpegError} if its restart markers do not cut each row of MCUs into equal parts.
 */
export function cutAtRestarts(jpeg: Uint8Array): Segments {
  const { header: facts, sampling } = plainJpegOf(jpeg);
  const { across: mcusAcross, down } = scanGeometryOf(facts);
  const mcus = facts.restartInterval;
  if (mcus === 0 || mcusAcross % mcus !== 0)
    throw new JpegError('expected restart markers between equal parts of rows');
  const across = mcusAcross / mcus;
  const bounds = boundsOf(jpeg, facts.dataStart, across * down);
  const header = tileHeaderOf(jpeg);
  header.bytes.fill(0, header.sizeAt, header.sizeAt + 4);
  const at = (column: number, row: number) => {
    const index = row * across + column;
    return jpeg.subarray(bounds[2 * index], bounds[2 * index + 1]);
  };
  return { header, sampling, mcus, across, down, at };
}

/** Finds start and end of each of `count` segments, whose data starts at `start`. */
function boundsOf(jpeg: Uint8Array, start: number, count: number): Uint32Array {
  // Each has a byte at least, and a marker behind it: a header may claim any number of them.
  if (count * 3 > jpeg.length) throw new JpegError('too few restart markers');
  const bounds = new Uint32Array(2 * count);
  for (let i = 0, from = start; i < count; i++) {
    const next = nextMarker(jpeg, from);
    const isLast = i === count - 1;
    const inOrder = isLast ? !isRestart(next.marker) : next.marker === (MARKER.RST0 | (i & 7));
    if (!inOrder) throw new JpegError('restart markers are not in order');
    bounds.set([from, next.start], 2 * i);
    from = next.end;
  }
  return bounds;
}
