/** What the page tells beyond the mosaic: captions of images, and the stops of its tour. */
import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { UserError } from '../errors.ts';
import { type CsvLine, readCsv } from '../format/csv.ts';
import { type Caption, CAPTION_MAX, isWebAddress } from '../format/directory.ts';
import { TOUR_MAX } from '../format/mosaic-json.ts';
import { exifCaption } from '../image/exif-caption.ts';
import { explain } from '../image/reasons.ts';
import { shown } from '../messages.ts';
import type { Grid, Source } from '../types.ts';
import type { ResolvedOptions } from './options.ts';
import type { SourceNames } from './source-names.ts';

/** What the files of options have to be. */
const EXPECTED = {
  '--captions': 'Expected a CSV with the columns path, title, credit and link, or the word exif.',
  '--tour': 'Expected a CSV with the columns column and row, or the column source.',
} as const;

/** A line of `--captions`: the image that it names, and what it says of that. */
interface CaptionLine {
  readonly where: string;
  readonly path: string;
  readonly caption: Caption;
}

/** Lines of the files that options name, read before anything else is done. */
export interface PageFiles {
  readonly captions: readonly CaptionLine[];
  readonly tour: readonly CsvLine[];
}

/**
 * Reads the files of `--captions` and `--tour`.
 *
 * @throws {UserError} `usage` if one cannot be read, or lacks a column; for a long text, and for a link that is no web address.
 */
export async function readPageFiles({
  captions,
  tour,
}: Pick<ResolvedOptions, 'captions' | 'tour'>): Promise<PageFiles> {
  const lines = captions === undefined || captions === 'exif' ? [] : await readLines('--captions', captions, ['path']);
  return {
    captions: lines.map(captionLine),
    tour: tour === undefined ? [] : await readLines('--tour', tour, []),
  };
}

async function readLines(option: keyof typeof EXPECTED, path: string, wanted: readonly string[]): Promise<CsvLine[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError('usage', `Cannot read ${option} ${shown(path)}: ${explain(error)}`, EXPECTED[option], {
      cause: error,
    });
  }
  return readCsv(text, wanted, path);
}

/** Facts of the images and of their places. */
export interface PagePlaces {
  readonly sources: readonly Source[];
  readonly names: SourceNames;
  readonly grid: Grid;
  /** Source id of each cell. */
  readonly shown: Uint32Array;
}

/**
 * Returns the captions of sources, by id.
 *
 * @throws {UserError} `usage` for a path that fits no image or several.
 */
export async function captionsOf(
  { captions: lines }: PageFiles,
  { captions: asked, concurrency }: Pick<ResolvedOptions, 'captions' | 'concurrency'>,
  { sources, names, shown: places }: PagePlaces,
): Promise<Map<number, Caption>> {
  if (asked === 'exif') return await captionsOfFiles(sources, new Set(places), concurrency);
  const found = new Map<number, Caption>();
  for (const { where, path, caption } of lines) {
    if (Object.keys(caption).length > 0) found.set(names.find(path, where), caption);
  }
  return found;
}

function captionLine({ line, fields }: CsvLine): CaptionLine {
  const where = `--captions (line ${line})`;
  const caption: Caption = {
    ...textOf(where, 'title', fields),
    ...textOf(where, 'credit', fields),
    ...textOf(where, 'link', fields),
  };
  if (caption.link === undefined || isWebAddress(caption.link)) return { where, path: fields['path'] ?? '', caption };
  throw new UserError(
    'usage',
    `Expected an address with http or https in ${where} but received ${shown(caption.link)}`,
    EXPECTED['--captions'],
  );
}

function textOf(where: string, name: keyof Caption, fields: CsvLine['fields']): Caption {
  const text = (fields[name] ?? '').trim();
  if (text.length <= CAPTION_MAX) return text === '' ? {} : { [name]: text };
  throw new UserError(
    'usage',
    `Expected at most ${CAPTION_MAX} characters for ${name} in ${where} but received ${text.length}`,
    EXPECTED['--captions'],
  );
}

async function captionsOfFiles(
  sources: readonly Source[],
  used: ReadonlySet<number>,
  concurrency: number,
): Promise<Map<number, Caption>> {
  const limit = pLimit(concurrency);
  const found = new Map<number, Caption>();
  const ids = [...used].toSorted((a, b) => a - b);
  // In parts, so that there are never 100,000 promises.
  for (let at = 0; at < ids.length; at += 1024) {
    const part = ids.slice(at, at + 1024);
    const captions = await Promise.all(part.map((id) => limit(() => exifCaption(sources[id]!.path))));
    for (const [i, { description, credit }] of captions.entries()) {
      if (description === undefined && credit === undefined) continue;
      found.set(part[i]!, {
        ...(description !== undefined && { title: description }),
        ...(credit !== undefined && { credit }),
      });
    }
  }
  return found;
}

/**
 * Returns the cells that the tour visits, and notes on images that no cell shows.
 *
 * @throws {UserError} `usage` for a line that names no cell and no image.
 */
export function tourOf(
  { tour: lines }: PageFiles,
  { names, grid, shown: places }: PagePlaces,
): { readonly tour: readonly number[]; readonly notes: readonly string[] } {
  if (lines.length > TOUR_MAX) {
    throw new UserError(
      'usage',
      `Expected at most ${TOUR_MAX} lines in --tour but received ${lines.length}`,
      EXPECTED['--tour'],
    );
  }
  const tour: number[] = [];
  const notes: string[] = [];
  for (const { line, fields } of lines) {
    const where = `--tour (line ${line})`;
    const { source = '', column = '', row = '' } = fields;
    if (source !== '') {
      const cell = places.indexOf(names.find(source, where));
      if (cell >= 0) tour.push(cell);
      else notes.push(`the tour leaves out ${source}: no cell shows it; --use-all shows every image`);
      continue;
    }
    const [x, y] = [Number(column), Number(row)];
    const isCell = /^\d+$/.test(column) && /^\d+$/.test(row) && x < grid.columns && y < grid.rows;
    if (!isCell) {
      throw new UserError(
        'usage',
        `Expected a column below ${grid.columns} and a row below ${grid.rows} in ${where} but received ${shown(`${column},${row}`)}`,
        EXPECTED['--tour'],
      );
    }
    tour.push(y * grid.columns + x);
  }
  return { tour, notes };
}
