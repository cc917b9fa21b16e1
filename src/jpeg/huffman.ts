/** Huffman table for decoding and encoding. */
export interface HuffmanTable {
  /** 16 bits of look-ahead -> (code length << 8 | symbol); 0 if no code matches. 65,536 entries. */
  readonly decode: Uint16Array;
  /** Symbol -> code, and its length in bits (0: the table lacks the symbol). 256 entries each. */
  readonly codes: Uint16Array;
  readonly lengths: Uint8Array;
}

const built = new Map<string, HuffmanTable>();
const BUILT_MAX = 16;

/**
 * Builds the table of a DHT definition (ITU-T T.81, annex C): `counts[i]` codes of `i + 1` bits, and their symbols in
 * order. Caches a few tables, since every JPEG of ours has the same four.
 *
 * @returns undefined if the counts claim more codes than there are.
 */
export function buildHuffmanDecoder(counts: Uint8Array, symbols: Uint8Array): HuffmanTable | undefined {
  const key = Buffer.concat([counts, symbols]).toString('latin1');
  const known = built.get(key);
  if (known) return known;
  const decode = new Uint16Array(65536);
  const codes = new Uint16Array(256);
  const lengths = new Uint8Array(256);
  let code = 0;
  let next = 0;
  for (let length = 1; length <= 16; length++, code <<= 1) {
    for (let i = 0; i < counts[length - 1]!; i++, code++) {
      if (code >= 1 << length) return undefined;
      const symbol = symbols[next++]!;
      codes[symbol] = code;
      lengths[symbol] = length;
      decode.fill((length << 8) | symbol, code << (16 - length), (code + 1) << (16 - length));
    }
  }
  const table = { decode, codes, lengths };
  if (built.size >= BUILT_MAX) built.clear();
  built.set(key, table);
  return table;
}
