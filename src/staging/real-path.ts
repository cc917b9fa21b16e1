import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemCode, UserError } from '../errors.ts';

const LINKS_MAX = 40;

/** Resolves all links of a path. Its last parts need not exist. */
export function realPath(path: string, links = LINKS_MAX): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(whole) === whole || links === 0) throw error;
  }
  const home = realPath(dirname(whole), links);
  const at = join(home, basename(whole));
  // A broken link: resolve its target.
  if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink())
    return realPath(resolve(home, readlinkSync(at)), links - 1);
  return at;
}

/** Tells whether `path` is `folder` or lies in it, by name. Both must be free of links. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way.split(sep)[0] !== '..');
}

/**
 * Tells whether paths lie in a folder, even if they lead there by links, mounts or other letter case. Compares real paths,
 * and the device and inode of each parent folder.
 */
export class Enclosure {
  private readonly folder: string;
  private readonly stat: BigIntStats | undefined;
  /** Cached results: folder -> whether it is the enclosure or lies in it. */
  private readonly known = new Map<string, boolean>();
  /** Cached listings: folder -> names of the links in it. */
  private readonly links = new Map<string, ReadonlySet<string>>();

  constructor(folder: string) {
    this.folder = realPath(folder);
    this.stat = statSync(this.folder, { bigint: true, throwIfNoEntry: false });
  }

  /** Tells whether the file at `path` lies inside: the link itself, or its target. */
  holds(path: string): boolean {
    const whole = resolve(path);
    const home = dirname(whole);
    if (this.holdsFolder(home) || this.isSame(whole)) return true;
    return this.linksIn(home).has(basename(whole)) && this.holdsReal(realPath(whole));
  }

  private holdsFolder(folder: string): boolean {
    let inside = this.known.get(folder);
    if (inside === undefined) this.known.set(folder, (inside = this.holdsReal(realPath(folder))));
    return inside;
  }

  private holdsReal(path: string): boolean {
    if (isWithin(this.folder, path)) return true;
    for (let at = path; ; at = dirname(at)) {
      if (this.isSame(at)) return true;
      if (dirname(at) === at) return false;
    }
  }

  private isSame(path: string): boolean {
    if (!this.stat) return false;
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat !== undefined && stat.dev === this.stat.dev && stat.ino === this.stat.ino && stat.isDirectory();
  }

  private linksIn(folder: string): ReadonlySet<string> {
    let links = this.links.get(folder);
    if (!links) {
      links = new Set(linkNames(folder));
      this.links.set(folder, links);
    }
    return links;
  }
}

function linkNames(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

/**
 * Refuses inputs that lie in the folder that the site is written to.
 *
 * @throws {UserError} `out-exists`.
 */
export function refuseInputsIn(out: string, inputs: Iterable<string>): void {
  const enclosure = new Enclosure(out);
  for (const input of inputs) {
    if (!enclosure.holds(input)) continue;
    throw new UserError(
      'out-exists',
      `${input} lies in --out ${out}, where the site is written`,
      'Choose another folder with --out.',
    );
  }
}
