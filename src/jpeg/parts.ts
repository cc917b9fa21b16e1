import { isRestart, MARKER, markerText, standsAlone } from './markers.ts';

/** A JPEG cannot be read. Readers throw this error instead of guessing, and never loop without end. */
export class JpegError extends Error {
  override readonly name = 'JpegError';
}

/** Marker of a {@link JpegPart} that is entropy-coded data, which follows an SOS without a marker of its own. */
export const SCAN_DATA = 0;

/** A part of a JPEG: a marker segment, EOI, or the entropy-coded data of a scan. */
export interface JpegPart {
  /** Second byte of the marker; {@link SCAN_DATA} for entropy-coded data. */
  readonly marker: number;
  /** Offset of its 0xFF. Fill bytes before it (B.1.1.2) belong to no part. */
  readonly start: number;
  /** Offset past its last byte. */
  readonly end: number;
}

/**
 * Yields the parts of a JPEG from SOI to EOI. Ignores whatever follows EOI, as other images and films.
 *
 * @throws {JpegError} on anything that breaks the syntax (T.81, annex B), or if EOI is missing.
 */
export function* jpegParts(jpeg: Uint8Array): Generator<JpegPart> {
  if (jpeg[0] !== 0xff || jpeg[1] !== MARKER.SOI) throw new JpegError('not a JPEG: no SOI marker');
  for (let at = 2; ;) {
    if (jpeg[at] !== 0xff) throw new JpegError(`expected a marker at byte ${at}`);
    while (jpeg[at + 1] === 0xff) at++;
    const marker = jpeg[at + 1] ?? 0;
    if (marker === MARKER.EOI) {
      yield { marker, start: at, end: at + 2 };
      return;
    }
    if (standsAlone(marker)) throw new JpegError(`unexpected marker ${markerText(marker)} at byte ${at}`);
    const length = ((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0);
    let end = at + 2 + length;
    if (length < 2 || end > jpeg.length) throw new JpegError(`segment at byte ${at} runs past the end`);
    yield { marker, start: at, end };
    if (marker === MARKER.SOS) {
      const start = end;
      end = endOfScan(jpeg, start);
      yield { marker: SCAN_DATA, start, end };
    }
    at = end;
  }
}

/**
 * Returns the end of a scan's entropy-coded data: the offset of the next marker that is no restart marker, or of the
 * fill bytes before it.
 */
function endOfScan(jpeg: Uint8Array, start: number): number {
  let next = nextMarker(jpeg, start);
  while (isRestart(next.marker)) next = nextMarker(jpeg, next.end);
  return next.start;
}

/**
 * Finds the next marker in entropy-coded data, where 0xFF 0x00 encodes 0xFF.
 *
 * @returns the marker; `start` is the offset of the fill bytes before it, if any.
 * @throws {JpegError} if there is no marker.
 */
export function nextMarker(jpeg: Uint8Array, from: number): JpegPart {
  for (let at = from; ;) {
    const start = jpeg.indexOf(0xff, at);
    if (start < 0) throw new JpegError('no EOI marker');
    at = start + 1;
    while (jpeg[at] === 0xff) at++;
    const marker = jpeg[at++];
    if (marker === undefined) throw new JpegError('no EOI marker');
    if (marker !== 0) return { marker, start, end: at };
  }
}
