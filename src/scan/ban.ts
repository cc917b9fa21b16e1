import { basename, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { check } from '../messages.ts';
import type { ScannedFile } from '../types.ts';

/**
 * Leaves out the files that a glob means: by path, by path within the working directory, or, if the glob names no folder, by
 * name alone; a folder means all that is in it.
 *
 * @returns what is left, and the globs that mean nothing.
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

/** Characters that a matcher takes at most. */
const PATTERN_MAX = 65_000;

/** @throws {UserError} `usage` for what would mean nothing, or everything. */
function matcherOf(glob: string): (path: string) => boolean {
  const pattern = glob.split(sep).join('/').replace(/^\.\//, '').replace(/\/$/, '');
  check('ban', 'a glob of images to leave out', glob, pattern !== '' && pattern.length <= PATTERN_MAX);
  const options = { dot: true, nocase: process.platform === 'win32' };
  const means = picomatch([pattern, `${pattern}/**`], options);
  const named = pattern.includes('/') ? undefined : picomatch([pattern, `**/${pattern}`, `**/${pattern}/**`], options);
  const folder = resolve('.');
  return (path) => {
    const near = relative(folder, path).split(sep).join('/');
    // Names may hold what globs are made of, as `a[1].jpg` does.
    if (near === pattern || basename(path) === pattern) return true;
    // `**` stands for no `..`: what lies outside is named from where the paths part.
    return means(near) || means(path.split(sep).join('/')) || (named?.(near.replace(/^(\.\.\/)+/, '')) ?? false);
  };
}
