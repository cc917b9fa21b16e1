import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { isDeep } from '../format/fields.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { checkMosaic } from '../format/mosaic-reader.ts';
import { addressOfPage, movePage } from '../format/page-address.ts';
import { IIIF_PATHS, MOSAIC_FILE, PAGE_FILE } from '../format/site-paths.ts';
import { pageBlocks } from '../layout/iiif-manifest.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a document tells of its site's address. */
interface Told {
  /** The address; empty if the site has none yet. */
  readonly from: string;
  /** Makes the text of the document with another address, as a build writes it: in blocks. */
  readonly moved: (to: string) => Iterable<string>;
}

/** A document that names the address of its site, or can name it. */
export interface Document extends Told {
  readonly path: string;
  /** CRC-32 of its file. */
  readonly sum: number;
}

/** A kind of document. */
interface Kind {
  readonly path: string;
  /** True if every site of its layout has it. */
  readonly isNeeded: boolean;
  /** Finds the address in a text; undefined if there is no place for it. */
  readonly read: (text: string) => Told | undefined;
}

/** Documents of the layout iiif, in the order in which they are rewritten. */
const OF_IIIF: readonly Kind[] = [
  { path: IIIF_PATHS.info, isNeeded: true, read: (text) => readIds(text, IIIF_PATHS.imageFolder) },
  { path: IIIF_PATHS.manifest, isNeeded: true, read: (text) => readIds(text, IIIF_PATHS.manifest) },
  { path: IIIF_PATHS.annotations, isNeeded: false, read: (text) => readIds(text, IIIF_PATHS.annotations) },
];
/** Documents of all sites, which are rewritten after those. */
const OF_ALL: readonly Kind[] = [
  { path: MOSAIC_FILE, isNeeded: false, read: readMosaic },
  { path: PAGE_FILE, isNeeded: false, read: readPage },
];

/** Paths of all documents that sites can have. */
export const DOCUMENTS: readonly string[] = [...OF_IIIF, ...OF_ALL].map(({ path }) => path);

/** Greatest size of a document that is read, bytes; annotations of all cells take about 1.5 MB. */
const DOCUMENT_MAX = 2 ** 26;

/** What a site has that tells its address. */
export interface AddressedSite {
  /** In the order in which they get another address. */
  readonly documents: readonly Document[];
  /** Undefined for an IIIF image by itself. */
  readonly mosaic: MosaicJson | undefined;
}

/**
 * Reads the documents of a site. A folder without `mosaic.json` is taken for an IIIF image by itself.
 *
 * @throws {UserError} `not-a-site`.
 */
export async function readDocuments(site: string): Promise<AddressedSite> {
  const mosaic = await mosaicOf(site);
  const documents: Document[] = [];
  for (const { path, isNeeded, read } of mosaic && !mosaic.layouts.iiif ? OF_ALL : [...OF_IIIF, ...OF_ALL]) {
    const bytes = await bytesOf(site, path);
    if (!bytes && isNeeded) throw notASite(site, `there is no ${path} in it`);
    const told = bytes && undamaged(site, path, () => read(bytes.toString('utf8')));
    if (told) documents.push({ path, sum: crc32(bytes), ...told });
    else if (isNeeded) throw notASite(site, `${path} does not name the address of an IIIF site`);
  }
  return { documents, mosaic };
}

async function mosaicOf(site: string): Promise<MosaicJson | undefined> {
  const bytes = await bytesOf(site, MOSAIC_FILE);
  if (bytes) return undamaged(site, MOSAIC_FILE, () => checkMosaic(objectOf(bytes.toString('utf8'))));
  if (await bytesOf(site, IIIF_PATHS.info)) return undefined;
  throw notASite(site, `there is no ${MOSAIC_FILE} in it`);
}

/** Reads a file; undefined if it is missing. */
async function bytesOf(site: string, path: string): Promise<Buffer | undefined> {
  try {
    const whole = join(site, path);
    const file = await stat(whole);
    if (file.isFile() && file.size <= DOCUMENT_MAX) return await readFile(whole);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw notASite(site, `its ${path} cannot be read (${code ?? messageOf(error)})`, error);
  }
  throw notASite(site, `its ${path} is damaged (expected a file of at most ${DOCUMENT_MAX} bytes)`);
}

/** Reads a document, and tells of errors that it is damaged. */
function undamaged<Result>(site: string, path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw notASite(site, `its ${path} is damaged (${messageOf(error)})`, error);
  }
}

function notASite(site: string, why: string, cause?: unknown): UserError {
  const remedy = 'Name the folder that `zoomosaic build --out` wrote.';
  return new UserError('not-a-site', `${site} is no mosaic: ${why}`, remedy, { cause });
}

function objectOf(text: string): Json {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error('it is no JSON', { cause: error });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('it is no object');
  if (isDeep(json)) throw new Error('it is nested too deep');
  return json as Json;
}

/** Reads a document of IIIF. Its own `id` is the address and `path`. */
function readIds(text: string, path: string): Told | undefined {
  const json = objectOf(text);
  const { id } = json;
  if (typeof id !== 'string' || !id.endsWith(`/${path}`)) return undefined;
  const from = id.slice(0, -path.length - 1);
  return {
    from,
    moved(to) {
      const next = moveIds(json, from, to);
      const { items, ...head } = next;
      if (next['type'] === 'AnnotationPage' && Array.isArray(items)) return pageBlocks(head, items);
      return [jsonText(next)];
    },
  };
}

function moveIds(json: Json, from: string, to: string): Json {
  const move = (key: string, value: unknown): unknown =>
    (key === 'id' || key === 'target') && typeof value === 'string' && value.startsWith(`${from}/`)
      ? to + value.slice(from.length)
      : value;
  return JSON.parse(JSON.stringify(json), move) as Json;
}

function readMosaic(text: string): Told {
  const json = objectOf(text);
  const { baseUrl = '' } = checkMosaic(json);
  return { from: baseUrl, moved: (to) => [jsonText(addressed(json, to))] };
}

/** Gives the description of a mosaic another address, in the place where builds write it. */
export function addressed(mosaic: object, baseUrl: string): Json {
  const fields = Object.entries(mosaic).filter(([name]) => name !== 'baseUrl');
  return Object.fromEntries(
    fields.flatMap((field) => (field[0] === 'title' ? [field, ['baseUrl', baseUrl] as const] : [field])),
  );
}

function jsonText(json: Json): string {
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function readPage(text: string): Told | undefined {
  const from = addressOfPage(text);
  return from === undefined ? undefined : { from, moved: (to) => [movePage(text, to)] };
}
