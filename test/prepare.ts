/** Before the tests: installs what they need where it can, and says what will be skipped where it cannot. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findHeifCommand } from '../src/image/heif-command.ts';
import { SHARED_DATA } from './bench/shared-data.ts';
import { BROWSER_REMEDY, findBrowser } from './helpers/browser.ts';

const root = process.getuid?.() === 0;
const apt = spawnSync('apt-get', ['--version']).status === 0;
const inCi = Boolean(process.env['CI']);

/** Installs a package of Debian's, if that can be done here. */
function install(name: string, what: string): void {
  if (!root || !apt) return;
  console.error(`Installing ${what} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const done = (...args: string[]) =>
    spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  if (!done('update') || !done('install', '-y', '--no-install-recommends', name)) {
    console.error('apt-get could not install it.');
  }
}

for (const name of ['chromium-headless-shell', 'chromium']) {
  if (!findBrowser()) install(name, 'Chromium for the viewer’s tests');
}
if (!findBrowser()) {
  console.error(
    `No Chromium found: the viewer's tests (test/viewer*.test.ts) are skipped. To mend that:\n  ${BROWSER_REMEDY}`,
  );
  if (inCi) process.exitCode = 1;
}

// A second decoder, which phones' photographs are compared with where there are some.
if (inCi && existsSync(SHARED_DATA) && !(await findHeifCommand())) {
  install('libheif-examples', 'the command of libheif');
  if (!(await findHeifCommand())) process.exitCode = 1;
}
