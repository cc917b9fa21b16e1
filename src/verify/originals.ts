import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import {
  indexPath,
  ORIGINAL_TILE,
  originalDepth,
  type OriginalFacts,
  originalFacts,
  originalPath,
  originalTilePath,
  readIndex,
} from '../originals/original-index.ts';
import type { Problem, Tile } from './tile-checker.ts';

/** Originals of a site as its index tells, each once, and what is wrong with the index. */
export async function readOriginals(
  site: string,
  pictures: number,
  block: number,
): Promise<{ readonly originals: readonly OriginalFacts[]; readonly problems: readonly Problem[] }> {
  const originals = new Map<number, OriginalFacts>();
  const problems: Problem[] = [];
  for (let i = 0; i * block < pictures; i++) {
    const path = indexPath(i);
    const expected = Math.min(block, pictures - i * block);
    try {
      const rows = readIndex(await readFile(join(site, path), 'utf8'), i);
      if (rows?.length !== expected) problems.push({ path, problem: 'does not fit mosaic.json' });
      for (const row of rows ?? []) if (row) originals.set(row[0], originalFacts(row));
    } catch (error) {
      problems.push({ path, problem: systemCode(error) === 'ENOENT' ? 'missing' : 'damaged' });
    }
  }
  for (const facts of originals.values()) {
    const problem = facts.ending === '' ? await descriptorProblem(site, facts) : undefined;
    if (problem) problems.push(problem);
  }
  return { originals: [...originals.values()], problems };
}

/** What is wrong with the descriptor of an original that is a Deep Zoom picture. */
async function descriptorProblem(
  site: string,
  { original, width, height }: OriginalFacts,
): Promise<Problem | undefined> {
  const path = `${originalPath(original)}.dzi`;
  try {
    const text = await readFile(join(site, path), 'utf8');
    const told = ['TileSize', 'Width', 'Height'].map((name) => new RegExp(`\\b${name}="(\\d+)"`).exec(text)?.[1]);
    const fits = told.join() === [ORIGINAL_TILE, width, height].join() && text.trimEnd().endsWith('</Image>');
    return fits ? undefined : { path, problem: 'does not agree with the index' };
  } catch (error) {
    return { path, problem: systemCode(error) === 'ENOENT' ? 'missing' : 'damaged' };
  }
}

/** The files of an original, as they should be. */
export function* filesOf({ original, ending, width, height, sum }: OriginalFacts): Generator<Tile> {
  const rest = { original: undefined, own: true };
  if (ending !== '') {
    yield { path: `${originalPath(original)}.${ending}`, width, height, sum, ...rest };
    return;
  }
  const deepest = originalDepth({ width, height });
  for (let level = 0; level <= deepest; level++) {
    const shrink = 2 ** (deepest - level);
    const [across, down] = [Math.ceil(width / shrink), Math.ceil(height / shrink)];
    for (let row = 0; row * ORIGINAL_TILE < down; row++) {
      for (let column = 0; column * ORIGINAL_TILE < across; column++) {
        yield {
          path: originalTilePath(original, level, column, row),
          width: Math.min(ORIGINAL_TILE, across - column * ORIGINAL_TILE),
          height: Math.min(ORIGINAL_TILE, down - row * ORIGINAL_TILE),
          sum: undefined,
          ...rest,
        };
      }
    }
  }
}
