import type { Decoders } from '../decoding/decoders.ts';
import { UserError } from '../errors.ts';
import { isOfContent, type Reason, reasonOf } from '../image/reasons.ts';
import type { ScannedFile } from '../types.ts';
import type { ReadFile } from './batch.ts';
import type { Indexed, IndexTask } from './index-task.ts';
import type { KnownImages } from './known-images.ts';
import type { Proxies } from './proxies.ts';

/** A file of which nothing is known after this run, and the reason. */
export interface FailedFile {
  readonly file: ScannedFile;
  readonly failed: Reason;
}

/** Result of a file that was not known, or not all of its variants were. */
export type Outcome = ReadFile | FailedFile;

/** Context of examining files. */
export interface Examining extends Pick<IndexTask, 'recipe' | 'background' | 'lenient'> {
  readonly known: KnownImages;
  readonly proxies: Proxies;
  /** Paths of files that are read, even if they seem unchanged. */
  readonly suspects?: ReadonlySet<string> | undefined;
  readonly variantsOf: (path: string) => readonly number[];
  readonly decoders: Pick<Decoders, 'run'>;
}

/**
 * Indexes a file's variants that are missing: from the proxy of its image if that suffices, otherwise from the file itself.
 *
 * @throws {UserError} errors of the decoders.
 */
export async function examine(file: ScannedFile, examining: Examining): Promise<Outcome> {
  if (file.unsupported) return { file, failed: file.unsupported };
  if (file.size === 0) return { file, failed: 'empty' };
  return (await examineProxy(file, examining)) ?? (await examineFile(file, examining));
}

/** Indexes an unchanged file without reading it; undefined if no proxy suffices. */
async function examineProxy(
  file: ScannedFile,
  { known, proxies, suspects, recipe, background, variantsOf, decoders }: Examining,
): Promise<ReadFile | undefined> {
  const hash = suspects?.has(file.path) ? undefined : (known.hashOf(file) ?? proxies.hashOf(file));
  if (hash === undefined) return undefined;
  const variants = known.missing(hash, variantsOf(file.path));
  if (variants.length === 0) return { file, hash };
  const crop = known.sourceOf(hash)?.record.crop;
  const found = await proxies.find(hash, { recipe, variants, crop });
  if (!found) return undefined;
  if (!known.claim(hash, variants)) return { file, hash };
  const { bytes, facts } = found;
  const task: IndexTask = { recipe, background, variants, lenient: false, from: { ...facts, crop } };
  try {
    const { result } = await decoders.run<Indexed>({ path: file.path, size: bytes.length, bytes, task });
    return { file, hash, images: result!.images };
  } catch (error) {
    if (error instanceof UserError) throw error;
    // The file decides.
    known.release(hash);
    return undefined;
  }
}

async function examineFile(file: ScannedFile, examining: Examining): Promise<Outcome> {
  const { known, decoders, recipe, background, lenient, variantsOf } = examining;
  const { path, size } = file;
  let claimed: string | undefined;
  const wanted = (hash: string) => {
    if (!known.claim(hash, variantsOf(path))) return false;
    claimed = hash;
    return true;
  };
  const task: IndexTask = { recipe, background, variants: known.missingAt(path, variantsOf(path)), lenient: false };
  try {
    const { hash, result } = await decoders.run<Indexed>({ path, size, task, wanted });
    return { file, hash: hash!, ...result };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = reasonOf(error);
    if (claimed === undefined) return { file, failed: reason };
    if (!isOfContent(reason)) return undecided(known, claimed, { file, failed: reason });
    const broken = { file, hash: claimed, broken: reason };
    return lenient ? await examinePart(broken, examining) : broken;
  }
}

/** Indexes the part of a damaged file that decodes. If no part does, the first reason remains. */
async function examinePart(
  found: Required<Omit<ReadFile, 'images' | 'proxy'>>,
  { known, decoders, recipe, background, variantsOf }: Examining,
): Promise<Outcome> {
  const { file, hash, broken: partial } = found;
  const task: IndexTask = { recipe, background, variants: variantsOf(file.path), lenient: true };
  const wanted = (now: string) => now === hash;
  try {
    const { result } = await decoders.run<Indexed>({ path: file.path, size: file.size, task, wanted });
    const images = result?.images.map((image) => ({ ...image, partial }));
    return images ? { file, hash, images } : undecided(known, hash, { file, failed: 'EBUSY' });
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = reasonOf(error);
    return isOfContent(reason) ? found : undecided(known, hash, { file, failed: reason });
  }
}

/** Notes that the image stays unknown in this run. */
function undecided(known: KnownImages, hash: string, failure: FailedFile): Outcome {
  known.undecided.set(hash, failure.failed);
  return failure;
}
