import type { CatalogProgress } from '../upkeep/catalog-folder.ts';
import type { CatalogCommand } from './catalog-options.ts';
import { checkSummary, pruneSummary, statSummary } from './catalog-summary.ts';
import { DONE, FAILED, INTERRUPTED } from './ending.ts';
import { isInterruption } from './interruption.ts';
import { ProgressView } from './progress-view.ts';

/** Part of the process that these commands use. */
interface Printing {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** What a command has found: its result, its text, and whether all is well. */
interface Outcome {
  readonly result: object;
  readonly text: string;
  readonly isWell: boolean;
}

/** Runs a command on a catalog: exit code 1 if it is not sound, or if not all could be pruned. */
export async function runCatalog(command: CatalogCommand, process: Printing, signal: AbortSignal): Promise<number> {
  const { quiet, json } = command;
  const view = new ProgressView(process.stderr, quiet);
  let isPruning = false;
  const onProgress = (progress: CatalogProgress) => {
    isPruning ||= progress.stage === 'prune';
    view.show(progress);
  };
  try {
    const { result, text, isWell } = await act(command, { signal, onProgress });
    view.end();
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else if (!quiet || (command.action === 'check' && !isWell)) process.stdout.write(text);
    return isWell ? DONE : FAILED;
  } catch (error) {
    if (!isPruning || !signal.aborted || !isInterruption(error, signal)) throw error;
    view.end();
    process.stderr.write('Interrupted: the catalog is sound; run the same command again to remove the rest.\n');
    return INTERRUPTED;
  } finally {
    view.end();
  }
}

async function act(
  { action, options }: CatalogCommand,
  given: { readonly signal: AbortSignal; readonly onProgress: (progress: CatalogProgress) => void },
): Promise<Outcome> {
  switch (action) {
    case 'stat': {
      const { statCatalog } = await import('../upkeep/stat-catalog.ts');
      const result = await statCatalog({ ...options, ...given });
      return { result, text: statSummary(result), isWell: true };
    }
    case 'check': {
      const { checkCatalog } = await import('../upkeep/check-catalog.ts');
      const result = await checkCatalog({ ...options, ...given });
      return { result, text: checkSummary(result), isWell: result.problems.length === 0 };
    }
    case 'prune': {
      const { pruneCatalog } = await import('../upkeep/prune-catalog.ts');
      const result = await pruneCatalog({ ...options, ...given });
      return { result, text: pruneSummary(result), isWell: result.missing.length + result.unasked.length === 0 };
    }
  }
}
