import { messageOf, UserError } from '../errors.ts';
import { SEE_BUILD_HELP } from '../messages.ts';
import { helpOf } from './arguments.ts';
import { interruptionText, isInterruption } from './interruption.ts';

/** Exit codes. */
export const DONE = 0;
export const FAILED = 1;
const WRONG_USAGE = 2;
export const INTERRUPTED = 130;

/** Part of the process that is needed to end it. */
interface Ending {
  readonly argv: readonly string[];
  readonly stderr: { write(text: string): unknown };
}

/** Tells the user why a command ended, and returns its exit code. */
export function report(error: unknown, process: Ending, signal: AbortSignal): number {
  // Other errors are reported even after an interruption.
  if (signal.aborted && isInterruption(error, signal)) {
    process.stderr.write(`${interruptionText()}\n`);
    return INTERRUPTED;
  }
  if (error instanceof UserError) {
    const remedy = error.remedy === SEE_BUILD_HELP ? helpOf(process.argv[2]) : error.remedy;
    process.stderr.write(`zoomosaic: ${error.message}\n${remedy}\n`);
    if (signal.aborted) return INTERRUPTED;
    return error.code === 'usage' ? WRONG_USAGE : FAILED;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`zoomosaic: unexpected error, please report it\n${stack}\n`);
  return FAILED;
}
