import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { systemCode, UserError } from '../errors.ts';
import { csvBlocks, readCsv } from '../format/csv.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { pageAddress } from '../format/page-address.ts';
import { explain } from '../image/reasons.ts';
import { addressed } from './documents.ts';
import { removeTemporary, writeWhole } from './write.ts';

type Json = Readonly<Record<string, unknown>>;

/** The reports that name the site's address. */
const [LINKS, RECORD] = ['links.csv', 'record.json'];

/**
 * Gives the reports of a site another address: its links and its record. They stay as they are if the record is missing, or
 * that of another mosaic.
 *
 * @throws {UserError} `report` if they cannot be read; `not-writable`.
 */
export async function moveReports(report: string, mosaic: MosaicJson, to: string): Promise<void> {
  const record = objectOf(await textOf(join(report, RECORD)));
  if (record?.['format'] !== 'zoomosaic-record' || !isSameMosaic(record['mosaic'], mosaic)) return;
  const links = movedLinks(await textOf(join(report, LINKS)), to);
  if (links) await writeWhole(report, LINKS, links);
  const { baseUrl } = record['mosaic'] as MosaicJson;
  if (baseUrl !== to) {
    const moved = { ...record, mosaic: addressed(mosaic, to) };
    await writeWhole(report, RECORD, [`${JSON.stringify(moved)}\n`]);
  }
  await removeTemporary(report, [LINKS, RECORD]);
}

/** Tells whether a description is that of a mosaic, at whatever address. */
function isSameMosaic(told: unknown, mosaic: MosaicJson): boolean {
  return typeof told === 'object' && told !== null && isDeepStrictEqual(addressed(told, ''), addressed(mosaic, ''));
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')) return '';
    const remedy = 'Make it readable, or name another folder with --report.';
    throw new UserError('report', `Cannot read ${path}: ${explain(error)}`, remedy, { cause: error });
  }
}

function objectOf(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Makes `links.csv` with another address; undefined if it has that already, or somebody has changed its columns. */
function movedLinks(text: string, to: string): Iterable<Uint8Array> | undefined {
  const columns = ['source', 'link'];
  const lines = linesOf(text, columns);
  const links = lines.map(({ fields: { link = '' } }) => link);
  const moved = links.map((link) => link.replace(/^[^#]*(?=#)/, () => pageAddress(to)));
  if (moved.every((link, i) => link === links[i])) return undefined;
  return csvBlocks([columns, ...moved.map((link, i) => [lines[i]!.fields['source'] ?? '', link])]);
}

/** Reads the lines of a CSV with these columns; none if it has others, or is damaged. */
function linesOf(text: string, columns: readonly string[]) {
  try {
    const lines = readCsv(text, columns, LINKS);
    return lines.every(({ fields }) => Object.keys(fields).length === columns.length) ? lines : [];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
