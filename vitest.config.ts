import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { SHARED_DATA } from './test/bench/shared-data.ts';

/** Tests that put something in the place of a module, which others must not see. */
const MOCKING = ['test/store/disk.test.ts'];

export default defineConfig({
  test: {
    // Most of them wait for processes and browsers of their own, which two do not fill two cores with.
    maxWorkers: 3,
    // Pictures and sites come and go: what is collected seldom is collected at less cost.
    execArgv: ['--max-semi-space-size=32'],
    globalSetup: 'test/global-setup.ts',
    projects: [
      {
        extends: true,
        test: {
          name: 'shared modules',
          include: ['test/**/*.test.ts'],
          exclude: [...MOCKING, ...(existsSync(SHARED_DATA) ? [] : ['test/**/photographs*.test.ts'])],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'own modules', include: MOCKING } },
    ],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
