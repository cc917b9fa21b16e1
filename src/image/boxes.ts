/** A box of ISO base media file format (ISO/IEC 14496-12): its type, and where its content lies. */
export interface Box {
  readonly type: string;
  /** Of the content, inclusive; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Boxes that are looked at beside each other; files have some dozens. */
const BOXES_MAX = 4096;

/** The boxes that lie beside each other in `bytes` from `start` to `end`; ends at the first that is no sound box. */
export function* boxesIn(bytes: Buffer, start = 0, end = bytes.length): Generator<Box> {
  let at = start;
  for (let i = 0; i < BOXES_MAX && at + 8 <= end; i++) {
    const small = bytes.readUInt32BE(at);
    const large = small === 1;
    if (large && at + 16 > end) return;
    const size = small === 0 ? end - at : large ? Number(bytes.readBigUInt64BE(at + 8)) : small;
    const header = large ? 16 : 8;
    if (size < header || size > end - at) return;
    yield { type: bytes.toString('latin1', at + 4, at + 8), start: at + header, end: at + size };
    at += size;
  }
}

/** The first box of a type among those from `start` to `end`. */
export function findBox(bytes: Buffer, type: string, { start, end }: Pick<Box, 'start' | 'end'>): Box | undefined {
  for (const box of boxesIn(bytes, start, end)) if (box.type === type) return box;
  return undefined;
}
