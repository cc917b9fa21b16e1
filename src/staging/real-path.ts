import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemCode, UserError } from '../errors.ts';

const LINKS_MAX = 40;

/** Where a path leads once all links are followed, be it that its last parts do not exist yet. */
export function realPath(path: string, links = LINKS_MAX): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(whole) === whole || links === 0) throw error;
  }
  const home = realPath(dirname(whole), links);
  const at = join(home, basename(whole));
  // A link to what does not exist yet.
  if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink())
    return realPath(resolve(home, readlinkSync(at)), links - 1);
  return at;
}

/** Whether `path` is `folder` or lies in it, by name; both without links. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way.split(sep)[0] !== '..');
}

/**
 * Tells of paths whether they lie in a folder, whatever links, mounts or letter cases lead there: by their real paths, and by the
 * device and inode of every folder above them.
 */
export class Enclosure {
  private readonly folder: string;
  private readonly stat: BigIntStats | undefined;
  /** By folder, whether it is the enclosure or in it. */
  private readonly known = new Map<string, boolean>();
  /** By folder, the names of the links in it. */
  private readonly links = new Map<string, ReadonlySet<string>>();

  constructor(folder: string) {
    this.folder = realPath(folder);
    this.stat = statSync(this.folder, { bigint: true, throwIfNoEntry: false });
  }

  /** Whether what is at `path`, or the link that is there, lies inside. */
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
 * Refuses inputs that lie where a site is to be written.
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
