import type { Checksums } from '../format/checksums.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import {
  indexBytesMax,
  indexPath,
  ORIGINAL_TILE,
  originalPartCount,
  originalParts,
  type OriginalFacts,
  originalPath,
  readIndex,
} from '../format/original-index.ts';
import type { Problems } from './problems.ts';
import type { SiteFiles } from './site-files.ts';
import type { Expected } from './tile-checker.ts';

/** An original, and the CRC-32 of its files, if they are known. */
interface Original {
  readonly facts: OriginalFacts;
  readonly sums: Uint32Array | undefined;
}

/** Reads which originals a site has by its index, each once, and notes what is wrong with it. */
export function readOriginals(
  files: SiteFiles,
  { pictures, originals }: MosaicJson,
  sums: Checksums['originals'] | undefined,
  problems: Problems,
): Original[] {
  if (!originals) return [];
  const found = new Map<number, Original>();
  const shape = { pictures, block: originals.block };
  for (let block = 0; block * shape.block < pictures; block++) {
    const path = indexPath(block);
    if (problems.has(path)) continue;
    const file = files.read(path, indexBytesMax(shape));
    if (file.problem !== undefined) {
      problems.add(path, file.problem);
      continue;
    }
    const rows = file.bytes && readIndex(String(file.bytes), block, shape);
    if (!rows) problems.add(path, 'does not fit mosaic.json');
    for (const facts of rows ?? []) {
      if (!facts || found.has(facts.original)) continue;
      const own = sums?.get(facts.original);
      if (sums && own?.length !== originalPartCount(facts)) problems.add(path, 'does not fit the checksums');
      else found.set(facts.original, { facts, sums: own });
    }
  }
  return [...found.values()];
}

/** The files of originals, as they should be. */
export function* expectedOf(originals: readonly Original[], files: SiteFiles, problems: Problems): Generator<Expected> {
  for (const { facts, sums } of originals) {
    checkDescriptor(facts, files, problems);
    let i = 0;
    for (const { path, size } of originalParts(facts)) yield { path, size, sum: sums?.[i++], own: true };
  }
}

/** Notes what is wrong with the descriptor of an original that is a Deep Zoom picture. */
function checkDescriptor({ original, ending, width, height }: OriginalFacts, files: SiteFiles, problems: Problems) {
  if (ending !== '') return;
  const path = `${originalPath(original)}.dzi`;
  const file = files.read(path);
  if (file.problem !== undefined) return problems.add(path, file.problem);
  const text = String(file.bytes);
  const told = ['TileSize', 'Width', 'Height'].map((name) => new RegExp(`\\b${name}="(\\d+)"`).exec(text)?.[1]);
  const fits = told.join() === [ORIGINAL_TILE, width, height].join() && text.trimEnd().endsWith('</Image>');
  if (!fits) problems.add(path, 'does not agree with the index');
}
