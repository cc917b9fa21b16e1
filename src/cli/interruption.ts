import { countText, plural } from '../messages.ts';
import type { Progress } from '../types.ts';

/** Number of new images that the catalog writes together; an interruption loses those of the last, unfinished batch. */
const UNWRITTEN_MAX = 500;

/**
 * Formats the message on an interruption.
 *
 * @param indexed progress of indexing, for commands that index; `unchanged` then tells what is as it was.
 */
export function interruptionText(indexed?: Pick<Progress, 'done' | 'total'>, unchanged = ''): string {
  if (!indexed || indexed.done === 0) return 'Interrupted; nothing was changed.';
  const { done, total } = indexed;
  const advice = `run the same command again to go on. ${unchanged}`;
  if (done === total) return `Interrupted: ${plural(done, 'image is', 'images are')} kept in the catalog; ${advice}`;
  if (done <= UNWRITTEN_MAX) return `Interrupted after ${countText(done)} of ${plural(total, 'image')}. ${unchanged}`;
  return `Interrupted: the ${countText(done)} images read so far are kept in the catalog, except the last few hundred at most; ${advice}`;
}

/** Tells whether an error is the one of an interruption. */
export function isInterruption(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}
