import type { Checksums } from '../format/checksums.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import {
  indexBytesMax,
  ORIGINAL_TILE,
  originalParts,
  type OriginalFacts,
  readIndex,
} from '../format/original-index.ts';
import type { Checking } from './problems.ts';
import type { Expected } from './tile-checker.ts';
import { indexPath, originalPath } from '../format/site-paths.ts';

/** An original, and the CRC-32 of its files if known. */
export type Original = Pick<OriginalFacts, 'original' | 'ending' | 'width' | 'height'> & {
  readonly sums: Uint32Array | undefined;
};

/** Reads the index of originals, and reports its problems. Returns the distinct originals. */
export function readOriginals(
  { pictures, originals }: MosaicJson,
  sums: Checksums['originals'] | undefined,
  { files, problems }: Checking,
): Original[] {
  const found = new Map<number, Original>();
  for (const [original, facts] of sums ?? []) found.set(original, { original, ...facts });
  const shape = { pictures, block: originals?.block ?? pictures };
  const blocks = originals ? Math.ceil(pictures / shape.block) : 0;
  for (let block = 0; block < blocks; block++) {
    const path = indexPath(block);
    if (problems.has(path)) continue;
    const file = files.read(path, indexBytesMax(shape));
    const rows = file.problem === undefined && file.bytes ? readIndex(String(file.bytes), block, shape) : undefined;
    if (!rows) problems.add(path, file.problem ?? 'does not fit mosaic.json');
    for (const row of rows ?? []) {
      if (!row) continue;
      const { original, ending, width, height } = row;
      const known = found.get(original);
      if (!known && !sums) found.set(original, { original, ending, width, height, sums: undefined });
      else if (known?.ending !== ending || known.width !== width || known.height !== height) {
        problems.add(path, 'does not agree with the checksums, or with itself');
      }
    }
  }
  return [...found.values()];
}

/** Yields the expected files of originals; reports problems of their descriptors. */
export function* expectedOf(originals: readonly Original[], checking: Checking): Generator<Expected> {
  for (const original of originals) {
    checkDescriptor(original, checking);
    let i = 0;
    for (const { path, size } of originalParts(original)) yield { path, size, sum: original.sums?.[i++], own: true };
  }
}

/** Reports problems of the descriptor of an original that is a Deep Zoom pyramid. */
function checkDescriptor({ original, ending, width, height }: Original, { files, problems }: Checking) {
  if (ending !== '') return;
  const path = `${originalPath(original)}.dzi`;
  const file = files.read(path);
  if (file.problem !== undefined) return problems.add(path, file.problem);
  const text = String(file.bytes);
  const told = ['TileSize', 'Width', 'Height'].map((name) => new RegExp(`\\b${name}="(\\d+)"`).exec(text)?.[1]);
  const fits = told.join() === [ORIGINAL_TILE, width, height].join() && text.trimEnd().endsWith('</Image>');
  if (!fits) problems.add(path, 'does not agree with the index');
}
