import { readFileSync } from 'node:fs';
import type { Host } from '../fit/hosts.ts';
import type { Progress } from '../types.ts';
import { type Command, readArguments } from './arguments.ts';
import { DONE, FAILED, INTERRUPTED, report } from './ending.ts';
import { interruptionText, isInterruption } from './interruption.ts';
import { ProgressView } from './progress-view.ts';

/** Part of `process` that the command line uses; tests replace it. */
export interface CliProcess {
  readonly argv: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  exitCode?: number | string | null | undefined;
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Runs the command line and sets the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export async function run(process: CliProcess): Promise<void> {
  const interrupt = new AbortController();
  // The system handles the second Ctrl-C: it ends the process at once.
  const stop = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    interrupt.abort(new Error('interrupted'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const command = await readArguments(process.argv.slice(2), version());
    process.exitCode = await execute(command, process, interrupt.signal);
  } catch (error) {
    process.exitCode = report(error, process, interrupt.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

async function execute(command: Command, process: CliProcess, signal: AbortSignal): Promise<number> {
  switch (command.name) {
    case 'text':
      process.stdout.write(`${command.text}\n`);
      return DONE;
    case 'build':
      return await runBuild(command, process, signal);
    case 'preview':
      return await runPreview(command, process, signal);
    case 'poster':
      return await runPoster(command, process, signal);
    case 'verify':
      return await runVerify(command, process, signal);
    case 'remove':
      return await runRemove(command, process, signal);
    case 'fit':
      return await runFit(command, process, signal);
    case 'rebase':
      return await runRebase(command, process);
    case 'catalog':
      return await (await import('./run-catalog.ts')).runCatalog(command, process, signal);
    case 'serve':
      return await runServe(command, process, signal);
  }
}

async function runBuild(
  { options, quiet, json }: Extract<Command, { name: 'build' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const [{ build }, { buildSummary }] = await Promise.all([import('../conductor/build.ts'), import('./summary.ts')]);
  return await runIndexing(process, signal, {
    act: (onProgress) => build({ ...options, signal, onProgress }),
    text: (result) => (json ? jsonOf(result) : quiet ? '' : buildSummary(result, options.useAll)),
    quiet,
    unchanged: 'The site is unchanged.',
  });
}

async function runPreview(
  { options, quiet, json }: Extract<Command, { name: 'preview' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const [{ preview }, { previewSummary }] = await Promise.all([
    import('../conductor/preview.ts'),
    import('./preview-summary.ts'),
  ]);
  return await runIndexing(process, signal, {
    act: (onProgress) => preview({ ...options, signal, onProgress }),
    text: (result) => (json ? jsonOf(result) : quiet ? '' : previewSummary(result)),
    quiet,
    unchanged: 'No picture was written.',
  });
}

/** Runs a command that indexes images first, with its progress; an interruption tells what the catalog has kept. */
async function runIndexing<Result>(
  process: CliProcess,
  signal: AbortSignal,
  command: {
    readonly act: (onProgress: (progress: Progress) => void) => Promise<Result>;
    readonly text: (result: Result) => string;
    readonly quiet: boolean;
    readonly unchanged: string;
  },
): Promise<number> {
  let indexed: Progress | undefined;
  const act = (show: (progress: Progress) => void) =>
    command.act((progress) => {
      // Indexing turned images later may report a smaller total.
      if (progress.stage === 'catalog' && progress.total >= (indexed?.total ?? 0)) indexed = progress;
      show(progress);
    });
  try {
    return await runShown(process, { ...command, act });
  } catch (error) {
    if (!signal.aborted || !isInterruption(error, signal)) throw error;
    process.stderr.write(`${interruptionText(indexed, command.unchanged)}\n`);
    return INTERRUPTED;
  }
}

/** Runs a command with its progress, and prints its result. */
async function runShown<Result>(
  process: CliProcess,
  {
    quiet,
    act,
    text,
  }: {
    readonly quiet: boolean;
    readonly act: (show: ProgressView['show']) => Promise<Result>;
    readonly text: (result: Result) => string;
  },
): Promise<number> {
  const view = new ProgressView(process.stderr, quiet);
  try {
    const result = await act((progress) => view.show(progress));
    view.end();
    process.stdout.write(text(result));
    return DONE;
  } finally {
    view.end();
  }
}

async function runPoster(
  { options, quiet, json }: Extract<Command, { name: 'poster' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const [{ poster }, { posterSummary }] = await Promise.all([
    import('../poster/poster.ts'),
    import('./poster-summary.ts'),
  ]);
  return await runShown(process, {
    act: (onProgress) => poster({ ...options, signal, onProgress }),
    text: (result) => (json ? jsonOf(result) : quiet ? '' : posterSummary(result)),
    quiet,
  });
}

async function runVerify(
  { options, repair: mend, quiet, json }: Extract<Command, { name: 'verify' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const { verifySummary } = await import('./summary.ts');
  const act = mend ? (await import('../mend/repair.ts')).repair : (await import('../verify/verify.ts')).verify;
  const view = new ProgressView(process.stderr, quiet);
  try {
    const onProgress = (progress: { done: number; total: number }) =>
      view.show({ stage: 'verify', unit: 'tiles', ...progress });
    const result = await act({ ...options, signal, onProgress });
    view.end();
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else if (!quiet || result.problems.length) process.stdout.write(verifySummary(result));
    return result.problems.length ? FAILED : DONE;
  } finally {
    view.end();
  }
}

async function runRemove(
  { options, quiet, json }: Extract<Command, { name: 'remove' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const [{ remove }, { removeSummary }] = await Promise.all([import('../remove/remove.ts'), import('./summary.ts')]);
  return await runShown(process, {
    act: (show) =>
      remove({ ...options, signal, onProgress: (done) => show({ stage: 'remove', unit: 'tiles', ...done }) }),
    text: (result) => (json ? jsonOf(result) : quiet ? '' : removeSummary(result)),
    quiet,
  });
}

async function runFit(
  { site, json }: Extract<Command, { name: 'fit' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const [{ fit }, { fitSummary }] = await Promise.all([import('../fit/fit.ts'), import('./fit-summary.ts')]);
  const result = await fit({ site, signal });
  process.stdout.write(json ? jsonOf(result) : fitSummary(result));
  return DONE;
}

/** Formats a result as one line of JSON, with the ids of hosts only. */
function jsonOf(result: unknown): string {
  const brief = (key: string, value: unknown) => (key === 'host' ? (value as Host).id : value);
  return `${JSON.stringify(result, brief)}\n`;
}

async function runRebase(
  { options, json }: Extract<Command, { name: 'rebase' }>,
  process: CliProcess,
): Promise<number> {
  const [{ rebase }, { rebaseSummary }] = await Promise.all([import('../rebase/rebase.ts'), import('./summary.ts')]);
  const result = await rebase(options);
  process.stdout.write(`${json ? JSON.stringify(result) : rebaseSummary(options.site, result)}\n`);
  return DONE;
}

async function runServe(
  { site, port, host, cors }: Extract<Command, { name: 'serve' }>,
  process: CliProcess,
  signal: AbortSignal,
): Promise<number> {
  const { serve } = await import('../serve/serve.ts');
  const serving = await serve({ site, port, host, cors });
  process.stdout.write(`Serving ${site} at ${serving.url} (stop with Ctrl-C)\n`);
  await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  await serving.close();
  return DONE;
}

function version(): string {
  const json = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(json) as { version: string }).version;
}
