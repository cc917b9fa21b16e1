import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const CALLS = ['renameSync', 'unlinkSync', 'rmdirSync', 'mkdirSync', 'rmSync', 'writeFileSync'] as const;
const real = Object.fromEntries(CALLS.map((name) => [name, fs[name]]));

/** Lets so many calls that change something on disk pass; then none, as if the process had been killed. */
export function dieAfter(calls: number): void {
  let left = calls;
  for (const name of CALLS) {
    (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
      if (left-- <= 0) throw new Error('dead');
      return (real[name] as (...all: unknown[]) => unknown)(...args);
    };
  }
  syncBuiltinESMExports();
}

/** Lets all calls pass again. */
export function revive(): void {
  Object.assign(fs, real);
  syncBuiltinESMExports();
}

/**
 * Removes working folders of this process, which lives, from the folder of a site: what it left when it "died". A lock that it had
 * not written its name into yet is dated long ago, so that nobody waits for that.
 */
export async function removeOwn(place: string): Promise<void> {
  for (const name of await fs.promises.readdir(place)) {
    if (name === '.zoomosaic-lock') await fs.promises.utimes(join(place, name), 0, 0);
    if (!name.startsWith('.zoomosaic-') || name === '.zoomosaic-lock') continue;
    const owner = await fs.promises.readFile(join(place, name, 'owner.json'), 'utf8').catch(() => 'being made');
    if (owner === 'being made' || owner.includes(`"pid":${process.pid},`)) {
      await fs.promises.rm(join(place, name), { recursive: true });
    }
  }
}
