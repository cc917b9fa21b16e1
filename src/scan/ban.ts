import { basename, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { expected } from '../messages.ts';
import type { ScannedFile } from '../types.ts';

/**
 * Leaves out the files that a glob matches: by path, by path relative to the working directory, or, if the glob names
 * no folder, by name alone. A glob that matches a folder matches everything in it.
 *
 * @returns the files that are left, and the globs that match nothing.
 */
export function ban(
  files: readonly ScannedFile[],
  globs: readonly string[],
): { readonly kept: ScannedFile[]; readonly idle: string[] } {
  const idle = new Set(globs);
  const tests = globs.map((glob) => ({ glob, means: matcherOf(glob) }));
  const kept = files.filter(({ path }) => {
    const banned = tests.filter(({ means }) => means(path));
    for (const { glob } of banned) idle.delete(glob);
    return banned.length === 0;
  });
  return { kept, idle: [...idle] };
}

/** Largest number of characters of a glob. */
const PATTERN_MAX = 65_000;

/**
 * Compiles a glob.
 *
 * @throws {UserError} `usage` if the glob is empty, or too long.
 */
function matcherOf(glob: string): (path: string) => boolean {
  const pattern = glob.split(sep).join('/').replace(/^\.\//, '').replace(/\/$/, '');
  if (pattern === '' || pattern.length > PATTERN_MAX) throw expected('ban', 'a glob of images to leave out', glob);
  const options = { dot: true, nocase: process.platform === 'win32' };
  const means = picomatch([pattern, `${pattern}/**`], options);
  const named = pattern.includes('/') ? undefined : picomatch([pattern, `**/${pattern}`, `**/${pattern}/**`], options);
  const folder = resolve('.');
  return (path) => {
    const near = relative(folder, path).split(sep).join('/');
    // Names may contain characters of globs, as `a[1].jpg` does: a glob also matches literally.
    if (near === pattern || basename(path) === pattern) return true;
    // `**` does not match `..`, so a path outside the working directory is matched without its leading `..`.
    return means(near) || means(path.split(sep).join('/')) || (named?.(near.replace(/^(\.\.\/)+/, '')) ?? false);
  };
}
