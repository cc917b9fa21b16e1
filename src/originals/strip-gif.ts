const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;
const APPLICATION = 0xff;
const LOOPS = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0']);
const ICC = 'ICCRGBG1012';
const END = new Uint8Array(1);
const NOTHING = new Uint8Array(0);

/** A run of data sub-blocks up to its terminator, a 0 (GIF89a, 15 and 16). */
interface SubBlocks {
  /** Sub-blocks: each a length byte, 1 to 255, and that number of bytes. */
  readonly blocks: readonly Uint8Array[];
  /** Offset behind the 0. */
  readonly end: number;
}

/**
 * Removes from a GIF what does not change how it looks: comments, texts (which browsers do not draw), application data (XMP,
 * private blocks) except the loop count and an ICC profile, and bytes behind the trailer. Images and their delays stay byte
 * for byte.
 *
 * @throws if the blocks are broken or the trailer is missing.
 */
export function stripGifMetadata(gif: Uint8Array): Uint8Array {
  const signature = Buffer.from(gif.subarray(0, 6)).toString('latin1');
  if (signature !== 'GIF87a' && signature !== 'GIF89a') throw new Error('not a GIF: no signature');
  let at = 13 + colourTableBytes(gif, 10);
  const parts: Uint8Array[] = [gif.subarray(0, at)];
  for (;;) {
    const kind = gif[at];
    let end: number;
    if (kind === TRAILER) {
      parts.push(Uint8Array.of(TRAILER));
      return Buffer.concat(parts);
    } else if (kind === IMAGE) {
      const data = at + 10 + colourTableBytes(gif, at + 9) + 1; // behind the LZW code size
      end = readSubBlocks(gif, data).end;
      parts.push(gif.subarray(at, end));
    } else if (kind === EXTENSION) {
      const data = readSubBlocks(gif, at + 2);
      end = data.end;
      parts.push(neededExtension(gif.subarray(at, end), data.blocks));
    } else throw new Error(gif.length > at ? `unknown GIF block at byte ${at}` : 'GIF ends before its trailer');
    at = end;
  }
}

/** Returns the part of an extension that is kept; mostly nothing. */
function neededExtension(extension: Uint8Array, [first, ...rest]: readonly Uint8Array[]): Uint8Array {
  const label = extension[1];
  // Kept even before a text that is removed: browsers apply it to the next image.
  if (label === GRAPHIC_CONTROL) {
    if (first?.[0] !== 4) throw new Error('GIF graphic control of a wrong length');
    return Buffer.concat([extension.subarray(0, 2), first, END]);
  }
  if (label !== APPLICATION || !first) return NOTHING;
  const application = Buffer.from(first.subarray(1)).toString('latin1');
  if (application === ICC) return extension;
  if (!LOOPS.has(application)) return NOTHING;
  const loops = rest.filter((block) => block[0] === 3 && (block[1]! & 7) === 1);
  return loops.length > 0 ? Buffer.concat([extension.subarray(0, 2), first, ...loops, END]) : NOTHING;
}

/** Returns the bytes of the colour table that the packed field at `at` announces (GIF89a, 18.c and 20.c). */
function colourTableBytes(gif: Uint8Array, at: number): number {
  const packed = gif[at] ?? 0;
  return packed & 0x80 ? 3 * 2 ** ((packed & 7) + 1) : 0;
}

function readSubBlocks(gif: Uint8Array, start: number): SubBlocks {
  const blocks: Uint8Array[] = [];
  let at = start;
  for (;;) {
    const length = gif[at];
    if (length === undefined || at + 1 + length > gif.length) throw new Error('GIF ends within a block');
    at += 1 + length;
    if (length === 0) return { blocks, end: at };
    blocks.push(gif.subarray(at - length - 1, at));
  }
}
