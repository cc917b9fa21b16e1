import { isRestart, MARKER, markerText, standsAlone } from './markers.ts';

/** Why a JPEG could not be read; never an endless loop, never a guess. */
export class JpegError extends Error {
  override readonly name = 'JpegError';
}

/** What {@link JpegPart} calls the entropy-coded data behind an SOS, which no marker begins. */
export const SCAN_DATA = 0;

/** A part of a JPEG: a marker segment, EOI, or the entropy-coded data of a scan. */
export interface JpegPart {
  /** {@link SCAN_DATA} for entropy-coded data. */
  readonly marker: number;
  /** At its 0xFF; fill bytes before it (B.1.1.2) belong to no part. */
  readonly start: number;
  /** Past its last byte. */
  readonly end: number;
}

/**
 * Walks over a JPEG from SOI to EOI. What follows EOI, as other images and films do, is not looked at.
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

/** Where the entropy-coded data of a scan end: at the next marker that is no restart, and the fill bytes before it. */
function endOfScan(jpeg: Uint8Array, start: number): number {
  let next = nextMarker(jpeg, start);
  while (isRestart(next.marker)) next = nextMarker(jpeg, next.end);
  return next.start;
}

/**
 * Finds the next marker in entropy-coded data, where 0xFF 0x00 stands for 0xFF.
 *
 * @returns the marker; `start` is that of the fill bytes before it.
 * @throws {JpegError} if there is none.
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
