import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the tests of a file; it goes when all tests have ended: see global-setup.ts. */
export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'zoomosaic-test-'));
}
