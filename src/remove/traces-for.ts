import { existsSync, readFileSync } from 'node:fs';
import type { Strips } from '../jpeg/cut.ts';
import type { Reopened } from '../mend/reopen.ts';
import { mipsOf } from '../tile-plan.ts';
import type { NamedImages } from './named-images.ts';
import type { Trace } from './prove.ts';

/** Bytes of a snippet, and how many of them have to differ: flat parts of many images have the same bytes. */
const [SNIPPET, DIFFERENT] = [32, 20];
/** Where snippets are taken from, as parts of the length. */
const PLACES = [0.3, 0.6, 0.9];
/** Shorter names stand anywhere by chance. */
const NAME_LEAST = 4;

/**
 * What tells of images wherever it stands: paths and names, hashes, and snippets of the data of their tiles and of their files.
 *
 * @param alike ids in the catalog of images that look like one of them, and stay: what is in their data, too, tells nothing.
 */
export function tracesFor(
  { hashes, sources, paths }: NamedImages,
  reopened: Reopened,
  alike: readonly number[],
): Trace[] {
  const { names, catalog } = reopened;
  const traces: Trace[] = [...hashes].flatMap((hash) => [
    { kind: 'hash', bytes: Buffer.from(hash) },
    { kind: 'hash', bytes: Buffer.from(hash, 'hex') },
  ]);
  const texts = new Set([...paths, ...[...sources].map((source) => names[source]!)]);
  for (const text of texts) {
    for (const spelt of new Set([text, JSON.stringify(text).slice(1, -1), encodeURI(text), encodeURIComponent(text)])) {
      if (spelt.length >= NAME_LEAST) traces.push({ kind: 'name', bytes: Buffer.from(spelt), isWord: true });
    }
  }
  const data: Trace[] = [];
  for (const source of sources) {
    const id = reopened.idOf[source];
    if (id === undefined) continue;
    for (const blob of blobsOf(reopened, id))
      for (const bytes of snippetsOf(blob)) data.push({ kind: 'tile data', bytes });
    const { path } = catalog.sources[id]!;
    if (!existsSync(path)) continue;
    for (const bytes of snippetsOf([readFileSync(path)])) data.push({ kind: 'file data', bytes });
  }
  const others = alike.flatMap((id) => [...blobsOf(reopened, id)].flat().concat(fileOf(catalog.sources[id]!.path)));
  return [
    ...traces,
    ...data.filter(({ bytes }) => !others.some((other) => Buffer.from(other).includes(Buffer.from(bytes)))),
  ];
}

function fileOf(path: string): Uint8Array[] {
  return existsSync(path) ? [readFileSync(path)] : [];
}

/** All that the catalog keeps of a source: of each piece of a mip its rows of MCUs, which stand in tiles as they are, or its file. */
function* blobsOf({ catalog }: Reopened, id: number): Generator<Uint8Array[]> {
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

/** Snippets of the longest parts. */
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
