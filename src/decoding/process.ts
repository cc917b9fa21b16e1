/**
 * The process that decodes. It runs apart from the build, so that an image that crashes a decoder, hangs it, or takes
 * all memory costs the build no more than that image. The main thread reads files and keeps watch; worker threads
 * decode.
 */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ImageInput } from '../image/open-image.ts';
import { shareFormats } from '../image/formats-settled.ts';
import { ownPeakMemory } from '../threads/peak-memory.ts';
import { endAll } from './end-all.ts';
import { memoryLimit, MemoryShare, READ_AHEAD, SHARED, watchMemory } from './memory.ts';
import { Patience } from './patience.ts';
import { type BeginOrder, type Order, type ReadOrder, type Report, sentError } from './protocol.ts';
import { readInput, WHOLE_BYTES } from './read-input.ts';
import { DecoderThreads } from './threads.ts';

// This thread loads no decoder, so that the others start sooner.
shareFormats();
const pool = new DecoderThreads(new URL(process.argv[2]!));
const share = new MemoryShare(SHARED);
const readAhead = new MemoryShare(READ_AHEAD);
const patience = new Patience(() => giveUp('hang'));
let limit = Infinity;
/** Callbacks that receive the decision on files that were read, by id. */
const decisions = new Map<number, (wanted: boolean) => void>();

const report = (message: Report) => process.send!(message);

process.on('message', (order: Order) => {
  if (order.kind === 'begin') begin(order);
  else if (order.kind === 'read') void work(order);
  else if (order.kind === 'peak') report({ kind: 'peak', peak: ownPeakMemory() });
  else decisions.get(order.id)?.(order.kind === 'decode');
});
// The building process is gone. An orderly exit would wait for ever for threads that hang.
process.on('disconnect', () => endAll(process.pid));
watchMemory(
  () => limit,
  share,
  () => giveUp('overweight'),
);
report({ kind: 'ready' });

function begin({ threads, memory, patience: base }: BeginOrder): void {
  pool.most = threads;
  limit = memoryLimit(threads, memory);
  patience.base = base;
}

function giveUp(kind: 'hang' | 'overweight'): void {
  report({ kind, peak: ownPeakMemory() });
  endAll(process.pid);
}

async function work(order: ReadOrder): Promise<void> {
  const { id, hash } = order;
  try {
    const result = hash ? await decodeWanted(order) : await decode(order, order.bytes ?? order.path);
    report({ kind: 'done', id, result });
  } catch (error) {
    report({ kind: 'failed', id, error: sentError(error) });
  } finally {
    patience.rest(id);
  }
}

/** Reports the hash of a file, and decodes the file if that is wanted. */
async function decodeWanted(order: ReadOrder): Promise<unknown> {
  const { id, path, size } = order;
  const release = await readAhead.take(size <= WHOLE_BYTES ? size : 0);
  try {
    patience.begin(id, size / 2 ** 20);
    const { hash, input, before } = await readInput(path, size);
    if (before) release();
    patience.rest(id);
    if (!(await isWanted(id, hash))) return undefined;
    return before ? await decodeUnchanged(order, path, before) : await decode(order, input, release);
  } finally {
    release();
  }
}

/**
 * Decodes a file by its path after it was hashed.
 *
 * @throws an error of code `EBUSY` if the file has changed since, whatever came of decoding it.
 */
async function decodeUnchanged(order: ReadOrder, path: string, before: Stats): Promise<unknown> {
  const [decoded] = await Promise.allSettled([decode(order, path)]);
  const after = await stat(path);
  const same = before.size === after.size && before.mtimeMs === after.mtimeMs && before.ino === after.ino;
  if (!same) throw Object.assign(new Error('the file changed while it was read'), { code: 'EBUSY' });
  if (decoded.status === 'rejected') throw decoded.reason;
  return decoded.value;
}

async function isWanted(id: number, hash: string): Promise<boolean> {
  const decision = new Promise<boolean>((resolve) => decisions.set(id, resolve));
  report({ kind: 'hash', id, hash });
  const wanted = await decision;
  decisions.delete(id);
  return wanted;
}

/**
 * Decodes a file on a thread, within the limits of time and memory.
 *
 * @param started called once a thread has taken the file.
 */
async function decode({ id, task }: ReadOrder, input: ImageInput, started = () => {}): Promise<unknown> {
  let release = () => {};
  const begun = () => {
    started();
    patience.begin(id, 0);
  };
  const admit = async (need: number, px: number) => {
    release();
    patience.rest(id);
    release = await share.take(need);
    patience.begin(id, px / 1e6);
  };
  try {
    return await pool.run({ input, task, begun, admit });
  } finally {
    release();
  }
}
