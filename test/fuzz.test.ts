import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { TARGETS } from './fuzz/targets.ts';

const RUN = fileURLToPath(new URL('fuzz/run.ts', import.meta.url));

/** A process of its own: what hangs is ended, and told. */
test('nothing that others wrote crashes or hangs a reader: 5,000 cases', { timeout: 300_000 }, async () => {
  const args = ['--import', 'tsx', RUN, '--cases', '5000', '--seed', '13'];
  const { stdout } = await promisify(execFile)(process.execPath, args).catch(
    (error: Error & { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    },
  );
  expect(stdout.match(/: \d+ cases, sound/g)).toHaveLength(TARGETS.length);
  expect(stdout).toMatch(new RegExp(`^\\d+ cases, 0 of ${TARGETS.length} targets failed$`, 'm'));
});
