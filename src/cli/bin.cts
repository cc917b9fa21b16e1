#!/usr/bin/env node
// CommonJS, to run before the first use of the thread pool: its size cannot change afterwards.
const { availableParallelism } = process.getBuiltinModule('node:os');
process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(4, availableParallelism() + 2));
// A reader that closes the pipe early, such as `head`, is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
import('./run.js').then(
  ({ run }) => run(process),
  (error: unknown) => {
    // Node's loader opens many files at once. It reports files that it cannot open as missing.
    process.stderr.write(
      `zoomosaic: cannot be loaded (${String(error).split('\n')[0]})\nRaise the limit of open files (ulimit -n) if it is low; else install zoomosaic again.\n`,
    );
    process.exitCode = 1;
  },
);
