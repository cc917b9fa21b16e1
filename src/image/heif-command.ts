import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sharp } from './sharp.ts';
import type { HeicPixels } from './heic-pixels.ts';
import { isOfPixels } from './libheif.ts';

/** libheif's command line tool, if it is installed. */
export interface HeifCommand {
  readonly name: 'heif-dec' | 'heif-convert';
  /** Decodes better than libheif-js, whose libde265 1.0.15 fails on some grids of tiles. */
  readonly newer: boolean;
  readonly options: readonly string[];
}

const run = promisify(execFile);
const NAMES = ['heif-dec', 'heif-convert'] as const;
/** First version of libde265 that decodes grids correctly. */
const SOUND_LIBDE265 = [1, 0, 16];
/** First version of libheif that can write uncompressed PNG. */
const UNCOMPRESSED_PNG = [1, 19, 0];
/** Timeouts of asking for the version, and of decoding an image, ms. */
const [ASKED_MS, DECODING_MS] = [5000, 60_000];
/** Prefix of temporary folders; and the age, ms, at which such a folder must have been left by a killed process. */
const [FOLDER, LEFT_MS] = ['zoomosaic-heic-', 3_600_000];

/** The command itself failed, which tells nothing about the file. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';

  constructor(options?: ErrorOptions) {
    super('the HEIC decoder failed', options);
  }
}

let tidied: Promise<void> | undefined;
let known: Promise<HeifCommand | undefined> | undefined;

/** Returns the command that is installed, if any; searches for it once. */
export function heifCommand(): Promise<HeifCommand | undefined> {
  known ??= findHeifCommand();
  return known;
}

/** Searches `PATH` for the command. */
export async function findHeifCommand(): Promise<HeifCommand | undefined> {
  for (const name of NAMES) {
    try {
      const { stdout } = await run(name, ['--list-decoders'], { timeout: ASKED_MS });
      const help = await run(name, ['--help'], { timeout: ASKED_MS });
      const decoder = versionIn(stdout, /libde265 HEVC decoder, version ([\d.]+)/);
      const libheif = versionIn(help.stdout + help.stderr, /libheif version: ([\d.]+)/);
      if (!/HEIC decoders:\s*\n- /.test(stdout)) continue;
      const quick = reaches(libheif, UNCOMPRESSED_PNG) ? ['--png-compression-level', '0'] : [];
      return { name, newer: decoder === undefined || reaches(decoder, SOUND_LIBDE265), options: ['--quiet', ...quick] };
    } catch {
      continue; // not installed, or unusable
    }
  }
  return undefined;
}

/** Options of decoding by a command. */
export interface CommandOptions {
  /** Index of the image in the file, from 0. */
  readonly page: number;
  /** Accepts an image that the command warns of. */
  readonly lenient?: boolean;
  /** Time after which the command is killed, ms. */
  readonly timeout?: number;
}

/**
 * Decodes an image of a HEIF file with libheif's command: turned, mirrored and cropped as the file asks.
 *
 * @throws {CommandFailed} if the command itself fails; otherwise its error about the file.
 */
export async function decodeByCommand(
  { name, options }: HeifCommand,
  file: Uint8Array,
  { page, lenient = false, timeout = DECODING_MS }: CommandOptions,
): Promise<HeicPixels> {
  const folder = await mkdtemp(join(tmpdir(), FOLDER));
  try {
    const [from, to] = [join(folder, 'in.heic'), join(folder, 'out.png')];
    await writeFile(from, file);
    const limits = { timeout, killSignal: 'SIGKILL', maxBuffer: 2 ** 20 } as const;
    const { stderr } = await run(name, [...options, from, to], limits);
    const warning = [...stderr.matchAll(/^Warning: (.*)/gm)].map(([, text]) => text!).find(isOfPixels);
    if (warning !== undefined && !lenient) throw new Error(warning);
    // If there are several images, their names are numbered.
    const names = await readdir(folder);
    const png = await readFile(names.includes('out.png') ? to : join(folder, `out-${page + 1}.png`));
    return await pixelsOf(png);
  } catch (error) {
    throw errorOf(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await (tidied ??= tidy());
  }
}

async function pixelsOf(png: Buffer): Promise<HeicPixels> {
  const image = sharp(png, { failOn: 'error', ignoreIcc: true });
  const { depth, channels: all } = await image.metadata();
  const wide = depth === 'ushort';
  const rgb = all <= 2 ? image.toColourspace(wide ? 'rgb16' : 'srgb') : image;
  const { data, info } = await rgb.raw({ depth: wide ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const channels = info.channels as 3 | 4;
  const stride = width * channels * (wide ? 2 : 1);
  return { width, height, channels, bits: wide ? 16 : 8, px: data, stride, premultiplied: false };
}

/** Removes folders that killed processes left. */
async function tidy(): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((other) => other.startsWith(FOLDER))) {
    const path = join(tmpdir(), name);
    const then = await stat(path).catch(() => undefined);
    if (then && Date.now() - then.mtimeMs > LEFT_MS) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Returns the command's error about the file, or {@link CommandFailed} if the command itself failed. */
function errorOf(error: unknown): Error {
  const { killed, stderr, message } = error as { killed?: boolean; stderr?: string; message: string };
  const said = (killed ? '' : stderr || message).trim().split('\n').at(-1) ?? '';
  return /invalid input|unsupported feature|decoder plugin|security limit/i.test(said)
    ? new Error(`heif: ${said}`, { cause: error })
    : new CommandFailed({ cause: error });
}

function versionIn(text: string, pattern: RegExp): number[] | undefined {
  return pattern.exec(text)?.[1]?.split('.').map(Number);
}

function reaches(version: readonly number[] | undefined, least: readonly number[]): boolean {
  if (!version) return false;
  const differing = least.findIndex((part, i) => (version[i] ?? 0) !== part);
  return differing < 0 || (version[differing] ?? 0) > least[differing]!;
}
