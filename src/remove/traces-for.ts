import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Catalog } from '../catalog/catalog.ts';
import { Pictures } from '../catalog/pictures.ts';
import { SourceChanged } from '../errors.ts';
import { isOwnFile } from '../format/site-entries.ts';
import { JpegError, jpegParts, SCAN_DATA } from '../jpeg/parts.ts';
import type { Strips } from '../jpeg/cut.ts';
import type { Reopened } from '../mend/reopen.ts';
import { mipsOf } from '../tiles/tile-plan.ts';
import { pictureId } from '../tiles/variants.ts';
import type { NamedImages } from './named-images.ts';
import type { Found } from './prove.ts';
import { Searcher, type Trace, TRACE_LEAST } from './searcher.ts';

/** Bytes of a snippet, and number of distinct values it must have: flat areas of many images have the same bytes. */
const [SNIPPET, DIFFERENT] = [32, 20];
/** Positions of snippets, as fractions of the length. */
const PLACES = [0.3, 0.6, 0.9];
/** Names that are plain words occur anywhere: an image called `jpeg` leaves no telling name. */
const PLAIN_WORD = /^[A-Za-z]*$/;

/** Collects the traces of images: paths and names, hashes, and snippets of the data of their tiles and files. */
export async function tracesFor(
  { hashes, sources, paths, skipped }: NamedImages,
  reopened: Reopened,
): Promise<Trace[]> {
  const { names } = reopened;
  const traces: Trace[] = [...hashes].flatMap((hash) => [
    { kind: 'hash', bytes: Buffer.from(hash) },
    { kind: 'hash', bytes: Buffer.from(hash, 'hex') },
  ]);
  const texts = new Set([...paths, ...skipped, ...[...sources].map((source) => names[source]!)]);
  for (const text of texts) {
    if (PLAIN_WORD.test(text) || isOwnFile(text)) continue;
    for (const spelt of spellings(text)) {
      if (spelt.length >= TRACE_LEAST) traces.push({ kind: 'name', bytes: spelt, isWord: true });
    }
  }
  const data = (kind: string, parts: readonly Uint8Array[]) => {
    for (const bytes of snippetsOf(parts)) traces.push({ kind, bytes });
  };
  const shown = await picturesOf(sources, reopened);
  for (let picture = 0; picture < shown.count; picture++) {
    for (const blob of blobsOf(shown, picture)) data('tile data', blob);
  }
  for (const path of paths) data('file data', await pictureIn(path, hashes));
  return traces;
}

/** Opens the images' pictures: whole and upright as in the catalog, and in the crops and orientations shown in the site. */
async function picturesOf(sources: ReadonlySet<number>, { record, catalog, idOf, files, indexing }: Reopened) {
  const known = [...sources].filter((source) => idOf[source] !== undefined);
  const whole = known.map((source) => idOf[source]!);
  const shown = record.pictures.flatMap(([source, variant]) =>
    variant > 0 && known.includes(source) ? [pictureId(idOf[source]!, variant, catalog.sources.length)] : [],
  );
  try {
    return await Pictures.numbered(catalog, [...whole, ...shown], { ...indexing, files });
  } catch (error) {
    // Crops and orientations cannot be re-created without the file.
    if (error instanceof SourceChanged) return await Pictures.numbered(catalog, whole, { ...indexing, files });
    throw error;
  }
}

/** Lists the spellings of a name: as it is, in CSV, in JSON, in URLs. */
function spellings(text: string): Buffer[] {
  // Names with lone surrogates cannot be encoded in URLs.
  const encoded = /\p{Surrogate}/u.test(text) ? [] : [encodeURI(text), encodeURIComponent(text)];
  const spelt = new Set([text, text.replaceAll('"', '""'), JSON.stringify(text).slice(1, -1), ...encoded]);
  return [...spelt].map((one) => Buffer.from(one));
}

/**
 * Selects the traces that prove a leftover. Data that remaining images contain themselves, such as a frame around all
 * screenshots, proves nothing.
 *
 * @param catalog catalog of the remaining images.
 */
export async function provenTraces(found: readonly Found[], catalog: Catalog): Promise<readonly Found[]> {
  const doubted = new Set(found.flatMap(({ trace }) => (trace.kind.endsWith('data') ? [trace] : [])));
  const dismiss = (parts: readonly Uint8Array[]) => {
    const searcher = new Searcher([...doubted]);
    for (const part of parts) for (const trace of searcher.in(part)) doubted.delete(trace);
  };
  for (const id of catalog.sources.keys()) if (doubted.size > 0) dismiss([...blobsOf(catalog, id)].flat());
  for (const { path } of catalog.sources) if (doubted.size > 0) dismiss([(await fileAt(path)) ?? Buffer.alloc(0)]);
  return found.filter(({ trace }) => !trace.kind.endsWith('data') || doubted.has(trace));
}

/**
 * Returns the image data of a file, if it still holds one of the images. Headers are left out of JPEGs: they are common to an
 * encoder.
 */
async function pictureIn(path: string, hashes: ReadonlySet<string>): Promise<Uint8Array[]> {
  const bytes = await fileAt(path);
  if (!bytes || !hashes.has(createHash('sha256').update(bytes).digest('hex'))) return [];
  if (bytes[0] !== 0xff) return [bytes];
  try {
    const scans = [...jpegParts(bytes)].filter(({ marker }) => marker === SCAN_DATA);
    return scans.map(({ start, end }) => bytes.subarray(start, end));
  } catch (error) {
    if (error instanceof JpegError) return [bytes];
    throw error;
  }
}

async function fileAt(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
}

/**
 * Yields all data that the catalog keeps of an image. For each piece of a mip these are its rows of MCUs, which tiles contain
 * as they are, or its file.
 */
function* blobsOf(catalog: Pick<Catalog, 'recipe' | 'file' | 'strips'>, id: number): Generator<Uint8Array[]> {
  for (const mip of mipsOf(catalog.recipe)) {
    if (mip.from === 'paint') continue;
    for (let piece = 0; piece < mip.across * mip.down; piece++) {
      yield mip.from === 'reference' ? [catalog.file(id, mip, piece)] : rowsOf(catalog.strips(id, mip, piece));
    }
  }
}

function rowsOf({ data, ends }: Strips): Uint8Array[] {
  return Array.from(ends, (end, row) => data.subarray(row ? ends[row - 1]! : 0, end));
}

/** Yields snippets of the two longest parts. */
function* snippetsOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts.toSorted((a, b) => b.length - a.length).slice(0, 2)) {
    for (const place of PLACES) {
      const at = Math.floor((part.length - SNIPPET) * place);
      if (at >= 0) yield* busy(part.subarray(at, at + SNIPPET));
    }
  }
}

function* busy(snippet: Uint8Array): Generator<Uint8Array> {
  if (new Set(snippet).size >= DIFFERENT) yield Uint8Array.from(snippet);
}
