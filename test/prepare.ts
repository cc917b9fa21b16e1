/** Before the tests: installs what they need where it can, and says what will be skipped where it cannot. */
import { spawnSync } from 'node:child_process';
import { BROWSER_REMEDY, findBrowser } from './browser.ts';

const root = process.getuid?.() === 0;
const apt = spawnSync('apt-get', ['--version']).status === 0;

if (!findBrowser() && root && apt) {
  console.error('Installing Chromium for the viewer’s tests …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = (...args: string[]) =>
    spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  if (!install('update') || !install('install', '-y', '--no-install-recommends', 'chromium')) {
    console.error('apt-get could not install it.');
  }
}
if (!findBrowser()) {
  console.error(
    `No Chromium found: the viewer's tests (test/viewer*.test.ts) are skipped. To mend that:\n  ${BROWSER_REMEDY}`,
  );
  if (process.env['CI']) process.exitCode = 1;
}
