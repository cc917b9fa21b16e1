import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { Reopened } from '../mend/reopen.ts';
import { isWithin } from '../staging/real-path.ts';

/** Images that are to be taken out. */
export interface NamedImages {
  /** SHA-256 of their contents, hex; ids of those that the site knows, in its record. */
  readonly hashes: ReadonlySet<string>;
  readonly sources: ReadonlySet<number>;
  /** Absolute paths that were named, and those that the catalog has for the images. */
  readonly paths: ReadonlySet<string>;
}

/**
 * Finds what people mean by images of a site: files (by what they hold, or where they lie), folders, and names as reports have
 * them, or their ends.
 *
 * @throws {UserError} `usage` if a text means none, or is not clear.
 */
export async function findImages(texts: readonly string[], reopened: Reopened): Promise<NamedImages> {
  const { record, names, catalog, idOf } = reopened;
  const byHash = new Map(record.sources.map((hash, source) => [hash, source]));
  const pathOf = (source: number) => (idOf[source] === undefined ? undefined : catalog.sources[idOf[source]]!.path);
  const hashes = new Set<string>();
  const sources = new Set<number>();
  const paths = new Set<string>();
  const add = (source: number) => {
    sources.add(source);
    hashes.add(record.sources[source]!);
    const path = pathOf(source);
    if (path !== undefined) paths.add(path);
  };
  for (const text of texts) {
    const path = resolve(text);
    const stat = statSync(path, { throwIfNoEntry: false });
    const found = names.flatMap((name, source) => (isMeant(text, name, pathOf(source)) ? [source] : []));
    const exact = found.filter((source) => names[source] === text || pathOf(source) === path);
    if (stat?.isDirectory()) {
      const inside = names.flatMap((_, source) => (isWithin(path, pathOf(source) ?? '/') ? [source] : []));
      if (inside.length === 0) throw unknown(text);
      inside.forEach(add);
      continue;
    }
    const hash = stat?.isFile() ? await hashOf(path) : undefined;
    const same = hash === undefined ? undefined : byHash.get(hash);
    if (hash !== undefined) {
      hashes.add(hash);
      paths.add(path);
    }
    if (same !== undefined) add(same);
    for (const source of exact) add(source);
    if (same !== undefined || exact.length > 0) continue;
    if (found.length > 1) {
      throw new UserError(
        'usage',
        `${text} names ${found.length} images: ${found
          .slice(0, 3)
          .map((source) => names[source])
          .join(', ')}`,
        'Name the one that is meant with its folder.',
      );
    }
    if (found.length === 1) add(found[0]!);
    else if (hash === undefined) throw unknown(text);
  }
  return { hashes, sources, paths };
}

function isMeant(text: string, name: string, path: string | undefined): boolean {
  const typed = text.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
  return name === typed || name.endsWith(`/${typed}`) || path === resolve(text);
}

function unknown(text: string): UserError {
  return new UserError(
    'usage',
    `${text} is none of the images of the site`,
    'Name a file, a folder, or an image as sources.csv of the reports does.',
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
