import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Set once there is such a folder. */
const OURS = 'ZOOMOSAIC_TEST_FOLDER';

/** Folders of tests (temporary-folder.ts), and what Node and tsx keep of what they compiled. */
const OURS_OR_CACHES = /^(?:zoomosaic-test-|node-compile-cache$|tsx-)/;

/**
 * Gives all tests a temporary folder of their own, which goes when they have ended: files of tests share modules, so that a hook at
 * the top of one runs for the first file alone.
 */
export function setup(): () => void {
  // It is called for every project.
  if (process.env[OURS]) return () => {};
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'zoomosaic-tests-'));
  process.env['TMPDIR'] = process.env[OURS] = folder;
  return () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    const strays = readdirSync(folder).filter((name) => !OURS_OR_CACHES.test(name));
    rmSync(folder, { recursive: true, force: true });
    if (strays.length > 0) throw new Error(`left in the temporary folder: ${strays.join(', ')}`);
  };
}
