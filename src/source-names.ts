import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from './errors.ts';

/**
 * What images are called in reports, and found by: their path within the folder that holds them all, with `/`, so that reports
 * tell nothing of the machine, and hold on another.
 */
export class SourceNames {
  private readonly home: string;
  private byPath: Map<string, number> | undefined;
  private byBase: Map<string, string[]> | undefined;
  private readonly paths: readonly string[];
  private readonly ids: (path: string) => number | undefined;

  /**
   * @param paths absolute, of all images that were found.
   * @param ids source id of a path; undefined if it cannot be used.
   */
  constructor(paths: readonly string[], ids: (path: string) => number | undefined = () => undefined) {
    this.paths = paths;
    this.ids = ids;
    this.home = paths.length > 0 ? commonFolder(paths) : '';
  }

  /** What the image at `path` is called. */
  nameOf(path: string): string {
    const within = relative(this.home, path);
    return (within.startsWith('..') || isAbsolute(within) ? path : within).split(sep).join('/');
  }

  /**
   * Id of the source that `name` means: a name as {@link nameOf} has it, a path, or the end of one, if that is clear.
   *
   * @param where it was asked for, for the error.
   * @throws {UserError} `usage`.
   */
  find(name: string, where: string): number {
    this.byPath ??= new Map(this.paths.map((path, i) => [path, i]));
    const exact = [join(this.home, name), resolve(name)].find((path) => this.byPath!.has(path));
    const all = exact === undefined ? this.endingIn(name) : [exact];
    if (all.length > 1) {
      throw new UserError(
        'usage',
        `${where} names ${name}, which is ${all.length} images: ${this.nameOf(all[0]!)}, ${this.nameOf(all[1]!)}${all.length > 2 ? ', …' : ''}`,
        'Name the one that is meant with its folder.',
      );
    }
    const id = all.length === 1 ? this.ids(all[0]!) : undefined;
    if (id !== undefined) return id;
    throw new UserError(
      'usage',
      all.length === 1
        ? `${where} names ${name}, which cannot be used as an image`
        : `${where} names ${name}, which is none of the ${this.paths.length} images`,
      'Name an image as sources.csv of the reports does; it has to be among the images, and not left out by --ban.',
    );
  }

  private endingIn(name: string): string[] {
    if (!this.byBase) {
      this.byBase = new Map();
      for (const path of this.paths) {
        const known = this.byBase.get(basename(path));
        if (known) known.push(path);
        else this.byBase.set(basename(path), [path]);
      }
    }
    const end = `/${name
      .split(sep)
      .join('/')
      .replace(/^(\.\/)+/, '')}`;
    return (this.byBase.get(basename(name)) ?? []).filter((path) => path.split(sep).join('/').endsWith(end));
  }
}

/** The deepest folder that all paths lie in. */
function commonFolder(paths: readonly string[]): string {
  let home = dirname(paths[0]!);
  for (const path of paths) {
    while (home !== dirname(home) && !path.startsWith(home.endsWith(sep) ? home : home + sep)) home = dirname(home);
  }
  return home;
}
