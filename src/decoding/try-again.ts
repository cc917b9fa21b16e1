import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { isPassing, shortageOf } from '../image/failures.ts';

/**
 * Number of attempts at what fails for a passing reason; and the base of the pauses between them, ms. The pause is
 * twice the base after the first failure, and doubles after each further one.
 */
export const TRIES = 6;
export const PAUSE_MS = 50;

/**
 * Runs `act`, and repeats it after a pause if its failure may pass.
 *
 * @throws {UserError} `resources` if a shortage does not end; otherwise the error of `act`.
 */
export async function tryAgain<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let failures = 1; ; failures++) {
    try {
      return await act();
    } catch (error) {
      if (!isPassing(error)) throw error;
      const shortage = shortageOf(error);
      if (failures >= TRIES) throw shortage ? shortOf(shortage, error as Error) : error;
    }
    await setTimeout(PAUSE_MS * 2 ** failures);
  }
}

/**
 * Translates a lasting shortage into a `resources` error for users. A shortage of memory concerns one image alone, so
 * its cause is returned as it is.
 */
export function shortOf(code: string, cause: Error): Error {
  if (code === 'ENOMEM') return cause;
  const files = code !== 'EAGAIN';
  return new UserError(
    'resources',
    files
      ? `The system lets too few files be open at once (${code})`
      : `The decoders cannot be started: ${cause.message}`,
    files
      ? 'Raise that limit (ulimit -n), or choose a lower --concurrency.'
      : 'See whether the system lets you start more processes and threads, or choose a lower --concurrency.',
    { cause },
  );
}
