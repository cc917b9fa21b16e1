import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import type { Reopened } from '../mend/reopen.ts';
import { Enclosure, isWithin } from '../staging/real-path.ts';

/** Images to remove. */
export interface NamedImages {
  /** SHA-256 of their files, hex; and ids in the record of those that the site knows. */
  readonly hashes: ReadonlySet<string>;
  readonly sources: ReadonlySet<number>;
  /** Absolute paths: those that were named, and those that the catalog has for the images. */
  readonly paths: ReadonlySet<string>;
  /** Names of those that `skipped.csv` lists. */
  readonly skipped: ReadonlySet<string>;
  /** Paths of existing files with the same content as a named image, but another name. */
  readonly copies: readonly string[];
  /** The same photographs in another format: ids of those in the site, and paths of other files that the catalog knows. */
  readonly twins: { readonly sources: readonly number[]; readonly paths: readonly string[] };
}

/**
 * Finds the images that users name: by file (its content or path), by folder, by name as in the reports, or by the end of a
 * name. Also finds images that only the catalog still knows.
 *
 * @param skipped names in `skipped.csv`.
 * @throws {UserError} `usage` if a text matches no image, or is ambiguous.
 */
export async function findImages(
  texts: readonly string[],
  reopened: Reopened,
  skipped: readonly string[],
): Promise<NamedImages> {
  const finding = new Finding(reopened, skipped);
  for (const text of texts) await finding.take(text);
  return finding.found();
}

class Finding {
  private readonly names: readonly string[];
  private readonly skippedNames: readonly string[];
  private readonly contents: readonly string[];
  private readonly byHash: ReadonlyMap<string, number>;
  /** Files that the catalog knows: SHA-256 -> paths, and path -> SHA-256. */
  private readonly pathsOf = new Map<string, string[]>();
  private readonly hashAt = new Map<string, string>();
  private readonly hashes = new Set<string>();
  private readonly sources = new Set<number>();
  private readonly paths = new Set<string>();
  private readonly skipped = new Set<string>();

  constructor({ record, names, known }: Reopened, skipped: readonly string[]) {
    this.names = names;
    this.skippedNames = skipped;
    this.contents = record.sources;
    this.byHash = new Map(record.sources.map((hash, source) => [hash, source]));
    for (const { path, hash } of known.located()) {
      this.hashAt.set(path, hash);
      const others = this.pathsOf.get(hash);
      if (others) others.push(path);
      else this.pathsOf.set(hash, [path]);
    }
  }

