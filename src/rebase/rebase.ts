import { existsSync } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { checkSitePath } from '../messages.ts';
import { alone } from '../staging/locked.ts';
import { type Checksums, packChecksums, unpackChecksums } from '../format/checksums.ts';
import { isDeep } from '../format/fields.ts';
import { checkMosaic } from '../format/mosaic-reader.ts';
import { checkBaseUrl, pageBlocks } from '../layout/iiif-manifest.ts';
import { CHECKSUMS_FILE, IIIF_PATHS, MOSAIC_FILE, PAGE_FILE } from '../format/site-paths.ts';
import { ADDRESSED_PAGE, readPage, textOfPage } from './page.ts';

/** Result of {@link rebase}. */
export interface Rebased {
  /** The old and the new address of the site. */
  readonly from: string;
  readonly to: string;
  /** Documents that were rewritten, relative to the site. */
  readonly files: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** A kind of file that contains its site's address: how to find it there, and how to replace it. */
interface Addressed {
  readonly path: string;
  /** True if a folder without this file is no IIIF site. */
  readonly needed: boolean;
  /** Finds the address; undefined if there is none. */
  readonly baseOf: (json: Json) => string | undefined;
  readonly moved: (json: Json, from: string, to: string) => Json;
}

const ADDRESSED: readonly Addressed[] = [
  { path: IIIF_PATHS.info, needed: true, baseOf: beforeId(IIIF_PATHS.imageFolder), moved: moveIds },
  { path: IIIF_PATHS.manifest, needed: true, baseOf: beforeId(IIIF_PATHS.manifest), moved: moveIds },
  { path: IIIF_PATHS.annotations, needed: false, baseOf: beforeId(IIIF_PATHS.annotations), moved: moveIds },
  { path: MOSAIC_FILE, needed: false, baseOf: mosaicBase, moved: moveMosaic },
  ADDRESSED_PAGE,
];

/** Greatest size of a document that is read, bytes; annotations of all cells take about 1.5 MB. */
const DOCUMENT_MAX = 2 ** 26;

/** While a site is moving: the checksums that it will have afterwards. */
const JOURNAL = `${CHECKSUMS_FILE}.rebase`;

/** A document that contains the site's address. */
interface Document extends Addressed {
  readonly json: Json;
  readonly from: string;
  /** CRC-32 of its file. */
  readonly sum: number;
}

/**
 * Gives an IIIF site another address: `id` and `target` in its JSON, the address in its mosaic.json, and that of the preview in its page
 * begin with the new
 * one, as if the site had been built with it. Nothing else is changed, even if it looks like the old address.
 *
 * Files are written beside the old ones and renamed, so hard links to them elsewhere stay as they are. The order is: the
 * future checksums into a journal, then the documents, then the journal replaces the checksums. Each document contains its
 * own old address and matches one of the two checksums, so an interrupted run can simply be repeated. Checksums of
 * documents that were damaged before are not changed.
 *
 * @throws {UserError} `usage` for an invalid address; `not-a-site`; `not-writable`.
 */
export async function rebase({ site, baseUrl }: { readonly site: string; readonly baseUrl: string }): Promise<Rebased> {
  checkSitePath(site);
  const to = checkBaseUrl(baseUrl);
  await readDocuments(site);
  return await alone({ option: '--out', path: site }, async () => await rebaseAlone(site, to));
}

async function rebaseAlone(site: string, to: string): Promise<Rebased> {
  const documents = await readDocuments(site);
  const texts = new Map(documents.filter(({ from }) => from !== to).map((one) => [one.path, movedText(one, to)]));
  const sums = await settleSums(site, documents);
  if (sums && texts.size > 0) {
    const { files } = sums;
    const changed = documents.filter(({ path, sum }) => texts.has(path) && files.get(path) === sum);
    const news = changed.map(({ path }) => [path, sumOf(texts.get(path)!())] as const);
    await writeWhole(site, JOURNAL, [packChecksums({ ...sums, files: new Map([...files, ...news]) })]);
  }
  for (const [path, text] of texts) await writeWhole(site, path, text());
  if (sums && texts.size > 0) await renameWithin(site, JOURNAL, CHECKSUMS_FILE);
  await removeLeftovers(site);
  return { from: documents[0]!.from, to, files: [...texts.keys()] };
}

/** Removes files that interrupted runs left behind. */
async function removeLeftovers(site: string): Promise<void> {
  const written = [...ADDRESSED.map(({ path }) => path), CHECKSUMS_FILE, JOURNAL];
  for (const path of [JOURNAL, ...written.map(temporaryOf)].map((one) => join(site, one))) {
    if (existsSync(path)) await rm(path, { force: true });
  }
}

function temporaryOf(path: string): string {
  return `${path}.tmp`;
}

async function readDocuments(site: string): Promise<Document[]> {
  const documents: Document[] = [];
  for (const addressed of ADDRESSED) {
    const { path, needed, baseOf } = addressed;
    const file = await readJson(site, addressed);
    const from = file && baseOf(file.json);
    if (file && from !== undefined) documents.push({ ...addressed, ...file, from });
    else if (needed) throw notASite(site, `${path} does not name the address of an IIIF site`);
  }
  return documents;
}

/**
 * Reads the checksums of a site. After an interrupted run, they are updated for the documents that it had already
 * rewritten. Undefined if there are no usable checksums.
 */
async function settleSums(site: string, documents: readonly Document[]): Promise<Checksums | undefined> {
  const sums = await readSums(site, CHECKSUMS_FILE);
  const next = await readSums(site, JOURNAL);
  if (!sums || !next) return sums;
  const moved = documents.filter(({ path, sum }) => sums.files.get(path) !== sum && next.files.get(path) === sum);
  if (moved.length === 0) return sums;
  const settled = { ...sums, files: new Map([...sums.files, ...moved.map(({ path, sum }) => [path, sum] as const)]) };
  await writeWhole(site, CHECKSUMS_FILE, [packChecksums(settled)]);
  return settled;
}

async function readSums(site: string, path: string): Promise<Checksums | undefined> {
  try {
    const whole = join(site, path);
    return (await stat(whole)).isFile() ? unpackChecksums(await readFile(whole)) : undefined;
  } catch (error) {
    if (error instanceof UserError || systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readJson(
  site: string,
  { path, needed }: Addressed,
): Promise<{ readonly json: Json; readonly sum: number } | undefined> {
  try {
    const bytes = await readBounded(join(site, path));
    return {
      json: path === PAGE_FILE ? readPage(bytes.toString('utf8')) : objectOf(bytes.toString('utf8')),
      sum: crc32(bytes),
    };
  } catch (error) {
    const missing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    if (missing && !needed) return undefined;
    const code = systemCode(error);
    const why = code === undefined ? `is damaged (${messageOf(error)})` : `cannot be read (${code})`;
    throw notASite(site, missing ? `there is no ${path} in it` : `its ${path} ${why}`, error);
  }
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

async function readBounded(path: string): Promise<Buffer> {
  const file = await stat(path);
  if (!file.isFile() || file.size > DOCUMENT_MAX) throw new Error(`expected a file of at most ${DOCUMENT_MAX} bytes`);
  return await readFile(path);
}

function notASite(site: string, why: string, cause?: unknown): UserError {
  const remedy = 'Name the folder that `zoomosaic build --layout iiif --out` wrote.';
  return new UserError('not-a-site', `${site} is no IIIF site: ${why}`, remedy, { cause });
}

/** Finds the address before the file's own path in its `id`. */
function beforeId(path: string): Addressed['baseOf'] {
  return ({ id }) => (typeof id === 'string' && id.endsWith(`/${path}`) ? id.slice(0, -path.length - 1) : undefined);
}

function moveIds(json: Json, from: string, to: string): Json {
  const move = (key: string, value: unknown): unknown =>
    (key === 'id' || key === 'target') && typeof value === 'string' && value.startsWith(`${from}/`)
      ? to + value.slice(from.length)
      : value;
  return JSON.parse(JSON.stringify(json), move) as Json;
}

function mosaicBase(json: Json): string | undefined {
  return checkMosaic(json).layouts.iiif?.baseUrl;
}

function moveMosaic(json: Json, _from: string, to: string): Json {
  const layouts = json['layouts'] as Json;
  return { ...json, layouts: { ...layouts, iiif: { ...(layouts['iiif'] as Json), baseUrl: to } } };
}

/** Makes the text of a document with another address, as a build writes it: in blocks, anew with each call. */
function movedText({ path, json, from, moved }: Document, to: string): () => Iterable<string> {
  const next = moved(json, from, to);
  if (path === PAGE_FILE) return () => [textOfPage(next)];
  const { items, ...head } = next;
  if (next['type'] === 'AnnotationPage' && Array.isArray(items)) return () => pageBlocks(head, items);
  const text = `${JSON.stringify(next, undefined, 2)}\n`;
  return () => [text];
}

function sumOf(text: Iterable<string>): number {
  let sum = 0;
  for (const block of text) sum = crc32(block, sum);
  return sum;
}

async function writeWhole(site: string, path: string, blocks: Iterable<string | Uint8Array>): Promise<void> {
  const temporary = temporaryOf(path);
  try {
    await rm(join(site, temporary), { force: true });
    await writeFile(join(site, temporary), blocks, { flag: 'wx', flush: true });
    await rename(join(site, temporary), join(site, path));
  } catch (error) {
    await rm(join(site, temporary), { force: true }).catch(() => {});
    throw explained(error, site, path);
  }
}

async function renameWithin(site: string, from: string, to: string): Promise<void> {
  try {
    await rename(join(site, from), join(site, to));
  } catch (error) {
    throw explained(error, site, to);
  }
}

function explained(error: unknown, site: string, path: string): unknown {
  if (!['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) return error;
  return new UserError(
    'not-writable',
    `Cannot write ${path} in ${site}: not allowed (${systemCode(error)})`,
    'Copy the site to a folder that you may write to.',
    { cause: error },
  );
}
