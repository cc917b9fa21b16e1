import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { messageOf, systemCode, UserError } from '../errors.ts';
import { mapOrdered } from '../threads/ordered.ts';
import { reasonOf } from '../image/reasons.ts';
import type { ScannedFile } from '../types.ts';
import { BESIDE_IMAGES, IMAGE_EXTENSIONS } from './image-extensions.ts';
import { CHECKSUMS_FILE, MOSAIC_FILE } from '../format/site-paths.ts';

export interface ScanOptions {
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

const STATS_AT_ONCE = 32;
/** Files that identify a site of ours, and a folder of reports. Images in them are not used for mosaics. */
const OURS = [
  [MOSAIC_FILE, CHECKSUMS_FILE],
  ['record.json', 'target.jpg'],
];

/**
 * Finds the images that `inputs` name: files, folders (with everything in them) and globs. In folders and globs, skips
 * hidden files, sites and reports of ours, and every file without an image's extension.
 *
 * @returns every file once, ordered by absolute path, so that ids depend on neither order nor machine.
 * @throws {UserError} `no-images` if an input names nothing, or no file looks like an image.
 */
export async function scan(inputs: readonly string[], options: ScanOptions): Promise<ScannedFile[]> {
  const paths = new Set<string>();
  for (const input of inputs) {
    options.signal.throwIfAborted();
    for (const path of await find(input)) paths.add(path);
  }
  const wanted = [...paths].toSorted();
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

/** Returns the absolute paths that one input names. */
async function find(input: string): Promise<string[]> {
  const whole = resolve(input);
  const kind = await kindOf(whole);
  // A file named outright is taken whatever its extension. Except films: shells expand `photos/*` to them, too.
  if (kind === 'file') return BESIDE_IMAGES.has(extension(whole)) ? [] : [whole];
  const options = { absolute: true, dot: false, onlyFiles: true, expandDirectories: false } as const;
  const found =
    kind === 'folder'
      ? await glob('**/*', { ...options, cwd: whole })
      : await glob(input.replaceAll('\\', '/'), { ...options, cwd: process.cwd() }).catch((error: unknown) => {
          throw new UserError('no-images', `Cannot read a glob: ${messageOf(error)}`, 'Name shorter globs.', {
            cause: error,
          });
        });
  if (kind === 'nothing' && found.length === 0) {
    throw new UserError(
      'no-images',
      `${input} is no file or folder and matches nothing`,
      'Check the path or the glob.',
    );
  }
  const sites = new Map<string, boolean>();
  const images = found.filter((path) => IMAGE_EXTENSIONS.has(extension(path))).map((path) => resolve(path));
  return images.filter((path) => !inSite(dirname(path), sites));
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'nothing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const code = systemCode(error);
    // Globs may be longer than file names can be.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return 'nothing';
    throw new UserError('no-images', `Cannot look at ${path} (${code ?? messageOf(error)})`, 'Check the path.', {
      cause: error,
    });
  }
}

function extension(path: string): string {
  return extname(path).slice(1).toLowerCase();
}

/** Tells whether a folder is a site or a report of ours, or lies in one. */
function inSite(folder: string, known: Map<string, boolean>): boolean {
  const before = known.get(folder);
  if (before !== undefined) return before;
  const above = dirname(folder);
  const ours = OURS.some((files) => files.every((name) => existsSync(join(folder, name))));
  const within = ours || (above !== folder && inSite(above, known));
  known.set(folder, within);
  return within;
}

async function describe(path: string): Promise<ScannedFile> {
  const unsupported = IMAGE_EXTENSIONS.get(extension(path));
  try {
    const { size, mtimeMs, ctimeMs } = await stat(path);
    return { path, size, mtimeMs, ctimeMs, ...(unsupported ? { unsupported } : {}) };
  } catch (error) {
    return { path, size: 0, mtimeMs: 0, ctimeMs: 0, unsupported: reasonOf(error) };
  }
}