  async take(text: string): Promise<void> {
    const path = resolve(text);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) {
      const folder = new Enclosure(path);
      if (!this.takeAll((one) => folder.holds(one))) throw unknown(text);
      return;
    }
    let [isKnown, isFound] = [false, false];
    if (stat?.isFile()) {
      this.paths.add(path);
      isFound = this.takeContent(await hashOf(path));
      isKnown = true;
    }
    isFound = this.takeNamed(text, path) || isFound;
    isKnown = this.takeSkipped((name) => isMeant(text, name) || this.placesOf(name).includes(path)) || isKnown;
    if (isFound || isKnown) return;
    // The path may be that of a folder that is gone.
    if (this.takeAll((one) => isWithin(path, one)) || this.takeForgotten(text)) return;
    throw unknown(text);
  }

  found(): NamedImages {
    const { hashes, sources, paths, skipped } = this;
    const known = [...hashes].flatMap((hash) => this.pathsOf.get(hash) ?? []);
    const named = new Set([...paths, ...[...sources].flatMap((source) => this.ownPaths(source))]);
    const copies = known.filter((path) => !named.has(path) && existsSync(path));
    for (const path of known) paths.add(path);
    return { hashes, sources, paths, skipped, copies, twins: this.twins() };
  }

  /** Takes images whose path passes a test; returns whether there are any. */
  private takeAll(holds: (path: string) => boolean): boolean {
    let any = this.takeSkipped((name) => this.placesOf(name).some(holds));
    for (const [source, hash] of this.contents.entries()) {
      if (!(this.pathsOf.get(hash) ?? []).some(holds)) continue;
      this.takeSource(source);
      any = true;
    }
    return any;
  }

  /** Takes images of the site by name or path; or by the end of a name, if it is unambiguous. Returns whether there are any. */
  private takeNamed(text: string, path: string): boolean {
    const all = [...this.names.keys()];
    const exact = all.filter(
      (source) => this.names[source] === text || (this.pathsOf.get(this.contents[source]!) ?? []).includes(path),
    );
    const found = exact.length > 0 ? exact : all.filter((source) => isMeant(text, this.names[source]!));
    if (exact.length === 0 && found.length > 1) {
      // The file exists: its content tells which image is meant.
      if (this.paths.has(path)) return false;
      throw unclear(
        text,
        found.map((source) => this.names[source]!),
      );
    }
    for (const source of found) this.takeSource(source);
    return found.length > 0;
  }

  private takeSkipped(isAsked: (name: string) => boolean): boolean {
    const found = this.skippedNames.filter(isAsked);
    for (const name of found) {
      this.skipped.add(name);
      for (const path of this.placesOf(name)) {
        this.paths.add(path);
        const hash = this.hashAt.get(path);
        if (hash !== undefined) this.takeContent(hash);
      }
    }
    return found.length > 0;
  }

  /**
   * Takes images that only the catalog still knows: an earlier `remove` was killed after it had changed the site, before the
   * catalog forgot them.
   */
  private takeForgotten(text: string): boolean {
    const found = [...this.hashAt].filter(([path]) => isMeant(text, path.split(sep).join('/')));
    const contents = new Set(found.map(([, hash]) => hash));
    if (contents.size > 1)
      throw unclear(
        text,
        found.map(([path]) => path),
      );
    for (const hash of contents) this.takeContent(hash);
    return contents.size > 0;
  }

  /** Takes an image by its SHA-256; returns whether the site knows it. */
  private takeContent(hash: string): boolean {
    this.hashes.add(hash);
    const source = this.byHash.get(hash);
    if (source !== undefined) this.sources.add(source);
    return source !== undefined;
  }

  private takeSource(source: number): void {
    this.takeContent(this.contents[source]!);
  }

  /** Lists the paths of a source that end with its name. */
  private ownPaths(source: number): string[] {
    const end = join(sep, this.names[source]!);
    return (this.pathsOf.get(this.contents[source]!) ?? []).filter((path) => path.endsWith(end));
  }

  /** Lists the paths that a name may have: it is joined to each folder that names are relative to. */
  private placesOf(name: string): string[] {
    return this.roots().map((root) => join(root, name));
  }

  private known: string[] | undefined;
  private roots(): string[] {
    this.known ??= [
      ...new Set(
        [...this.names.entries()].flatMap(([source, name]) =>
          this.ownPaths(source).map((path) => path.slice(0, -join(sep, name).length) || sep),
        ),
      ),
    ];
    return this.known;
  }

  /** Finds the same photographs in another format, as HEIC or raw files beside JPEGs of the same name. */
  private twins(): NamedImages['twins'] {
    const stems = new Set(
      [...this.paths, ...[...this.hashes].flatMap((hash) => this.pathsOf.get(hash) ?? [])].map(stemOf),
    );
    const [sources, paths] = [new Set<number>(), new Set<string>()];
    for (const [path, hash] of this.hashAt) {
      if (this.hashes.has(hash) || !stems.has(stemOf(path))) continue;
      const source = this.byHash.get(hash);
      if (source !== undefined) sources.add(source);
      else if (existsSync(path)) paths.add(path);
    }
    return { sources: [...sources], paths: [...paths] };
  }
}

function stemOf(path: string): string {
  return join(dirname(path), basename(path, extname(path)).toLowerCase());
}

/** Tells whether a text is a name (with `/`), or the end of one. */
function isMeant(text: string, name: string): boolean {
  const typed = text
    .split(sep)
    .join('/')
    .replace(/^(?:\.\/)+/, '');
  return name === text || name === typed || name.endsWith(`/${typed}`);
}

function unclear(text: string, names: readonly string[]): UserError {
  return new UserError(
    'usage',
    `${text} names ${names.length} images: ${names.slice(0, 3).join(', ')}`,
    'Name the one that is meant with its folder.',
  );
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
