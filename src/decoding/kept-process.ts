/**
 * An idle process of decoders, kept for a while: to start one takes half a second, and programs that build one mosaic after the
 * other need the next at once. There is one at most, and none before the second: a command that builds once has better use for
 * its memory. It holds nothing back: this process may end without it, and it ends then.
 */
import { type DecoderEvents, type DecoderProcess, type DecoderProgram, keyOf } from './decoder-process.ts';

/** How long one is kept, ms. */
const KEPT_MS = 3_000;
/** Images after which one is not kept any more: decoders may leak. */
const IMAGES_MAX = 2_000;

interface Kept {
  readonly process: DecoderProcess;
  readonly images: number;
  readonly timer: NodeJS.Timeout;
}

let kept: Kept | undefined;
/** Whether this program has needed decoders before. */
let again = false;

/** A process that runs, and the number of images that it was given before. */
export interface Woken {
  readonly process: DecoderProcess;
  readonly images: number;
}

/** Takes the process that is kept, if it runs such a program. */
export function wake(program: DecoderProgram, events: DecoderEvents): Woken | undefined {
  if (!kept || kept.process.key !== keyOf(program)) return undefined;
  const { process, images, timer } = kept;
  kept = undefined;
  clearTimeout(timer);
  return process.wake(program, events) ? { process, images } : undefined;
}

/** Keeps an idle process, or ends it where it has done enough. */
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
