#!/usr/bin/env node
// CommonJS, so that this runs before anything has used the thread pool: its size cannot change afterwards.
const { availableParallelism } = process.getBuiltinModule('node:os');
process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(4, availableParallelism() + 2));
void import('./run.js').then(({ run }) => run(process));
