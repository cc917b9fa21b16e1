import { setTimeout } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { isPassing, shortageOf } from './failures.ts';

/** How often something is tried that fails for reasons that may pass, and the first pause before, ms; each further is twice as long. */
export const TRIES = 6;
export const PAUSE_MS = 50;

/**
 * Does something, and tries again what may pass.
 *
 * @throws {UserError} `resources` if there is too little of something all the time; otherwise what `act` throws.
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

/** What it means to people that there is too little of something; of memory, to one image alone. */
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
