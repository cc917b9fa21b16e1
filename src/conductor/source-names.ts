import { statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { countText, shown } from '../messages.ts';

/**
 * Names of images, for reports and options: the path within the folder that holds all images, with `/`. Such names reveal
 * nothing about the machine, and are valid on another. If that folder also holds the home, working or temporary folder, such
 * paths would reveal it (`home/anna/photos/a.jpg`). Names then begin with the bare name of a given folder, unless that folder
 * or one above it was given itself.
 */
export class SourceNames {
  /** First part of the names, by folder: one folder with empty text, or several folders with texts that end in `/`. */
  private readonly labels: ReadonlyMap<string, string>;
  private byPath: Map<string, number> | undefined;
  private byBase: Map<string, string[]> | undefined;
  private readonly paths: readonly string[];
  private readonly ids: (path: string) => number | undefined;

  /**
   * @param paths absolute paths of all images found.
   * @param ids returns the source id of a path; undefined if it cannot be used.
   * @param inputs files, folders and globs that were scanned.
   */
  constructor(
    paths: readonly string[],
    ids: (path: string) => number | undefined = () => undefined,
    inputs: readonly string[] = paths,
  ) {
    this.paths = paths;
    this.ids = ids;
    this.labels = labelsOf(paths, inputs);
  }

  /** Returns the name of the image at `path`. */
  nameOf(path: string): string {
    for (let at = dirname(path); ; at = dirname(at)) {
      const label = this.labels.get(at);
      if (label !== undefined) return label + relative(at, path).split(sep).join('/');
      // A file outside of all labelled folders keeps its base name.
      if (dirname(at) === at) return basename(path);
    }
  }

  /**
   * Returns the id of the source that `name` matches: a name as of {@link nameOf}, a path, or the unambiguous end of a path.
   *
   * @param where origin of the name, for the message.
   * @throws {UserError} `usage`.
   */
  find(name: string, where: string): number {
    this.byPath ??= new Map(this.paths.map((path, i) => [path, i]));
    const within = [...this.labels].filter(([, label]) => name.startsWith(label));
    const spelt = within.map(([folder, label]) => join(folder, name.slice(label.length)));
    const exact = [...spelt, resolve(name)].find((path) => this.byPath!.has(path));
    const all = exact === undefined ? this.endingIn(name) : [exact];
    if (all.length > 1) {
      throw new UserError(
        'usage',
        `${where} names ${shown(name)}, which fits ${all.length} images: ${this.nameOf(all[0]!)}, ${this.nameOf(all[1]!)}${all.length > 2 ? ', …' : ''}`,
        `Name the image with its folder, as in ${this.nameOf(all[0]!)}.`,
      );
    }
    const id = all.length === 1 ? this.ids(all[0]!) : undefined;
    if (id !== undefined) return id;
    if (all.length === 1) {
      throw new UserError(
        'usage',
        `${where} names ${shown(name)}, which cannot be used as an image`,
        'Name another image, or replace that file by one that opens, such as a JPEG of it.',
      );
    }
    throw new UserError(
      'usage',
      `${where} names ${shown(name)}, which is ${this.noneOf()}`,
      'Name an image as sources.csv of the reports does; it has to be among the images, and not left out by --ban.',
    );
  }

  private noneOf(): string {
    const [first, ...others] = this.paths;
    if (first !== undefined && others.length === 0) return `not ${this.nameOf(first)}, the only image`;
    return `none of the ${countText(this.paths.length)} images`;
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

function labelsOf(paths: readonly string[], inputs: readonly string[]): Map<string, string> {
  if (paths.length === 0) return new Map();
  const common = commonFolder(paths);
  const plain = new Map([[common, '']]);
  if (![homedir(), process.cwd(), tmpdir()].some((place) => holds(common, place))) return plain;
  const roots = rootsOf(paths, inputs);
  if (roots.some((root) => root === common || holds(root, common))) return plain;
  const labels = new Map<string, string>();
  const [taken, times] = [new Set<string>(), new Map<string, number>()];
  for (const folder of roots) {
    // The name of a home folder would reveal its owner.
    const name = folder === homedir() ? 'home' : basename(folder);
    let label = name;
    for (let time = times.get(name) ?? 1; taken.has(label); times.set(name, time)) label = `${name} (${++time})`;
    taken.add(label);
    labels.set(folder, `${label}/`);
  }
  return labels;
}

/** Returns the folders of the inputs, sorted, without folders within another. */
function rootsOf(paths: readonly string[], inputs: readonly string[]): string[] {
  const files = new Set(paths);
  const folders = new Set<string>();
  for (const input of inputs) {
    const path = resolve(input);
    folders.add(files.has(path) ? dirname(path) : isFolder(path) ? path : resolve(beforeGlob(input)));
  }
  const roots: string[] = [];
  // Sorted by their parts, folders follow the folder that holds them.
  for (const folder of [...folders].toSorted((a, b) => (a.replaceAll(sep, '\0') < b.replaceAll(sep, '\0') ? -1 : 1))) {
    const last = roots.at(-1);
    if (last === undefined || !holds(last, folder)) roots.push(folder);
  }
  return roots;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Returns the folders of a glob before its first part with a wildcard. */
function beforeGlob(glob: string): string {
  const parts = glob.replaceAll('\\', '/').split('/');
  const first = parts.findIndex((part) => /[*?[\]{}()!+@]/.test(part));
  return parts.slice(0, first < 0 ? -1 : first).join('/') || (glob.startsWith('/') ? '/' : '.');
}

/** Tells whether a path lies in a folder. */
function holds(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Returns the deepest folder that holds all paths. */
function commonFolder(paths: readonly string[]): string {
  let home = dirname(paths[0]!);
  for (const path of paths) while (home !== dirname(home) && !holds(home, path)) home = dirname(home);
  return home;
}
