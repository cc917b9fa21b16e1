/** Box of the ISO base media file format (ISO/IEC 14496-12): its type, and the place of its content. */
export interface Box {
  readonly type: string;
  /** Offset of the content, inclusive; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Largest number of sibling boxes that are looked at; files have some dozens. */
const BOXES_MAX = 4096;

/** Yields the sibling boxes in `bytes` from `start` to `end`. Stops at the first malformed box. */
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

/** Returns the first box of a type among those from `start` to `end`. */
export function findBox(bytes: Buffer, type: string, { start, end }: Pick<Box, 'start' | 'end'>): Box | undefined {
  for (const box of boxesIn(bytes, start, end)) if (box.type === type) return box;
  return undefined;
}
