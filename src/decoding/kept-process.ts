/**
 * Keeps an idle decoding process for a while. Starting one takes half a second, and programs that build one mosaic
 * after the other need the next at once. At most one is kept, and only from the second use on: a command that builds
 * once has better use for the memory. The kept process does not keep this process from ending, and ends with it.
 */
import { type DecoderEvents, type DecoderProcess, type DecoderProgram, keyOf } from './decoder-process.ts';

/** Time that a process is kept, ms. */
const KEPT_MS = 3_000;
/** Number of images after which a process is no longer kept: decoders may leak. */
const IMAGES_MAX = 2_000;

interface Kept {
  readonly process: DecoderProcess;
  readonly images: number;
  readonly timer: NodeJS.Timeout;
}

let kept: Kept | undefined;
/** This program has used decoders before. */
let again = false;

/** A running process, and the number of images that it was given before. */
export interface Woken {
  readonly process: DecoderProcess;
  readonly images: number;
}

/** Takes the kept process, if it runs the same program; undefined otherwise. */
export function wake(program: DecoderProgram, events: DecoderEvents): Woken | undefined {
  if (!kept || kept.process.key !== keyOf(program)) return undefined;
  const { process, images, timer } = kept;
  kept = undefined;
  clearTimeout(timer);
  return process.wake(program, events) ? { process, images } : undefined;
}

/** Keeps an idle process. Ends it if it does not answer, if it has decoded enough, or if this is the first use. */
export async function keep({ process, images }: Woken): Promise<void> {
  const isWorthIt = again && images <= IMAGES_MAX;
  again = true;
  if (!(await process.tellPeak()) || !isWorthIt) return await process.end();
  dismiss();
  process.rest();
  kept = { process, images, timer: setTimeout(dismiss, KEPT_MS).unref() };
}

function dismiss(): void {
  if (!kept) return;
  clearTimeout(kept.timer);
  kept.process.kill();
  kept = undefined;
}
