import { stat } from 'node:fs/promises';
import { dirname, extname, resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { systemCode, UserError } from '../errors.ts';
import { mapOrdered } from '../ordered.ts';
import type { ScannedFile } from '../types.ts';
import { IMAGE_EXTENSIONS } from './image-extensions.ts';

export interface ScanOptions {
  /** Files below these folders are left out (the site that is being built). */
  readonly exclude: readonly string[];
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

const STATS_AT_ONCE = 32;

/**
 * Finds the images that `inputs` name: files, folders (with all that is in them) and globs. Hidden files, sites of ours, and
 * in folders and globs everything that does not look like an image, are passed over.
 *
 * @returns every file once, ordered by absolute path, so that ids depend on neither order nor machine.
 * @throws {UserError} `no-images` if an input names nothing, or nothing looks like an image.
 */
export async function scan(inputs: readonly string[], options: ScanOptions): Promise<ScannedFile[]> {
  const paths = new Set<string>();
  const sites = new Set(options.exclude.map((folder) => resolve(folder)));
  for (const input of inputs) {
    options.signal.throwIfAborted();
    for (const path of await find(input)) {
      if (path.endsWith(`${sep}mosaic.dzi`)) sites.add(dirname(path));
      else paths.add(path);
    }
  }
  const wanted = [...paths].filter((path) => !within(path, sites)).toSorted();
  if (wanted.length === 0) {
    throw new UserError(
      'no-images',
      `No image found in ${inputs.join(', ')}`,
      `Name files, folders or globs with images (${[...IMAGE_EXTENSIONS.keys()].slice(0, 7).join(', ')}, …).`,
    );
  }
  const files: ScannedFile[] = [];
  for await (const file of mapOrdered(wanted, STATS_AT_ONCE, describe)) {
    files.push(file);
    if (files.length % 1024 === 0) {
      options.onProgress(files.length, wanted.length);
      options.signal.throwIfAborted();
    }
  }
  options.onProgress(files.length, files.length);
  return files;
}

/** Absolute paths that one input names. */
async function find(input: string): Promise<string[]> {
  const whole = resolve(input);
  const kind = await kindOf(whole);
  if (kind === 'file') return [whole]; // named outright: taken whatever it looks like
  const options = { absolute: true, dot: false, onlyFiles: true, expandDirectories: false } as const;
  const found =
    kind === 'folder'
      ? await glob('**/*', { ...options, cwd: whole })
      : await glob(input.replaceAll('\\', '/'), { ...options, cwd: process.cwd() });
  if (kind === 'nothing' && found.length === 0) {
    throw new UserError(
      'no-images',
      `${input} is no file or folder and matches nothing`,
      'Check the path or the glob.',
    );
  }
  const looksRight = (path: string) => IMAGE_EXTENSIONS.has(extension(path)) || path.endsWith('/mosaic.dzi');
  return found.filter(looksRight).map((path) => resolve(path));
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return 'nothing';
    throw error;
  }
}

function extension(path: string): string {
  return extname(path).slice(1).toLowerCase();
}

function within(path: string, folders: ReadonlySet<string>): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (folders.has(folder)) return true;
    if (folder === dirname(folder)) return false;
  }
}

async function describe(path: string): Promise<ScannedFile> {
  const unsupported = IMAGE_EXTENSIONS.get(extension(path));
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, size, mtimeMs, ...(unsupported ? { unsupported } : {}) };
  } catch (error) {
    return { path, size: 0, mtimeMs: 0, unsupported: `cannot be read (${systemCode(error) ?? 'unknown error'})` };
  }
}
