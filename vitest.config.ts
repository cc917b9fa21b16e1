import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { SHARED_DATA } from './test/bench/shared-data.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: existsSync(SHARED_DATA) ? [] : ['test/photographs*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
