import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BLOCKS_PER_FILE,
  type DirectoryShape,
  type DirectorySource,
  type NamedSource,
  NO_PICTURE,
  readNames,
  readPictures,
  readSources,
  VARIANTS_MAX,
} from '../../src/format/directory.ts';
import { readScript } from '../../src/format/script-text.ts';
import { DIRECTORY, type DirectoryPart, directoryPath } from '../../src/format/site-paths.ts';
import type { MosaicJson } from '../../src/index.ts';
import { readPictures as readCells } from './site.ts';

/** A site's directory: the sources, their texts, and which of them each cell shows. */
export interface ReadDirectory {
  readonly sources: readonly DirectorySource[];
  readonly names: readonly NamedSource[];
  readonly cells: readonly number[];
}

/** Reads the directory of a site, as pages do. */
export async function readDirectory(out: string, mosaic: MosaicJson): Promise<ReadDirectory> {
  const { block, named } = mosaic.directory;
  type Reader<Row> = (told: unknown, number: number, shape: DirectoryShape) => Iterable<Row> | undefined;
  async function all<Row>(part: DirectoryPart, read: Reader<Row>, rows: number): Promise<Row[]> {
    const per = block * (part === 'sources' ? 1 : BLOCKS_PER_FILE[part]);
    const found: Row[] = [];
    for (let number = 0; number * per < rows; number++) {
      const text = await readFile(join(out, directoryPath(part, number)), 'utf8');
      found.push(...read(readScript(text, DIRECTORY[part].global, String(number)), number, mosaic)!);
    }
    return found;
  }
  const pictures = await all('pictures', readPictures, mosaic.pictures);
  const cells = (await readCells(out, mosaic)).map((picture) => {
    if (pictures[picture] === NO_PICTURE) throw new Error(`${picture} is shown, but not in the directory`);
    return Math.floor(pictures[picture]! / VARIANTS_MAX);
  });
  return {
    sources: await all('sources', readSources, mosaic.sources.used),
    names: named ? await all('names', readNames, mosaic.sources.used) : [],
    cells,
  };
}
