import { parse } from 'csv-parse/sync';
import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';

/** Formats one field of a line, by RFC 4180. */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Formats lines of CSV, in blocks of 4096 lines, so that millions of lines need little memory. */
export function* csvBlocks(lines: Iterable<readonly (string | number)[]>): Generator<Buffer> {
  let block: string[] = [];
  for (const line of lines) {
    block.push(`${line.map(csvField).join(',')}\r\n`);
    if (block.length < 4096) continue;
    yield Buffer.from(block.join(''));
    block = [];
  }
  yield Buffer.from(block.join(''));
}

/** A line of CSV: its number in the text, and its fields by the names of their columns. */
export interface CsvLine {
  readonly line: number;
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/**
 * Parses CSV whose first line names the columns, in any order. Only `wanted` columns are required. Fields are separated by commas,
 * or by semicolons, which spreadsheets of some languages write.
 *
 * @param what name of the file in error messages.
 * @throws {UserError} `usage` if the text is no CSV, or lacks a column.
 */
export function readCsv(text: string, wanted: readonly string[], what: string): CsvLine[] {
  let header: string[] = [];
  try {
    const rows: CsvLine[] = parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      columns: (names: string[]) => (header = names.map((name) => name.trim().toLowerCase())),
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (fields: CsvLine['fields'], { lines }): CsvLine => ({ line: lines, fields }),
    });
    const missing = wanted.filter((column) => !header.includes(column));
    if (missing.length === 0) return rows;
    throw new Error(`its first line does not name ${missing.join(', ')}`);
  } catch (error) {
    throw new UserError(
      'usage',
      `Cannot read ${shown(what)}: ${shown((error as Error).message.split('\n')[0])}`,
      `Expected CSV with the columns ${wanted.join(', ')} named in its first line.`,
      { cause: error },
    );
  }
}

/** Tells the separator by the first line: names of columns hold neither. */
function separatorOf(text: string): ',' | ';' {
  const [first = ''] = text.split(/[\r\n]/, 1);
  return first.includes(';') && !first.includes(',') ? ';' : ',';
}
